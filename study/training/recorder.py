"""Recorder of a stack's training: every loss, evaluations, the path of a few scalars, and the end."""

import logging
import time
from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from study.tracking import names
from study.training.result import Series, Trained
from study.training.stack import Stack

log = logging.getLogger(__name__)

MAX_TRACED_SCALARS = 3
"""A problem of at most so many scalar parameters has each of them recorded at every step."""

_COLUMNS = 3  # of a sample: inputs, targets, eval targets


class Recorder:
    """What is recorded while a stack trains, kept on its device until the end."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        # what a figure is drawn from may fail now, but not take trained runs with it at the end
        self._curve()
        # asked for here, and not of a trial
        self._train_floor = stack.problem.train_floors(stack.drawn.data)
        self._times = [time.time()]
        self._losses: list[Tensor] = []
        self._evaluated: list[tuple[int, Tensor]] = []
        self._measured: dict[str, list[tuple[int, Tensor]]] = {}
        self._full: list[tuple[int, Tensor]] = []
        self._params: list[Tensor] = []
        self._rates = [stack.rates()]
        self._samples, self._batches = 0, list[int]()
        self._moments: list[tuple[int, Tensor]] = []
        job, steps = stack.runs[0].job, stack.steps_per_epoch
        self._at = set(moments(job.epochs * steps, steps, job.eval_moments))
        if sum(stack.sizes) <= MAX_TRACED_SCALARS:
            self._params.append(stack.params.detach().clone())

    def step(self, losses: Float[Tensor, " run"], *, samples: int) -> None:
        """Keep the losses of a step that is done, on a minibatch of so many samples."""
        self._losses.append(losses)
        self._times.append(time.time())
        self._rates.append(self._stack.rates())
        self._samples += samples
        self._batches.append(samples)
        if self._params:
            self._params.append(self._stack.params.detach().clone())
        every = self._stack.problem.full_every
        if every is not None and self._samples % every == 0:
            self._full.append((len(self._losses), self._stack.evaluate(self._stack.drawn.targets)))
        if len(self._losses) in self._at:
            with self._stack.evaluated():
                self._moments.append((len(self._losses), self._judged()))

    def evaluate(self) -> None:
        """Compute and keep each run's `eval/loss` where it stands."""
        with self._stack.evaluated():
            self._evaluated.append((len(self._losses), self._loss()))
            for metric, values in self._stack.measure().items():
                self._measured.setdefault(metric, []).append((len(self._losses), values))

    def trained(self) -> Trained:
        """Return all that was kept, as arrays of one row per run."""
        stack, data = self._stack, self._stack.drawn
        with stack.evaluated():
            curve_inputs, curve = self._drawn()
            final = {
                name: _array(values).copy() for name, values in stack.unflatten(stack.params.detach()).items()
            }
        orders = stack.orders.digests()
        return Trained(
            runs=stack.runs,
            cap=stack.problem.cap,
            train_loss=_array(torch.stack(self._losses, dim=1)),
            batches=np.array(self._batches[-stack.steps_per_epoch :]),
            series=self._series(),
            last_epoch=_series(self._moments),
            criterion=stack.problem.criterion,
            floor=np.array(data.floor)[stack.rows],
            constant=np.array(data.constant, dtype=np.float64)[stack.rows],
            train_floor=np.array(self._train_floor, dtype=np.float64)[stack.rows],  # NaN for None
            final=final,
            curve=_array(curve),
            curve_inputs=_array(curve_inputs),
            sample=_array(
                _sample(*(tensor[0] for tensor in (*data.inputs, data.targets, data.eval_targets)))
            ),
            receipts={
                names.DATA_SHA: [data.data_sha[row] for row in stack.rows],
                names.INIT_SHA: [data.init_sha[row] for row in stack.rows],
                names.ORDER_SHA: [orders[row] for row in stack.rows],
            },
            times=np.array(self._times),
            evaluations=stack.evaluations(),
        )

    def _loss(self) -> Float[Tensor, " run"]:
        return self._stack.evaluate(self._stack.drawn.eval_targets)

    def _judged(self) -> Float[Tensor, " run"]:
        """Return the criterion of each run where it stands."""
        criterion = self._stack.problem.criterion
        return self._loss() if criterion == names.EVAL_LOSS else self._stack.measure()[criterion]

    def _drawn(self) -> tuple[Float[Tensor, "point feature"], Float[Tensor, "run point"]]:
        """Return the curves, or none where they fail now: they are for a figure alone, and the runs are trained."""
        try:
            return self._curve()
        except Exception as error:  # whatever a problem from anywhere raises
            log.warning("%s: no curve of the trained models: %s", self._stack.problem.name, error)
            return torch.empty(0, 1), torch.empty(len(self._stack.runs), 0)

    def _curve(self) -> tuple[Float[Tensor, "point feature"], Float[Tensor, "run point"]]:
        """Return where the models are drawn and their heights there; no points where an output is no one number."""
        inputs = self._stack.problem.curve_inputs()
        if inputs is not None:
            heights = self._stack.predict(inputs.to(self._stack.row.device))
            if heights.shape[2:] == (1,):
                return inputs, heights.squeeze(-1)
        return torch.empty(0, 1), torch.empty(len(self._stack.runs), 0)

    def _series(self) -> dict[str, Series]:
        series = {names.EVAL_LOSS: _series(self._evaluated)}
        series |= {metric: _series(recorded) for metric, recorded in self._measured.items()}
        if self._full:
            series[names.FULL_LOSS] = _series(self._full)
        if rates := [rate for rate in self._rates[:-1] if rate is not None]:  # the last is of no step
            series[names.LR] = Series(np.arange(len(rates)), np.stack(rates, axis=1))
        if self._params:
            trace = _array(torch.stack(self._params, dim=1))
            steps = np.arange(trace.shape[1])
            for column, name in enumerate(_scalar_names(self._stack.shapes)):
                series[names.PARAM + name] = Series(steps, trace[:, :, column])
        return series


def moments(steps: int, per_epoch: int, count: int) -> list[int]:
    """Return after which of so many steps the last epoch is evaluated: in the middle of each of `count` equal parts.

    Not at its end: where the last minibatch is a small remainder, what follows it would count for a whole part, and
    not for the one step in many that it is. An epoch of fewer steps is evaluated after each of them.

    Example:
        >>> moments(384, 32, 8)
        [354, 358, 362, 366, 370, 374, 378, 382]
        >>> moments(30, 10, 4), moments(20, 1, 8)
        ([22, 24, 27, 29], [20])
    """
    count = min(count, per_epoch)
    return [steps - per_epoch + -(-(2 * part + 1) * per_epoch // (2 * count)) for part in range(count)]


def _sample(*columns: Shaped[Tensor, "point ..."]) -> Shaped[Tensor, "sample column"]:
    """Return inputs, targets and eval targets side by side; no points where one of them is more than a column."""
    if len(columns) == _COLUMNS and all(values.shape[1:] == (1,) for values in columns):
        return torch.cat(columns, dim=1)
    return torch.empty(0, _COLUMNS)


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
