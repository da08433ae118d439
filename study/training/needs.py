"""Needs of a run: how large its data and its model are, found without making those that could be too large."""

from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import Any  # what `dataclasses.replace` takes

import torch
from torch import Tensor, nn

from study.problems.base import Data, Problem
from study.randomness import Source
from study.training.recorder import MAX_TRACED_SCALARS

_FEW = 1000
"""Points at which data are drawn to see how large those of many are."""

_SMALL = 2**20
"""Numbers of a model and its data that are simply made: torch imports for half a second to do without memory."""


@dataclass(frozen=True, slots=True)
class Needs:
    """How large a run of a problem is.

    Attributes:
        points: of its data.
        data: bytes of them.
        parameters: numbers that are trained.
        number: bytes of one of them.
        activations: bytes that its gradient at one point takes, beside the parameters' own.
        evaluated: numbers of each evaluation.
    """

    points: int
    data: int
    parameters: int
    number: int
    activations: int
    evaluated: int

    @property
    def traced(self) -> int:
        """Parameters that are recorded at every step."""
        return self.parameters if self.parameters <= MAX_TRACED_SCALARS else 0


def needs_of(problem: Problem, seed: int) -> Needs:
    """Return how large a run is: a model that may be large is made without memory, and of many points few are drawn.

    A problem from anywhere may raise anything here; what is wrong with it is for its trial to say.
    """
    with torch.device("meta"):
        model = problem.model()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    drawn = _fewer(problem).data(Source(problem.name, seed))
    if parameters + sum(tensor.numel() for tensor in drawn.arguments) <= _SMALL:
        with torch.random.fork_rng(devices=[]):
            model = problem.model()
    few = max(1, len(drawn.targets))
    points = max(few, _points(problem))
    activations, measured = 0, 0
    with suppress(Exception):  # a model that wants to see values: its layers are not counted then
        activations, measured = _of_gradient(problem, model, drawn)
    return Needs(
        points=points,
        data=_bytes(drawn) * points // few,
        parameters=parameters,
        number=problem.dtype.itemsize,
        activations=activations // few,
        evaluated=(1 + measured) * (1 if drawn.test is None else 2),
    )


def _points(problem: Problem) -> int:
    """Return the field that says of how many points the data are, 0 where there is none."""
    has = "points" in {field.name for field in fields(_dataclass(problem))}
    points = getattr(problem, "points", 0) if has else 0
    return points if isinstance(points, int) else 0


def _fewer(problem: Problem) -> Problem:
    if _points(problem) <= _FEW:
        return problem
    fewer: Problem = replace(_dataclass(problem), points=_FEW)
    return fewer


def _of_gradient(problem: Problem, model: nn.Module, data: Data) -> tuple[int, int]:
    """Return the bytes that autograd keeps for a gradient on all of these points, and how many metrics there are."""
    there = {id(parameter) for parameter in model.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if id(tensor) not in there:
            kept[id(tensor)] = tensor
        return tensor

    device = next((parameter.device for parameter in model.parameters()), torch.device("meta"))
    inputs = tuple(tensor.to(device) for tensor in data.arguments)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        prediction = model.to(problem.dtype)(*inputs)
        problem.loss(prediction, data.targets.to(device))
    measured = problem.metrics(prediction, data.eval_targets.to(device))
    return sum(map(_size, kept.values())), len(measured)


def _bytes(data: Data) -> int:
    test = 0 if data.test is None else _bytes(data.test)
    return sum(map(_size, (*data.arguments, data.targets, data.eval_targets))) + test


def _size(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _dataclass(problem: Problem) -> Any:
    return problem  # all of them are
