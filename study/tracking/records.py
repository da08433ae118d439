"""Records of a trained stack: curves that end where a run broke, and summaries, as the store keeps them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from study.tracking import names
from study.tracking.provenance import sources
from study.training.result import Series, Trained

_NEVER = np.iinfo(np.int64).max  # the step at which a run breaks that does not


@dataclass(frozen=True, slots=True)
class Points:
    """One metric of one run."""

    steps: Int[np.ndarray, " step"]  # at which each value was taken, ascending
    values: Float[np.ndarray, " step"]  # all finite
    times: Int[np.ndarray, " step"]  # in milliseconds since the epoch


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
        """What the run is a training of: its job's hash and its seed, as the store keeps them."""
        return self.tags[names.JOB_HASH], self.params[names.SEED]

    @property
    def status(self) -> str:
        """`names.OK`, or `names.DIVERGED`: the loss became non-finite or passed the problem's cap."""
        return self.tags[names.STATUS]

    @property
    def last_epoch_loss(self) -> float:
        """The mean training loss of the last epoch, infinite for a diverged run."""
        points = self.metrics.get(names.SUMMARY + names.LAST_EPOCH_LOSS)
        return np.inf if points is None else float(points.values[0])


def records(trained: Trained, shared: Mapping[str, str]) -> Iterator[StoredRun]:
    """Yield each run of the stack as the store keeps it, in the stack's order, with tags that all of them share.

    A run breaks at the first step whose training or evaluation loss is non-finite or above the cap. Its curves
    end there: with the value that passed the cap, or with the last finite one. Nothing is filled in.
    """
    steps = trained.train_loss.shape[1]
    curves = {names.TRAIN_LOSS: Series(np.arange(steps), trained.train_loss), **trained.series}
    broken = _first_broken_step(curves, trained.cap).tolist()
    times = np.round(trained.times * 1000).astype(np.int64)
    for row, run in enumerate(trained.runs):
        metrics = {key: _until(series, row, broken[row], times) for key, series in curves.items()}
        if names.LR in metrics and not len(
            metrics[names.LR].steps
        ):  # a run of a constant rate, beside others
            del metrics[names.LR]
        for key, value in _summary(trained, row, metrics, broken=broken[row]).items():
            metrics[names.SUMMARY + key] = Points(np.array([steps]), np.array([value]), times[-1:])
        tags = {
            **shared,
            names.KIND: "run",
            names.JOB_HASH: run.job.hash,
            names.LABEL: run.job.label,
            names.STATUS: names.OK if broken[row] == _NEVER else names.DIVERGED,
            names.RUN_NAME: run.name,
            **sources(run.job),
            **{f"study.{name}": shas[row] for name, shas in trained.receipts.items()},
        }
        params = run.job.params() | {names.SEED: str(run.seed)}
        every = np.concatenate([points.times for points in metrics.values()])
        yield StoredRun(run.name, params, tags, metrics, int(every.min()), int(every.max()))


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
