"""A stack: many runs of one problem as one torch program, whose leading axis is `run`.

The parameters of all runs are one tensor [run, parameter], with one gradient buffer of the same shape. `vmap`
over an ordinary `nn.Module` gives every run's loss in one call. No run's loss depends on another's parameters,
so the gradient of their sum is every run's own. An optimizer is an ordinary `torch.optim.Optimizer`: one over a
`Parameter` that is a view of its job's rows where it treats every element alike and alone, else one for each run.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor
from torch.func import functional_call, vmap

from study.job import Job, Run
from study.problems.base import Problem
from study.randomness import Source
from study.tracking import names
from study.training import start
from study.training.drivers import Batch, Descent, Driver, Inputs, Own, Rows, Shared, Targets, of_run
from study.training.instance import Way
from study.training.memory import POINTS_AT_ONCE
from study.training.witness import Finding, Witness

T = TypeVar("T")

Single = Shaped[Tensor, "seed point ..."]
Several = tuple[Single, ...]


class Stack:
    """The state of a stack's training: parameters, gradients, optimizers and data.

    Args:
        problem: what all runs train on.
        runs: those of one job side by side.
        device: where.
        ways: how each job's rule is driven, by the job's hash.
        witnessed: hashes of the jobs of which it is not known whether that is right.
    """

    def __init__(
        self,
        problem: Problem,
        runs: Sequence[Run],
        device: torch.device,
        ways: Mapping[str, Way],
        *,
        witnessed: Collection[str] = (),
    ) -> None:
        self.problem, self.runs = problem, tuple(runs)
        self.model = problem.model().to(problem.dtype)
        self.shapes = {name: parameter.shape for name, parameter in self.model.named_parameters()}
        self.sizes = [shape.numel() for shape in self.shapes.values()]
        self.seeds = sorted({run.seed for run in runs})
        # where a run's seed stands in the start
        self.rows = np.searchsorted(self.seeds, [run.seed for run in runs])
        self.steps = 0  # made so far
        self.row = torch.from_numpy(self.rows).to(device)  # the same, to index tensors with
        self.drawn = start.draw(problem, self.model, self.seeds, device)
        self.points = self.drawn.targets.shape[1]
        self.batch_size = runs[0].job.batch_size or self.points
        shuffled = self.batch_size < self.points
        self.orders = start.Orders(problem.name, self.seeds, self.points, shuffled=shuffled)
        self.params = self.drawn.params[self.row].requires_grad_()
        self.grads = torch.zeros_like(self.params)
        self._descent = Descent(self.shapes, self._objective, runs[0].job.epochs * self.steps_per_epoch)
        self.witnesses = list(self._witnesses(ways, witnessed))
        self.drivers = list(self._drivers(ways))
        self._scheduled = [
            (rows, driver) for rows, driver in self.drivers if self.runs[rows.start].job.schedule
        ]
        self.findings: list[Finding] = []
        self._losses = vmap(self._loss)
        self._at_once = max(1, POINTS_AT_ONCE[device.type] // self.points)  # runs evaluated in one call
        self._metrics = vmap(self._measured)
        self._predictions = vmap(self._predict, in_dims=(0, None), chunk_size=self._at_once)

    @property
    def steps_per_epoch(self) -> int:
        """Updates of each run in one pass over the data."""
        return math.ceil(self.points / self.batch_size)

    def batches(self) -> Iterator[Batch]:
        """Yield one epoch's minibatches, each seed's in its own order; the last one may be smaller."""
        data, order = self.drawn, self.orders.next_epoch()
        if order is None:
            yield self._of_runs(*self._at_step(data.inputs, data.targets))
            return
        order = order.to(self.row.device)
        seed = torch.arange(len(order), device=self.row.device)[:, None]
        for low in range(0, self.points, self.batch_size):
            of = seed, order[:, low : low + self.batch_size]
            inputs = tuple(tensor[of] for tensor in data.inputs)
            yield self._of_runs(*self._at_step(inputs, data.targets[of]))

    def step(self, inputs: Inputs, targets: Targets) -> Float[Tensor, " run"]:
        """Update every run once and return its loss before the update."""
        losses = self._losses(self.params, inputs, targets)
        (gradient,) = torch.autograd.grad(losses.sum(), self.params)
        torch.mul(gradient, self.problem.gradient_scale, out=self.grads)
        for witness in self.witnesses:
            witness.before(self.grads, inputs, targets)
        for _, driver in self.drivers:
            driver.step(inputs, targets)
        for witness in self.witnesses:
            self._note(witness.after(self.params))
        self.steps += 1
        return losses.detach()

    def look(self) -> None:
        """Let every witness say what it saw, after the last step."""
        for witness in self.witnesses:
            self._note(witness.look(last=True))

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        """Hold the parameters that the rules' authors mean by their result, which some do not train on."""
        if not self.steps:  # there is nothing yet that a rule could have averaged
            yield
            return
        self._mode(training=False)
        yield
        self._mode(training=True)

    def evaluations(self) -> Int[np.ndarray, " run"] | None:
        """Return how often each run's rule asked for its loss, -1 where it does not; None where none does."""
        counts = np.full(len(self.runs), -1)
        for rows, driver in self.drivers:
            if driver.evaluations is not None:
                counts[rows] = driver.evaluations.numpy()
        return counts if (counts >= 0).any() else None

    def rates(self) -> Float[np.ndarray, " run"] | None:
        """Return the learning rate of each run at the step to come, NaN where it is constant; None where all are."""
        if not self._scheduled:
            return None
        rates = np.full(len(self.runs), np.nan)
        for rows, driver in self._scheduled:
            rates[rows] = driver.rates
        return rates

    @torch.no_grad()
    def evaluate(self, targets: Shaped[Tensor, "seed point ..."]) -> Float[Tensor, " run"]:
        """Return every run's loss on all its data."""
        targets = self.problem.eval_targets_at(targets, self.steps)
        return torch.cat(list(self._of_all(self._losses, self.drawn.inputs, targets)))

    @torch.no_grad()
    def measure(self) -> dict[str, Float[Tensor, " run"]]:
        """Return what the problem measures beside its evaluation loss, of every run, by the metrics' keys."""
        data, found = self.drawn, {}
        splits = {"eval": (data.inputs, self.problem.eval_targets_at(data.eval_targets, self.steps))}
        if data.test is not None:
            splits["test"] = data.test
            found[names.TEST_LOSS] = torch.cat(list(self._of_all(self._losses, *data.test)))
        if type(self.problem).metrics is Problem.metrics:  # none: predictions are not made for nothing
            return found
        for split, seeds in splits.items():
            measured = list(self._of_all(self._metrics, *seeds))
            found |= {f"{split}/{name}": torch.cat([some[name] for some in measured]) for name in measured[0]}
        return found

    @torch.no_grad()
    def predict(self, inputs: Float[Tensor, "point feature"]) -> Float[Tensor, "run point ..."]:
        """Return every run's prediction at the same inputs."""
        predictions: Tensor = self._predictions(self.params, (inputs,))
        return predictions

    def unflatten(self, flat: Float[Tensor, "*run parameter"]) -> dict[str, Tensor]:
        """Return the module's parameters as views of the last axis of `flat`."""
        pieces = torch.split(flat, self.sizes, dim=-1)
        leading = flat.shape[:-1]
        named = zip(self.shapes.items(), pieces, strict=True)
        return {name: piece.view(leading + shape) for (name, shape), piece in named}

    def _at_step(self, inputs: Several, targets: Single) -> tuple[Several, Single]:
        """Return the seeds' minibatches as the problem gives them in this step."""
        problem = self.problem
        if type(problem).minibatch is Problem.minibatch:
            return inputs, targets
        given = [
            problem.minibatch(*of_run(place, inputs, targets), self.steps, Source(problem.name, seed))
            for place, seed in enumerate(self.seeds)
        ]
        several = zip(*(own for own, _ in given), strict=True)
        return tuple(torch.stack(tensors) for tensors in several), torch.stack(
            [target for _, target in given]
        )

    def _of_runs(self, inputs: Several, targets: Single, runs: slice = slice(None)) -> Batch:
        """Return for each run, or some of them, what is its seed's."""
        rows = self.row[runs]
        return tuple(tensor[rows] for tensor in inputs), targets[rows]

    def _of_all(
        self, values: Callable[[Tensor, Inputs, Targets], T], inputs: Several, targets: Single
    ) -> Iterator[T]:
        """Yield what a function has of some runs after others: of so many at once that their values stay in cache."""
        for low in range(0, len(self.runs), self._at_once):
            some = slice(low, low + self._at_once)
            yield values(self.params[some], *self._of_runs(inputs, targets, some))

    def _predict(self, flat: Tensor, inputs: tuple[Tensor, ...]) -> Tensor:
        prediction: Tensor = functional_call(self.model, self.unflatten(flat), inputs)
        return prediction

    def _loss(self, flat: Tensor, inputs: tuple[Tensor, ...], targets: Tensor) -> Tensor:
        return self.problem.loss(self._predict(flat, inputs), targets)

    def _measured(self, flat: Tensor, inputs: tuple[Tensor, ...], targets: Tensor) -> dict[str, Tensor]:
        return dict(self.problem.metrics(self._predict(flat, inputs), targets))

    def _objective(
        self, parameters: Mapping[str, Tensor], inputs: tuple[Tensor, ...], targets: Tensor
    ) -> Tensor:
        """Return what one run's rule descends on."""
        prediction = functional_call(self.model, dict(parameters), inputs)
        return self.problem.gradient_scale * self.problem.loss(prediction, targets)

    def jobs(self) -> Iterator[tuple[Job, slice]]:
        """Yield each job and its rows."""
        for job, members in groupby(range(len(self.runs)), key=lambda index: self.runs[index].job):
            rows = list(members)
            yield job, slice(rows[0], rows[-1] + 1)

    def _drivers(self, ways: Mapping[str, Way]) -> Iterator[tuple[slice, Driver]]:
        for job, rows in self.jobs():
            way, own = ways[job.hash], self._rows(rows)
            yield rows, (Shared if way.shared else Own)(job, own, way, self._descent)

    def _witnesses(self, ways: Mapping[str, Way], witnessed: Collection[str]) -> Iterator[Witness]:
        for job, rows in self.jobs():
            if job.hash in witnessed:
                yield Witness(job, rows.start, self._rows(slice(None)), ways[job.hash], self._descent)

    def _rows(self, rows: slice) -> Rows:
        seeds = [run.seed for run in self.runs[rows]]
        return Rows(rows.start or 0, seeds, self.params.detach()[rows], self.grads[rows])

    def _mode(self, *, training: bool) -> None:
        modal = [driver for _, driver in self.drivers if driver.modal]
        for driver in modal:
            driver.mode(training=training)
        if modal:
            for witness in self.witnesses:
                witness.mode(self.params, training=training)

    def _note(self, finding: Finding | None) -> None:
        if finding is not None:
            self.findings.append(finding)
