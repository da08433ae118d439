"""Records of a trained stack: curves that end where a run broke, and summaries, as the store keeps them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from study.job import Run
from study.tracking import names
from study.tracking.provenance import sources
from study.training.result import Series, Trained

_NEVER = np.iinfo(np.int64).max
"""The step at which a run breaks that does not."""


@dataclass(frozen=True, slots=True)
class Points:
    """One metric of one run.

    Args:
        steps: at which step each value was taken.
        values: all finite.
        times: when, in milliseconds since the epoch.
    """

    steps: Int[np.ndarray, " step"]
    values: Float[np.ndarray, " step"]
    times: Int[np.ndarray, " step"]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One finished run in MLflow's words, ready to be written: complete or absent.

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
        """What the run is a training of: its job's hash and its seed, as the store keeps them."""
        return self.tags[names.JOB_HASH], self.params[names.SEED]


@dataclass(frozen=True, slots=True)
class Record:
    """One trained run as the store keeps it.

    Attributes:
        run: the job and its seed.
        status: `names.OK`, or `names.DIVERGED`: the loss became non-finite or passed the problem's cap.
        metrics: curves and one-point summaries, by their keys.
        receipts: digests of data, start and order.
    """

    run: Run
    status: str
    metrics: Mapping[str, Points]
    receipts: Mapping[str, str]

    @property
    def last_epoch_loss(self) -> float:
        """The mean training loss of the last epoch, infinite for a diverged run."""
        points = self.metrics.get(names.SUMMARY + names.LAST_EPOCH_LOSS)
        return np.inf if points is None else float(points.values[0])

    @property
    def times(self) -> tuple[int, int]:
        """When training began and ended, in milliseconds since the epoch."""
        every = np.concatenate([points.times for points in self.metrics.values()])
        return int(every.min()), int(every.max())

    def stored(self, tags: Mapping[str, str]) -> StoredRun:
        """Return the run as a backend writes it, with its own tags beside those of its sweep."""
        job, (start, end) = self.run.job, self.times
        own = {
            names.KIND: "run",
            names.JOB_HASH: job.hash,
            names.LABEL: job.label,
            names.STATUS: self.status,
            names.RUN_NAME: self.run.name,
        }
        receipts = {f"study.{name}": value for name, value in self.receipts.items()}
        params = job.params() | {names.SEED: str(self.run.seed)}
        every = {**tags, **own, **sources(job), **receipts}
        return StoredRun(self.run.name, params, every, self.metrics, start, end)


def records(trained: Trained) -> Iterator[Record]:
    """Yield one record per run of the stack, in its order.

    A run breaks at the first step whose training or evaluation loss is non-finite or above the cap. Its curves
    end there: with the value that passed the cap, or with the last finite one. Nothing is filled in.
    """
    curves = {names.TRAIN_LOSS: _train_series(trained), **trained.series}
    broken = _first_broken_step(curves, trained.cap).tolist()
    times = np.round(trained.times * 1000).astype(np.int64)
    for row, run in enumerate(trained.runs):
        status = names.OK if broken[row] == _NEVER else names.DIVERGED
        metrics = {key: _until(series, row, broken[row], times) for key, series in curves.items()}
        summary = _summary(trained, row, metrics, broken=broken[row])
        last = np.array([trained.train_loss.shape[1]])
        end = {names.SUMMARY + k: Points(last, np.array([value]), times[-1:]) for k, value in summary.items()}
        receipts = {name: shas[row] for name, shas in trained.receipts.items()}
        yield Record(run, status, metrics | end, receipts)


def _train_series(trained: Trained) -> Series:
    return Series(np.arange(trained.train_loss.shape[1]), trained.train_loss)


def _first_broken_step(curves: Mapping[str, Series], cap: float) -> Int[np.ndarray, " run"]:
    """Return the step at which each run broke."""
    broken = np.full(len(curves[names.TRAIN_LOSS].values), _NEVER)
    for key in (names.TRAIN_LOSS, names.EVAL_LOSS):
        series = curves[key]
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
    start = {names.FLOOR: floor, **({names.INITIAL_EVAL_LOSS: float(evaluated[0])} if len(evaluated) else {})}
    if broken != _NEVER:
        return start | {names.DIVERGED_STEP: float(broken)}
    last_epoch = metrics[names.TRAIN_LOSS].values[-trained.steps_per_epoch :]
    return start | {
        names.LAST_EPOCH_LOSS: float(last_epoch.mean(dtype=np.float64)),
        names.FINAL_EVAL_LOSS: float(evaluated[-1]),
        names.EXCESS: float(evaluated[-1]) - floor,
    }
