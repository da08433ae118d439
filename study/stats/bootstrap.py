"""Percentile bootstrap of a median, for many samples at once, with +inf as a value like any other."""

from dataclasses import asdict, dataclass
from typing import Annotated, get_type_hints

import numpy as np
from jaxtyping import Float, Int

from study.ranges import WHOLE, Range, is_number, require_ranges, up_to

_SHARE = Range("a number in (0, 1)", lambda value: is_number(value) and 0 < value < 1)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How all intervals of a report are drawn.

    Args:
        confidence: of each interval, in (0, 1).
        resamples: of each sample; 9999 is SciPy's default. Memory grows with it, as seeds times resamples.
        seed: of the random stream; every interval draws from a fresh one, so that none depends on another.
    """

    confidence: Annotated[float, _SHARE] = 0.95
    resamples: Annotated[int, up_to(100_000, least=100)] = 9999
    seed: Annotated[int, WHOLE] = 0

    def __post_init__(self) -> None:
        """Refuse values outside of their ranges.

        Raises:
            InvalidInput: with the key of the report's config, its range and the value.
        """
        require_ranges("report", get_type_hints(type(self), include_extras=True), asdict(self))

    @property
    def percent(self) -> str:
        """The confidence as captions say it: `95%`."""
        return f"{100 * self.confidence:g}%"

    def rng(self) -> np.random.Generator:
        """Return a fresh stream."""
        return np.random.default_rng(self.seed)


Points = Float[np.ndarray, " point"]


def median_interval(
    values: Float[np.ndarray, "run point"], bootstrap: Bootstrap
) -> tuple[Points, Points, Points]:
    """Return median, low and high of each column: the percentile interval over resampled runs.

    A resample of n ranks, drawn with replacement, has as its median the mean of the sorted sample's values
    at its two middle ranks (i, j). So ranks are drawn once and serve every column: at most n (n + 1) / 2
    distinct medians, each with the number of resamples that gave it. For a sorted sample these are the
    numbers of `scipy.stats.bootstrap(method="percentile")` on the same stream. Intervals hold for one column
    at a time. A value of +inf (a diverged run) takes part: an upper end of +inf says that too many runs
    diverged to bound the median.

    Args:
        values: one row per run; +inf is allowed, NaN is not.
        bootstrap: confidence, resamples and where the ranks come from.

    Raises:
        ValueError: `values` is empty or holds NaN.

    Example:
        Of three runs one diverged: the median is a number, and whether there is an upper end is not known.

        >>> losses = np.array([[0.1], [0.2], [np.inf]])
        >>> [float(end[0]) for end in median_interval(losses, Bootstrap())]
        [0.2, 0.1, inf]

    Reference: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
    """
    if len(values) == 0 or np.isnan(values).any():
        raise ValueError(f"a sample must hold at least one value and no NaN, got shape {values.shape}")
    ordered = np.sort(values.astype(float), axis=0)
    runs, middle = len(values), [(len(values) - 1) // 2, len(values) // 2]
    drawn = bootstrap.rng().integers(0, runs, (bootstrap.resamples, runs))
    pairs = np.partition(drawn, middle, axis=1)[:, middle]
    ranks, counts = np.unique(pairs, axis=0, return_counts=True)
    medians = (ordered[ranks[:, 0]] + ordered[ranks[:, 1]]) / 2
    tail = (1 - bootstrap.confidence) / 2
    low, high = (_percentile(medians, counts, share) for share in (tail, 1 - tail))
    return np.median(ordered, axis=0), low, high


def _percentile(
    values: Float[np.ndarray, "choice point"], counts: Int[np.ndarray, " choice"], share: float
) -> Points:
    """Return the percentile of values that came `counts` times each: linear, but never inf - inf."""
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    upto = np.cumsum(counts[order], axis=0)
    rank, part = divmod((counts.sum() - 1) * share, 1)

    def at(position: float) -> Points:
        first = (upto > position).argmax(axis=0)
        return np.asarray(ordered[first, np.arange(len(first))])

    # inf * 0 is NaN: a percentile that falls on a rank takes that value alone.
    return at(rank) if part == 0 else at(rank) * (1 - part) + at(rank + 1) * part
