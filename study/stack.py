"""The trainer: many runs of one problem as one torch program, whose leading axis is `run`.

The parameters of all runs are one tensor [run, parameter], with one gradient buffer of the same shape. `vmap`
over an ordinary `nn.Module` gives every run's loss in one call. No run's loss depends on another's parameters,
so the gradient of their sum is every run's own. An optimizer is an ordinary `torch.optim.Optimizer` over a
`Parameter` that is a view of its job's rows, and whose `.grad` is a view of the buffer's.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call, vmap

from study import material
from study.build import build_optimizer, is_elementwise
from study.job import Run
from study.problems.base import Problem
from study.trained import Series, Trained

MAX_TRACED_SCALARS = 3
"""A problem of at most so many scalar parameters has each of them recorded at every step."""

_POINTS_AT_ONCE = {"cpu": 2**15, "cuda": 2**25}
"""Points evaluated in one call: on a CPU so few that a hidden layer's values stay in its cache, on a GPU so few
that they fit into its memory."""


def train(
    problem: Problem,
    runs: Sequence[Run],
    *,
    device: torch.device,
    advance: Callable[[int], None] = lambda steps: None,
) -> Trained:
    """Train all `runs` together.

    Args:
        problem: what they train on, the same for all.
        runs: those of one job side by side; epochs and batch size are the same for all.
        device: where to train. Random numbers are drawn on the CPU, so the device does not change them.
        advance: called after every step with the number of run-steps it did.

    Returns:
        The loss of every step, and all else worth recording: one row per run, in the order of `runs`.
    """
    stack = _Stack(problem, runs, device)
    record = _Record(stack)
    record.evaluate()
    for _ in range(runs[0].job.epochs):
        for inputs, targets in stack.batches():
            record.step(stack.step(inputs, targets), samples=inputs.shape[1])
            advance(len(runs))
        record.evaluate()
    return record.trained()


class _Stack:
    """The state of a stack's training: parameters, gradients, optimizers and data."""

    def __init__(self, problem: Problem, runs: Sequence[Run], device: torch.device) -> None:
        self.problem, self.runs = problem, tuple(runs)
        self.model = problem.model().to(problem.dtype)
        self.shapes = {name: parameter.shape for name, parameter in self.model.named_parameters()}
        self.sizes = [shape.numel() for shape in self.shapes.values()]
        seeds = sorted({run.seed for run in runs})
        self.rows = np.searchsorted(
            seeds, [run.seed for run in runs]
        )  # where a run's seed stands in the material
        self.row = torch.from_numpy(self.rows).to(device)
        self.material = material.draw(problem, self.model, seeds, device)
        self.points = self.material.inputs.shape[1]
        self.batch_size = runs[0].job.batch_size or self.points
        shuffled = self.batch_size < self.points
        self.orders = material.Orders(problem.name, seeds, self.points, shuffled=shuffled)
        self.params = self.material.start[self.row].requires_grad_()
        self.grads = torch.zeros_like(self.params)
        self.optimizers = list(self._optimizers())
        self._losses = vmap(self._loss)
        chunk = max(1, _POINTS_AT_ONCE[device.type] // self.points)
        self._evaluations = vmap(self._loss, chunk_size=chunk)
        self._predictions = vmap(self._predict, in_dims=(0, None), chunk_size=chunk)

    def batches(self) -> Iterator[tuple[Float[Tensor, "run point feature"], Float[Tensor, "run point 1"]]]:
        """Yield one epoch's minibatches, each seed's in its own order; the last one may be smaller."""
        data, order = self.material, self.orders.next_epoch()
        if order is None:
            yield data.inputs[self.row], data.targets[self.row]
            return
        order = order.to(self.row.device)
        seed = torch.arange(len(order), device=self.row.device)[:, None]
        for low in range(0, self.points, self.batch_size):
            batch = order[:, low : low + self.batch_size]
            yield data.inputs[seed, batch][self.row], data.targets[seed, batch][self.row]

    def step(
        self, inputs: Float[Tensor, "run point feature"], targets: Float[Tensor, "run point 1"]
    ) -> Float[Tensor, " run"]:
        """Update every run once and return its loss before the update."""
        losses = self._losses(self.params, inputs, targets)
        (gradient,) = torch.autograd.grad(losses.sum(), self.params)
        torch.mul(gradient, self.problem.gradient_scale, out=self.grads)
        for optimizer in self.optimizers:
            optimizer.step()
        return losses.detach()

    @torch.no_grad()
    def evaluate(self, targets: Float[Tensor, "seed point 1"]) -> Float[Tensor, " run"]:
        """Return every run's loss on all its data."""
        losses: Tensor = self._evaluations(self.params, self.material.inputs[self.row], targets[self.row])
        return losses

    @torch.no_grad()
    def predict(self, inputs: Float[Tensor, "point feature"]) -> Float[Tensor, "run point 1"]:
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


class _Record:
    """What is recorded while a stack trains, kept on its device until the end."""

    def __init__(self, stack: _Stack) -> None:
        self._stack = stack
        self._times = [time.time()]
        self._losses: list[Tensor] = []
        self._evaluated: list[tuple[int, Tensor]] = []
        self._full: list[tuple[int, Tensor]] = []
        self._params: list[Tensor] = []
        self._samples = 0
        if sum(stack.sizes) <= MAX_TRACED_SCALARS:
            self._params.append(stack.params.detach().clone())

    def step(self, losses: Float[Tensor, " run"], *, samples: int) -> None:
        self._losses.append(losses)
        self._times.append(time.time())
        self._samples += samples
        if self._params:
            self._params.append(self._stack.params.detach().clone())
        every = self._stack.problem.full_every
        if every is not None and self._samples % every == 0:
            self._full.append((len(self._losses), self._stack.evaluate(self._stack.material.targets)))

    def evaluate(self) -> None:
        losses = self._stack.evaluate(self._stack.material.eval_targets)
        self._evaluated.append((len(self._losses), losses))

    def trained(self) -> Trained:
        stack, data = self._stack, self._stack.material
        inputs = stack.problem.curve_inputs()
        curve = torch.empty(len(stack.runs), 0) if inputs is None else self._curve(inputs)
        final = stack.unflatten(stack.params.detach())
        orders = stack.orders.digests()
        sample = torch.cat([data.inputs[0], data.targets[0], data.eval_targets[0]], dim=1)
        return Trained(
            runs=stack.runs,
            cap=stack.problem.cap,
            train_loss=_array(torch.stack(self._losses, dim=1)),
            series=self._series(),
            floor=np.array(data.floor)[stack.rows],
            final={name: _array(values) for name, values in final.items()},
            curve=_array(curve),
            curve_inputs=np.empty((0, 1)) if inputs is None else _array(inputs),
            sample=_array(sample),
            receipts={
                "data_sha": [data.data_sha[row] for row in stack.rows],
                "init_sha": [data.init_sha[row] for row in stack.rows],
                "order_sha": [orders[row] for row in stack.rows],
            },
            times=np.array(self._times),
            steps_per_epoch=-(-stack.points // stack.batch_size),
        )

    def _curve(self, inputs: Float[Tensor, "point feature"]) -> Float[Tensor, "run point"]:
        return self._stack.predict(inputs.to(self._stack.row.device)).squeeze(-1)

    def _series(self) -> dict[str, Series]:
        series = {"eval/loss": _series(self._evaluated)}
        if self._full:
            series["full/loss"] = _series(self._full)
        if self._params:
            trace = _array(torch.stack(self._params, dim=1))
            steps = np.arange(trace.shape[1])
            for column, name in enumerate(_scalar_names(self._stack.shapes)):
                series[f"param/{name}"] = Series(steps, trace[:, :, column])
        return series


def _series(recorded: list[tuple[int, Tensor]]) -> Series:
    steps, losses = zip(*recorded, strict=True)
    return Series(np.array(steps), _array(torch.stack(losses, dim=1)))


def _scalar_names(shapes: dict[str, torch.Size]) -> Iterator[str]:
    """Name each scalar: a parameter of one element as itself, the elements of `w` as w1, w2, ..."""
    for name, shape in shapes.items():
        count = shape.numel()
        yield from [name] if count == 1 else [f"{name}{index + 1}" for index in range(count)]


def _array(values: Tensor) -> np.ndarray:
    array: np.ndarray = values.detach().cpu().numpy()
    return array
