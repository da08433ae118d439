"""Records of a trained stack: curves that end where a run broke, and summaries, as the store keeps them."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from study.job import Job
from study.tracking import names
from study.tracking.provenance import sources
from study.training.result import Series, Trained

_NEVER = np.iinfo(np.int64).max  # the step at which a run breaks that does not
_ROUNDINGS = 8  # units of the last place by which the mean losses of equal parameters may differ


@dataclass(frozen=True, slots=True)
class Points:
    """One metric of one run."""

    steps: Int[np.ndarray, " step"]  # at which each value was taken, ascending
    values: Float[np.ndarray, " step"]  # all finite
    times: Int[np.ndarray, " step"]  # in milliseconds since the epoch


class Ended(NamedTuple):
    """How a run ended: `names.OK`, `names.NO_PROGRESS` or `names.DIVERGED`, and a final loss of it."""

    status: str
    loss: float


class Dataset(NamedTuple):
    """What a run trained on, as MLflow knows an input: runs of one name and digest met the same data."""

    name: str
    digest: str
    source: str  # JSON, of MLflow's source type `code`: the params that data come from


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One finished run in MLflow's words, ready to be written: complete or absent. Times are as in `Points`.

    Raises:
        ValueError: a value is NaN or infinite, which MLflow's stores do not keep as such.
    """

    name: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, Points]
    start: int
    end: int

    def __post_init__(self) -> None:
        for key, points in self.metrics.items():
            finite = np.isfinite(points.values)
            if not finite.all():
                value, step = points.values[finite.argmin()], points.steps[finite.argmin()]
                raise ValueError(f"{key} of {self.name} must be finite, got {value} at step {step}")

    @property
    def job_and_seed(self) -> tuple[str, str]:
        """What the run is a training of: its job's hash and its seed, as the store keeps them; empty of no job's."""
        return self.tags.get(names.JOB_HASH, ""), self.params.get(names.SEED, "")

    @property
    def dataset(self) -> Dataset | None:
        """What it trained on, None where there is no receipt."""
        digest = self.tags.get(f"study.{names.DATA_SHA}")
        if digest is None:
            return None
        own = {key: value for key, value in self.params.items() if key.startswith("problem.")}
        source = json.dumps({"tags": own | {names.SEED: self.params[names.SEED]}})
        return Dataset(own.get("problem.name", ""), digest, source)

    @property
    def status(self) -> str:
        """`names.OK`, `names.NO_PROGRESS` or `names.DIVERGED`."""
        return self.tags[names.STATUS]

    @property
    def criterion(self) -> float:
        """The evaluation loss of the last epoch, infinite for a diverged run."""
        points = self.metrics.get(names.SUMMARY + names.CRITERION)
        return np.inf if points is None else float(points.values[0])


Sources = Callable[[Job], Mapping[str, str]]
"""The tags that say where the classes of a job come from."""


def records(trained: Trained, shared: Mapping[str, str], told: Sources = sources) -> Iterator[StoredRun]:
    """Yield each run of the stack as the store keeps it, in the stack's order, with tags that all of them share.

    A run breaks at the first step whose training or evaluation loss is non-finite or above the cap. Its curves
    end there: with the value that passed the cap, or with the last finite one. Nothing is filled in.
    `told` is another's word for where classes come from, of a process that imported them.
    """
    steps = trained.train_loss.shape[1]
    curves = {names.TRAIN_LOSS: Series(np.arange(steps), trained.train_loss), **trained.series}
    judged = (curves[names.TRAIN_LOSS], curves[names.EVAL_LOSS], trained.last_epoch)
    broken = _first_broken_step(judged, trained.cap).tolist()
    rounding = _ROUNDINGS * float(np.finfo(trained.last_epoch.values.dtype).eps)
    times = np.round(trained.times * 1000).astype(np.int64)
    for row, run in enumerate(trained.runs):
        metrics = {key: _until(series, row, broken[row], times) for key, series in curves.items()}
        rates = metrics.get(names.LR)
        if rates is not None and not len(rates.steps):  # a run of a constant rate, beside others
            del metrics[names.LR]
        summary = _summary(trained, row, metrics, broken=broken[row])
        for key, value in summary.items():
            metrics[names.SUMMARY + key] = Points(np.array([steps]), np.array([value]), times[-1:])
        tags = {
            **shared,
            names.KIND: "run",
            names.JOB_HASH: run.job.hash,
            names.LABEL: run.job.label,
            names.STATUS: _status(summary, metrics[trained.criterion], rounding=rounding),
            names.RUN_NAME: run.name,
            **told(run.job),
            **{f"study.{name}": shas[row] for name, shas in trained.receipts.items()},
        }
        params = run.job.params() | {names.SEED: str(run.seed)}
        if trained.criterion != names.EVAL_LOSS:
            params[names.JUDGED_BY] = trained.criterion
        every = np.concatenate([points.times for points in metrics.values()])
        yield StoredRun(run.name, params, tags, metrics, int(every.min()), int(every.max()))


def _first_broken_step(judged: Sequence[Series], cap: float) -> Int[np.ndarray, " run"]:
    """Return the step at which each run broke."""
    broken = np.full(len(judged[0].values), _NEVER)
    for series in judged:
        bad = ~(np.isfinite(series.values) & (series.values <= cap))
        steps = np.where(bad.any(axis=1), series.steps[bad.argmax(axis=1)], _NEVER)
        broken = np.minimum(broken, steps)
    return broken


def _until(series: Series, row: int, broken: int, times: Int[np.ndarray, " step"]) -> Points:
    values, steps = series.values[row], series.steps
    kept = np.logical_and.accumulate(np.isfinite(values) & (steps <= broken))
    return Points(steps[kept], values[kept], times[steps[kept]])


def _summary(trained: Trained, row: int, metrics: Mapping[str, Points], *, broken: int) -> dict[str, float]:
    """Return the run's summary values; a diverged run has no final loss."""
    evaluated, floor = metrics[names.EVAL_LOSS].values, float(trained.floor[row])
    initial = float(evaluated[0]) if len(evaluated) else math.nan
    eps = float(np.finfo(trained.last_epoch.values.dtype).eps)
    known = {
        names.FLOOR: floor,
        names.RESOLUTION: float(np.fmax(_ROUNDINGS * eps * abs(floor), eps**2 * abs(initial))),
        names.CONSTANT_EVAL_LOSS: float(trained.constant[row]),
        names.TRAIN_FLOOR: float(trained.train_floor[row]),
        names.INITIAL_EVAL_LOSS: initial,
    }
    if trained.evaluations is not None and trained.evaluations[row] >= 0:
        known[names.EVALUATIONS] = float(trained.evaluations[row])
    start = {key: value for key, value in known.items() if not math.isnan(value)}
    if broken != _NEVER:
        return start | {names.DIVERGED_STEP: float(broken)}
    last_epoch = metrics[names.TRAIN_LOSS].values[-len(trained.batches) :]
    criterion = float(trained.last_epoch.values[row].mean(dtype=np.float64))
    excess = {} if math.isnan(floor) else {names.EXCESS: criterion - floor}
    return start | {
        names.EVAL_LAST_EPOCH: criterion,
        names.LAST_EPOCH_LOSS: float(np.average(last_epoch.astype(np.float64), weights=trained.batches)),
        names.FINAL_EVAL_LOSS: float(evaluated[-1]),
        **excess,
    }


def _status(summary: Mapping[str, float], judged: Points, *, rounding: float) -> str:
    """Return how a run ended, by its summary values; what is below by no more than rounding is not below."""
    if names.DIVERGED_STEP in summary:
        return names.DIVERGED
    bounds = [float(judged.values[0]), summary.get(names.CONSTANT_EVAL_LOSS, math.inf)]
    below = all(
        summary[names.CRITERION] < bound - rounding * abs(bound) for bound in bounds if bound < math.inf
    )
    return names.OK if below else names.NO_PROGRESS
