"""Difference between a run as it is tracked and as it is trained now: of its receipts, and of every point."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from jaxtyping import Float

from study.tracking import names
from study.tracking.kept import Curve, KeptRun
from study.tracking.records import Points, StoredRun

TOLERANCES: Mapping[str, float] = {"float32": 2e-5, "float64": 1e-9}
"""Relative, by what a problem computes in: what is added in another order may add up to so much over some hundred
steps. The first is what stacks are held against plain loops by."""

CAUSE = "another processor, number of threads or version of torch adds in another order"


class Verdict(IntEnum):
    """How near a run came to what is tracked; the larger the worse."""

    IDENTICAL = 0
    WITHIN = 1
    DIFFERENT = 2


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """A point that is not what is tracked, those of the first step first; NaN stands for no value there."""

    step: int
    metric: str
    tracked: float
    now: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A run beside itself.

    Attributes:
        run: as it is tracked.
        receipts: words for what it was trained on that is not the same: `data`, `start`, ...
        values: how many points were compared,
        unequal: of which so many are not equal to the last bit,
        beyond: and so many are beyond the tolerance.
        largest: relative difference of any.
        tolerance: by what the problem computes in.
        first: point beyond the tolerance; None where there is none.
    """

    run: KeptRun
    receipts: tuple[str, ...]
    values: int
    unequal: int
    beyond: int
    largest: float
    tolerance: float
    first: Break | None

    @property
    def verdict(self) -> Verdict:
        """The worst that is to be said of it."""
        if self.beyond or self.receipts:
            return Verdict.DIFFERENT
        return Verdict.WITHIN if self.unequal else Verdict.IDENTICAL


def compared(run: KeptRun, now: StoredRun, *, tolerance: float) -> Compared:
    """Compare every point of a run, and what it was trained on, with what is trained now."""
    # what a loss resolves: near its least value there is nothing but rounding
    least = run.summaries.get(names.SUMMARY + names.RESOLUTION, 0.0)
    values = unequal = beyond = 0
    largest, breaks = 0.0, list[Break]()
    for metric, (steps, tracked, other) in _pairs(run, now):
        scale = _scale(metric, tracked, run)
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = np.abs(tracked - other)
            off = ~(apart <= tolerance * scale + (0.0 if metric.startswith(names.PARAM) else least))
            relative = np.where(apart > 0, apart / scale, 0.0)
        values, unequal, beyond = (
            values + len(steps),
            unequal + int((tracked != other).sum()),
            beyond + int(off.sum()),
        )
        largest = max(largest, float(np.nanmax(relative, initial=0.0)))
        if off.any():
            place = int(off.argmax())
            breaks.append(Break(int(steps[place]), metric, float(tracked[place]), float(other[place])))
    words = tuple(
        words
        for key, words in names.RECEIPTS.items()
        if run.tags.get(f"study.{key}") != now.tags.get(f"study.{key}")
    )
    return Compared(run, words, values, unequal, beyond, largest, tolerance, min(breaks, default=None))


def _pairs(run: KeptRun, now: StoredRun) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """Yield steps and both values of each metric, NaN where one has none."""
    curves = {key: points for key, points in now.metrics.items() if not key.startswith(names.SUMMARY)}
    for key in sorted(run.curves.keys() | curves.keys()):
        yield key, _aligned(run.curves.get(key), _curve(curves.get(key)))
    summaries = {key: points for key, points in now.metrics.items() if key.startswith(names.SUMMARY)}
    step = len(now.metrics[names.TRAIN_LOSS].steps)
    for key in sorted(run.summaries.keys() | summaries.keys()):
        values = float(summaries[key].values[0]) if key in summaries else np.nan
        yield key, (np.array([step]), np.array([run.summaries.get(key, np.nan)]), np.array([values]))


def _curve(points: Points | None) -> Curve | None:
    return None if points is None else (points.steps, points.values)


def _aligned(tracked: Curve | None, now: Curve | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    curves = [curve for curve in (tracked, now) if curve is not None]
    steps = np.unique(np.concatenate([steps for steps, _ in curves]))
    return steps, _at(steps, tracked), _at(steps, now)


def _at(steps: np.ndarray, curve: Curve | None) -> np.ndarray:
    values = np.full(len(steps), np.nan)
    if curve is not None:
        values[np.searchsorted(steps, curve[0])] = curve[1]
    return values


def _scale(metric: str, tracked: Float[np.ndarray, " step"], run: KeptRun) -> Float[np.ndarray, " step"]:
    """Return what a difference is relative to: the value, or of what crosses zero the largest that it is made of."""
    size = np.abs(tracked)
    if metric.startswith(names.PARAM):
        return np.full(len(size), np.nanmax(size, initial=0.0))
    if metric == names.SUMMARY + names.EXCESS:
        return np.maximum(size, abs(run.summaries.get(names.SUMMARY + names.CRITERION, 0.0)))
    return size
