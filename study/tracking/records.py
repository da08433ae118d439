"""From a trained stack to what the store keeps of each run: curves that end where a run broke, and summaries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from study.job import Run
from study.training.result import Series, Trained

OK, DIVERGED = "ok", "diverged"

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
class Record:
    """One trained run as the store keeps it.

    Attributes:
        run: the job and its seed.
        status: `ok`, or `diverged`: the loss became non-finite or passed the problem's cap.
        metrics: curves by key (`train/loss`, ...) and one-point summaries (`summary/...`).
        receipts: digests of data, start and order.
    """

    run: Run
    status: str
    metrics: Mapping[str, Points]
    receipts: Mapping[str, str]

    @property
    def last_epoch_loss(self) -> float:
        """The mean training loss of the last epoch, infinite for a diverged run."""
        points = self.metrics.get("summary/last_epoch_loss")
        return np.inf if points is None else float(points.values[0])

    @property
    def times(self) -> tuple[int, int]:
        """When training began and ended, in milliseconds since the epoch."""
        every = np.concatenate([points.times for points in self.metrics.values()])
        return int(every.min()), int(every.max())


def records(trained: Trained) -> Iterator[Record]:
    """Yield one record per run of the stack, in its order.

    A run breaks at the first step whose `train/loss` or `eval/loss` is non-finite or above the cap. Its curves
    end there: with the value that passed the cap, or with the last finite one. Nothing is filled in.
    """
    curves = {"train/loss": _train_series(trained), **trained.series}
    broken = _first_broken_step(curves, trained.cap).tolist()
    times = np.round(trained.times * 1000).astype(np.int64)
    for row, run in enumerate(trained.runs):
        status = OK if broken[row] == _NEVER else DIVERGED
        metrics = {key: _until(series, row, broken[row], times) for key, series in curves.items()}
        summary = _summary(trained, row, metrics, broken=broken[row])
        last = np.array([trained.train_loss.shape[1]])
        end = {f"summary/{k}": Points(last, np.array([value]), times[-1:]) for k, value in summary.items()}
        receipts = {name: shas[row] for name, shas in trained.receipts.items()}
        yield Record(run, status, metrics | end, receipts)


def _train_series(trained: Trained) -> Series:
    return Series(np.arange(trained.train_loss.shape[1]), trained.train_loss)


def _first_broken_step(curves: Mapping[str, Series], cap: float) -> Int[np.ndarray, " run"]:
    """Return the step at which each run broke."""
    broken = np.full(len(curves["train/loss"].values), _NEVER)
    for key in ("train/loss", "eval/loss"):
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
    evaluated, floor = metrics["eval/loss"].values, float(trained.floor[row])
    start = {"floor": floor, **({"initial_eval_loss": float(evaluated[0])} if len(evaluated) else {})}
    if broken != _NEVER:
        return start | {"diverged_step": float(broken)}
    last_epoch = metrics["train/loss"].values[-trained.steps_per_epoch :]
    return start | {
        "last_epoch_loss": float(last_epoch.mean(dtype=np.float64)),
        "final_eval_loss": float(evaluated[-1]),
        "excess": float(evaluated[-1]) - floor,
    }
