"""Difference between a run as it is tracked and as it is trained now: of its receipts, and of every point."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from jaxtyping import Float, Int

from study.tracking import names
from study.tracking.kept import Curve, KeptRun
from study.tracking.records import StoredRun

TOLERANCES: Mapping[str, float] = {"float32": 2e-5, "float64": 1e-9}
"""Relative, by what a problem computes in: what is added in another order may add up to so much over some hundred
steps. The first is what stacks are held against plain loops by."""

CAUSE = "another processor, number of threads, version of torch or layout of memory adds in another order"


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
class _Metric:
    """One metric of a run beside itself, as `Compared` has them all."""

    values: int
    unequal: int
    beyond: int
    largest: float
    first: Break | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A run beside itself.

    Attributes:
        run: as it is tracked.
        receipts: words for what it was trained on that is not the same: `data`, `start`, ...
        values: how many points were compared,
        unequal: of which so many are not equal to the last bit,
        where: of these metrics,
        beyond: and so many are beyond the tolerance.
        largest: relative difference of any.
        tolerance: by what the problem computes in.
        first: point beyond the tolerance; None where there is none.
    """

    run: KeptRun
    receipts: tuple[str, ...]
    values: int
    unequal: int
    where: tuple[str, ...]
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
    other = {key: Curve(points.steps, points.values) for key, points in now.metrics.items()}
    end = np.array([max(int(curve.steps.max(initial=0)) for curve in other.values())])  # where summaries lie
    tracked = {**run.curves, **{key: Curve(end, np.array([value])) for key, value in run.summaries.items()}}
    found = {key: _metric(key, tracked.get(key), other.get(key), run, tolerance) for key in tracked | other}
    metrics = found.values()
    return Compared(
        run=run,
        receipts=tuple(words for key, words in names.RECEIPTS.items() if _differs(f"study.{key}", run, now)),
        values=sum(each.values for each in metrics),
        unequal=sum(each.unequal for each in metrics),
        where=tuple(key for key, each in found.items() if each.unequal),
        beyond=sum(each.beyond for each in metrics),
        largest=max(each.largest for each in metrics),
        tolerance=tolerance,
        first=min((each.first for each in metrics if each.first), default=None),
    )


def _differs(tag: str, run: KeptRun, now: StoredRun) -> bool:
    return run.tags.get(tag) != now.tags.get(tag)


def _metric(metric: str, tracked: Curve | None, now: Curve | None, run: KeptRun, tolerance: float) -> _Metric:
    """Compare one metric of a run; a point that one of the two lacks is beyond any tolerance."""
    steps = np.unique(np.concatenate([curve.steps for curve in (tracked, now) if curve is not None]))
    then, here = _at(steps, tracked), _at(steps, now)
    size = _scale(metric, then, run) + _least(metric, run) / tolerance
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(then == here, 0.0, np.abs(then - here) / size)
    off = ~(relative <= tolerance)
    place = int(off.argmax())
    return _Metric(
        values=len(steps),
        unequal=int((then != here).sum()),
        beyond=int(off.sum()),
        largest=float(np.nanmax(relative, initial=0.0)),
        first=Break(int(steps[place]), metric, float(then[place]), float(here[place])) if off.any() else None,
    )


def _at(steps: Int[np.ndarray, " point"], curve: Curve | None) -> Float[np.ndarray, " point"]:
    """Return the value at each step, NaN where there is none."""
    values = np.full(len(steps), np.nan)
    if curve is not None:
        values[np.searchsorted(steps, curve.steps)] = curve.values
    return values


def _least(metric: str, run: KeptRun) -> float:
    """Return what a metric does not resolve: of a loss near its least there is nothing but rounding."""
    return 0.0 if metric.startswith(names.PARAM) else run.summaries.get(names.SUMMARY + names.RESOLUTION, 0.0)


def _scale(metric: str, tracked: Float[np.ndarray, " step"], run: KeptRun) -> Float[np.ndarray, " step"]:
    """Return what a difference is relative to: the value, or of what crosses zero the largest that it is made of."""
    size: Float[np.ndarray, " step"] = np.abs(tracked)
    if metric.startswith(names.PARAM):
        return np.full(len(size), np.nanmax(size, initial=0.0), dtype=np.float64)
    if metric == names.SUMMARY + names.EXCESS:
        size = np.maximum(size, abs(run.summaries.get(names.SUMMARY + names.CRITERION, 0.0)))
    return size
