"""A problem under test: its methods called one by one, so that what they raise is a finding about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from study.certify.check import Broken, finding
from study.problems.base import Data, Problem
from study.randomness import Source

SEEDS = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Specimen:
    """A problem under test."""

    problem: Problem

    def source(self, seed: int) -> Source:
        """Return the randomness of one seed, as the trainer makes it."""
        return Source(self.problem.name, seed)

    def data(self, source: Source) -> Data:
        """Return the data of one seed."""
        with finding("data()"):
            data: object = self.problem.data(source)
        if not isinstance(data, Data) or not all(isinstance(v, Tensor) for v in tensors(data).values()):
            raise Broken(f"data() returns {type(data).__name__}, not a Data of three tensors")
        return data

    def model(self) -> nn.Module:
        """Return the model, in the problem's type."""
        with finding("model()"):
            return self.problem.model().to(self.problem.dtype)

    def initialise(self, model: nn.Module, source: Source) -> None:
        """Set the parameters of a model to one seed's start."""
        with finding("initialise()"):
            self.problem.initialise(model, source)

    def started(self, seed: int) -> tuple[nn.Module, Data]:
        """Return the model at one seed's start, and that seed's data."""
        model, source = self.model(), self.source(seed)
        self.initialise(model, source)
        return model, self.data(source)

    def loss(self, model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of a model on some points."""
        with finding("model"):
            prediction = model(inputs)
        with finding("loss()"):
            loss: object = self.problem.loss(prediction, targets)
        if not isinstance(loss, Tensor):
            raise Broken(f"loss() returns {type(loss).__name__}, not a tensor")
        return loss

    def gradient(self, model: nn.Module, data: Data) -> Float[Tensor, " parameter"]:
        """Return the gradient of the loss on some points by all parameters."""
        loss = self.loss(model, data.inputs, data.targets)
        with finding("the gradient of the loss"):
            return row(torch.autograd.grad(loss, list(model.parameters()), materialize_grads=True))

    def floor(self, data: Data) -> float:
        """Return the floor on one seed's data."""
        with finding("floor()"):
            return float(self.problem.floor(data))

    def curve_inputs(self) -> Tensor | None:
        """Return where a curve is drawn."""
        with finding("curve_inputs()"):
            return self.problem.curve_inputs()


def row(values: Iterable[Tensor]) -> Float[Tensor, " parameter"]:
    """Return all numbers of some tensors side by side, as they are now."""
    return torch.cat([value.detach().flatten() for value in values])


def tensors(data: Data) -> dict[str, Tensor]:
    """Return the tensors of some data, by their names."""
    return {"inputs": data.inputs, "targets": data.targets, "eval_targets": data.eval_targets}


def same_bits(first: Sequence[Tensor], second: Sequence[Tensor]) -> bool:
    """Return whether tensors are equal in type, shape and every bit; a NaN equals itself."""
    pairs = zip(first, second, strict=True)
    return all(
        a.dtype == b.dtype and a.shape == b.shape and bool(torch.equal(_bits(a), _bits(b))) for a, b in pairs
    )


def _bits(values: Tensor) -> Tensor:
    return values.detach().contiguous().flatten().view(torch.uint8)
