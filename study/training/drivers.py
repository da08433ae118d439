"""Drivers: a job's rows of the stack, moved by one instance of its rule for all runs, or by one for each."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from study.job import Job
from study.randomness import Source
from study.training.instance import Instance, Objective, Stream, Way

Inputs = tuple[Shaped[Tensor, "run point ..."], ...]
Targets = Shaped[Tensor, "run point ..."]
Batch = tuple[Inputs, Targets]

Loss = Callable[[Mapping[str, Tensor], tuple[Tensor, ...], Tensor], Tensor]
"""What a run descends on, at parameters by name, on a minibatch of inputs and targets."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a stack.

    Attributes:
        first: where they begin in it.
        seeds: one of each run.
        values: their parameters, which a driver moves in place.
        gradients: written anew before each step.
    """

    first: int
    seeds: Sequence[int]
    values: Float[Tensor, "run parameter"]
    gradients: Float[Tensor, "run parameter"]


@dataclass(frozen=True, slots=True)
class Descent:
    """What one run's rule works on.

    Attributes:
        shapes: of the parameters, by name.
        loss: for a rule that evaluates it.
        steps: of the run.
    """

    shapes: Mapping[str, torch.Size]
    loss: Loss
    steps: int


_LINE = 64  # bytes: where memory begins that torch allocates


@runtime_checkable
class Driver(Protocol):
    """Who moves some rows of a stack."""

    modal: bool
    """Whether the rows to train on are not those to be evaluated (schedule-free rules)."""

    evaluations: Tensor | None
    """Of the loss, by each run's rule so far; None where it asks for none."""

    @property
    def rates(self) -> list[float]:
        """Each run's learning rate at the step to come."""

    def step(self, inputs: Inputs, targets: Targets) -> None:
        """Move the rows once, by their gradients; the minibatches are those of all rows of the stack."""

    def mode(self, *, training: bool) -> None:
        """Turn the rows into those to train on, or into those to be evaluated."""


class Shared:
    """One instance for all runs of a job, over one parameter that is a view of their rows.

    Args:
        job: whose optimizer.
        rows: the runs'.
        way: how the rule is driven.
        descent: what each run's rule works on.
    """

    def __init__(self, job: Job, rows: Rows, way: Way, descent: Descent) -> None:
        self._instance = Instance(job, [nn.Parameter(rows.values)], way, None, steps=descent.steps)
        self._gradients = [rows.gradients]
        self.evaluations: Tensor | None = None
        self.modal = self._instance.modal
        self._runs = len(rows.seeds)

    @property
    def rates(self) -> list[float]:
        """Each run's learning rate at the step to come."""
        return [self._instance.rate] * self._runs

    def step(self, inputs: Inputs, targets: Targets) -> None:  # noqa: ARG002  # as Own needs them
        """Move the rows once."""
        self._instance.step(self._gradients)

    def mode(self, *, training: bool) -> None:
        """Turn the rows into those to train on, or into those to be evaluated."""
        self._instance.mode(training=training)


class Own:
    """One instance for each run of a job, over leaves of the model's shapes, as a plain loop has it.

    Each leaf lies in memory of its own, as torch would allocate it, and is copied from and to the run's row: so a
    run's rule computes bitwise what it computes alone.

    Args:
        job: whose optimizer.
        rows: the runs'.
        way: how the rule is driven.
        descent: what each run's rule works on.
    """

    def __init__(self, job: Job, rows: Rows, way: Way, descent: Descent) -> None:
        self._first, self._descent, self._way = rows.first, descent, way
        shapes = list(descent.shapes.values())
        sizes = [shape.numel() for shape in shapes]
        self._row_values, self._row_gradients = (
            tensor.split(sizes, dim=1) for tensor in (rows.values, rows.gradients)
        )
        self._values, self._gradients = (_memory(rows.values, sizes) for _ in range(2))
        torch._foreach_copy_(self._values, self._row_values)
        self.evaluations: Tensor | None = None
        if way.evaluates:
            self.evaluations = torch.zeros(len(rows.seeds), dtype=torch.long)
        self._instances: list[Instance] = []
        self._own_gradients: list[list[Tensor]] = []
        self._streams: list[Stream | None] = []
        for run, seed in enumerate(rows.seeds):
            source = Source(str(job.problem["name"]), seed)
            stream = Stream(source.word("rule")) if way.draws else None
            leaves, own = (
                [memory[run].view(shape) for memory, shape in zip(memories, shapes, strict=True)]
                for memories in (self._values, self._gradients)
            )
            self._streams.append(stream)
            params = [nn.Parameter(leaf) for leaf in leaves]
            self._instances.append(Instance(job, params, way, stream, steps=descent.steps))
            self._own_gradients.append(own)
        self.modal = any(instance.modal for instance in self._instances)

    @property
    def drawn(self) -> bool:
        """Whether a rule has drawn random numbers from its stream."""
        return any(stream is not None and stream.drawn for stream in self._streams)

    @property
    def rates(self) -> list[float]:
        """Each run's learning rate at the step to come."""
        return [instance.rate for instance in self._instances]

    def step(self, inputs: Inputs, targets: Targets) -> None:
        """Move the rows once."""
        torch._foreach_copy_(self._gradients, self._row_gradients)
        for run, (instance, own) in enumerate(zip(self._instances, self._own_gradients, strict=True)):
            if self.evaluations is None:
                instance.step(own)
            else:
                instance.step(own, self._objective(run, *of_run(self._first + run, inputs, targets)))
        torch._foreach_copy_(self._row_values, self._values)

    def mode(self, *, training: bool) -> None:
        """Turn the rows into those to train on, or into those to be evaluated."""
        for instance in self._instances:
            instance.mode(training=training)
        torch._foreach_copy_(self._row_values, self._values)

    def _objective(self, run: int, inputs: tuple[Tensor, ...], targets: Tensor) -> Objective:
        """Return a run's loss on its minibatch, as a function that sets its gradients and is counted."""
        parameters = self._instances[run].params
        named = dict(zip(self._descent.shapes, parameters, strict=True))

        def objective() -> Tensor:
            assert self.evaluations is not None
            self.evaluations[run] += 1
            with torch.enable_grad():
                loss = self._descent.loss(named, inputs, targets)
                gradients = torch.autograd.grad(loss, parameters, create_graph=self._way.graph)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
            return loss if self._way.graph else loss.detach()

        return objective


def of_run(row: int, inputs: Inputs, targets: Targets) -> tuple[tuple[Tensor, ...], Tensor]:
    """Return one run's minibatch."""
    return tuple(tensor[row] for tensor in inputs), targets[row]


def _memory(like: Float[Tensor, "run parameter"], sizes: Sequence[int]) -> list[Float[Tensor, "run element"]]:
    """Return memory for each parameter of so many elements, in which each run's begins at a line of its own."""
    line = _LINE // like.element_size()
    padded = [math.ceil(size / line) * line for size in sizes]
    return [
        torch.zeros(len(like), width, dtype=like.dtype, device=like.device)[:, :size]
        for size, width in zip(sizes, padded, strict=True)
    ]
