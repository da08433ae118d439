"""Percentile bootstrap of a median, for many samples at once, with +inf as a value like any other."""

import numpy as np
from jaxtyping import Float, Int

from study.errors import InvalidInput


def median_interval(
    values: Float[np.ndarray, "run point"],
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, " point"], Float[np.ndarray, " point"], Float[np.ndarray, " point"]]:
    """Return median, low and high of each column: the percentile interval over resampled runs.

    A resample of n ranks, drawn with replacement, has as its median the mean of the sorted sample's values
    at its two middle ranks (i, j). So ranks are drawn once and serve every column: at most n (n + 1) / 2
    distinct medians, each with the number of resamples that gave it. For a sorted sample these are the
    numbers of `scipy.stats.bootstrap(method="percentile")` on the same stream. Intervals hold for one column
    at a time. A value of +inf (a diverged run) takes part: an upper end of +inf says that too many runs
    diverged to bound the median.

    Args:
        values: one row per run; +inf is allowed, NaN is not.
        confidence: of the interval, in (0, 1).
        resamples: how many; 9999 is SciPy's default.
        rng: where the indices come from.

    Returns:
        Median, low, high: each of the shape of one row.

    Raises:
        InvalidInput: if `values` is empty or holds NaN.

    Example:
        Of three runs one diverged: the median is a number, and whether there is an upper end is not known.

        >>> losses = np.array([[0.1], [0.2], [np.inf]])
        >>> [float(end[0]) for end in median_interval(losses, rng=np.random.default_rng(0))]
        [0.2, 0.1, inf]

    Reference: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
    """
    if len(values) == 0 or np.isnan(values).any():
        raise InvalidInput(f"a sample must hold at least one value and no NaN, got shape {values.shape}")
    ordered = np.sort(values.astype(float), axis=0)
    ranks, counts = _middle_ranks(len(values), resamples=resamples, rng=rng)
    medians = (ordered[ranks[:, 0]] + ordered[ranks[:, 1]]) / 2
    tail = (1 - confidence) / 2
    low, high = (_percentile(medians, counts, share) for share in (tail, 1 - tail))
    return np.median(ordered, axis=0), low, high


def _middle_ranks(
    runs: int, *, resamples: int, rng: np.random.Generator
) -> tuple[Int[np.ndarray, "choice 2"], Int[np.ndarray, " choice"]]:
    """Return the distinct pairs of middle ranks over all resamples, and how often each pair came."""
    middle = [(runs - 1) // 2, runs // 2]
    drawn = np.partition(rng.integers(0, runs, (resamples, runs)), middle, axis=1)[:, middle]
    return np.unique(drawn, axis=0, return_counts=True)


def _percentile(
    values: Float[np.ndarray, "choice point"], counts: Int[np.ndarray, " choice"], share: float
) -> Float[np.ndarray, " point"]:
    """Return the percentile of values that came `counts` times each: linear, but never inf - inf."""
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    upto = np.cumsum(counts[order], axis=0)
    rank, part = divmod((counts.sum() - 1) * share, 1)

    def at(position: float) -> Float[np.ndarray, " point"]:
        first = (upto > position).argmax(axis=0)
        found: Float[np.ndarray, " point"] = np.take_along_axis(ordered, first[None], axis=0)[0]
        return found

    # inf * 0 is NaN: a percentile that falls on a rank takes that value alone.
    return at(rank) if part == 0 else at(rank) * (1 - part) + at(rank + 1) * part
