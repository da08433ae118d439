"""A stack: many runs of one problem as one torch program, whose leading axis is `run`.

The parameters of all runs are one tensor [run, parameter], with one gradient buffer of the same shape. `vmap`
over an ordinary `nn.Module` gives every run's loss in one call. No run's loss depends on another's parameters,
so the gradient of their sum is every run's own. An optimizer is an ordinary `torch.optim.Optimizer` over a
`Parameter` that is a view of its job's rows, and whose `.grad` is a view of the buffer's.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.func import functional_call, vmap

from study.job import Run
from study.problems.base import Problem
from study.training import start
from study.training.build import build_optimizer, is_elementwise

_POINTS_AT_ONCE = {"cpu": 2**15, "cuda": 2**25}
"""Points evaluated in one call: on a CPU so few that a hidden layer's values stay in its cache, on a GPU so few
that they fit into its memory."""


class Stack:
    """The state of a stack's training: parameters, gradients, optimizers and data."""

    def __init__(self, problem: Problem, runs: Sequence[Run], device: torch.device) -> None:
        self.problem, self.runs = problem, tuple(runs)
        self.model = problem.model().to(problem.dtype)
        self.shapes = {name: parameter.shape for name, parameter in self.model.named_parameters()}
        self.sizes = [shape.numel() for shape in self.shapes.values()]
        seeds = sorted({run.seed for run in runs})
        self.rows = np.searchsorted(
            seeds, [run.seed for run in runs]
        )  # where a run's seed stands in the start
        self.row = torch.from_numpy(self.rows).to(device)  # the same, to index tensors with
        self.drawn = start.draw(problem, self.model, seeds, device)
        self.points = self.drawn.inputs.shape[1]
        self.batch_size = runs[0].job.batch_size or self.points
        shuffled = self.batch_size < self.points
        self.orders = start.Orders(problem.name, seeds, self.points, shuffled=shuffled)
        self.params = self.drawn.params[self.row].requires_grad_()
        self.grads = torch.zeros_like(self.params)
        self.optimizers = list(self._optimizers())
        self._losses = vmap(self._loss)
        chunk = max(1, _POINTS_AT_ONCE[device.type] // self.points)
        self._evaluations = vmap(self._loss, chunk_size=chunk)
        self._predictions = vmap(self._predict, in_dims=(0, None), chunk_size=chunk)

    @property
    def steps_per_epoch(self) -> int:
        """Updates of each run in one pass over the data."""
        return math.ceil(self.points / self.batch_size)

    def batches(self) -> Iterator[tuple[Shaped[Tensor, "run point ..."], Shaped[Tensor, "run point ..."]]]:
        """Yield one epoch's minibatches, each seed's in its own order; the last one may be smaller."""
        data, order = self.drawn, self.orders.next_epoch()
        if order is None:
            yield data.inputs[self.row], data.targets[self.row]
            return
        order = order.to(self.row.device)
        seed = torch.arange(len(order), device=self.row.device)[:, None]
        for low in range(0, self.points, self.batch_size):
            batch = order[:, low : low + self.batch_size]
            yield data.inputs[seed, batch][self.row], data.targets[seed, batch][self.row]

    def step(
        self, inputs: Shaped[Tensor, "run point ..."], targets: Shaped[Tensor, "run point ..."]
    ) -> Float[Tensor, " run"]:
        """Update every run once and return its loss before the update."""
        losses = self._losses(self.params, inputs, targets)
        (gradient,) = torch.autograd.grad(losses.sum(), self.params)
        torch.mul(gradient, self.problem.gradient_scale, out=self.grads)
        for optimizer in self.optimizers:
            optimizer.step()
        return losses.detach()

    @torch.no_grad()
    def evaluate(self, targets: Shaped[Tensor, "seed point ..."]) -> Float[Tensor, " run"]:
        """Return every run's loss on all its data."""
        losses: Tensor = self._evaluations(self.params, self.drawn.inputs[self.row], targets[self.row])
        return losses

    @torch.no_grad()
    def predict(self, inputs: Float[Tensor, "point feature"]) -> Float[Tensor, "run point ..."]:
        """Return every run's prediction at the same inputs."""
        predictions: Tensor = self._predictions(self.params, inputs)
        return predictions

    def unflatten(self, flat: Float[Tensor, "*run parameter"]) -> dict[str, Tensor]:
        """Return the module's parameters as views of the last axis of `flat`."""
        pieces = torch.split(flat, self.sizes, dim=-1)
        leading = flat.shape[:-1]
        named = zip(self.shapes.items(), pieces, strict=True)
        return {name: piece.view(leading + shape) for (name, shape), piece in named}

    def _predict(self, flat: Tensor, inputs: Tensor) -> Tensor:
        prediction: Tensor = functional_call(self.model, self.unflatten(flat), (inputs,))
        return prediction

    def _loss(self, flat: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        return self.problem.loss(self._predict(flat, inputs), targets)

    def _optimizers(self) -> Iterator[torch.optim.Optimizer]:
        """Yield one optimizer per job, or one per run for a rule that mixes the elements of a tensor."""
        for job, members in groupby(range(len(self.runs)), key=lambda index: self.runs[index].job):
            rows = list(members)
            if is_elementwise(job.optimizer):
                own = slice(rows[0], rows[-1] + 1)
                yield build_optimizer(job.optimizer, [_view(self.params[own], self.grads[own])])
                continue
            for row in rows:
                params, grads = self.unflatten(self.params[row]), self.unflatten(self.grads[row])
                yield build_optimizer(job.optimizer, [_view(params[name], grads[name]) for name in params])


def _view(values: Tensor, gradient: Tensor) -> nn.Parameter:
    """Return a parameter that shares the memory of `values`, and its gradient that of `gradient`."""
    parameter = nn.Parameter(values.detach())
    parameter.grad = gradient
    return parameter
