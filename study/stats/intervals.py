"""Exact intervals of a median, between two order statistics, with +inf as a value like any other."""

import math
from collections.abc import Iterable
from functools import cache

import numpy as np
from jaxtyping import Float

Points = Float[np.ndarray, " point"]


def median_interval(
    values: Float[np.ndarray, "run point"], confidence: float
) -> tuple[Points, Points, Points]:
    """Return median, low and high of each column: low = X_(k) and high = X_(n+1-k), as `order` has it.

    Whatever the distribution that the n runs are drawn from, such intervals contain its median in the share
    `coverage(n, confidence)` of all cases, or more where values are tied. They hold for one column at a time. A value
    of +inf (a diverged run) takes part: an upper end of +inf says that too many runs diverged to bound the median.

    Args:
        values: one row per run; +inf is allowed, NaN is not.
        confidence: the least share, in (0, 1); below 6 runs none reaches 0.95, and the ends are the extremes.

    Raises:
        ValueError: `values` is empty or holds NaN.

    Example:
        Of three runs one diverged: the median is a number, and whether there is an upper end is not known.

        >>> losses = np.array([[0.1], [0.2], [np.inf]])
        >>> [float(end[0]) for end in median_interval(losses, 0.95)]
        [0.2, 0.1, inf]

    Reference: David and Nagaraja, Order Statistics, 2003, section 7.1.
    """
    if len(values) == 0 or np.isnan(values).any():
        raise ValueError(f"a sample must hold at least one value and no NaN, got shape {values.shape}")
    ordered = np.sort(values.astype(float), axis=0)
    k = order(len(values), confidence)
    return np.median(ordered, axis=0), ordered[k - 1], ordered[-k]


def order(n: int, confidence: float) -> int:
    """Return k of the narrowest interval (X_(k), X_(n+1-k)) that covers enough, 1 where none does.

    >>> [order(n, 0.95) for n in (5, 6, 10, 20, 25)]
    [1, 1, 2, 6, 8]
    """
    return max(sum(share >= confidence for share in _shares(n)), 1)


def coverage(n: int, confidence: float) -> float:
    """Return the share of intervals of n runs that contain the median: 1 - 2 P(B < k), B ~ Binomial(n, 1/2).

    A run lies below the median as a coin falls, so the median lies below X_(k) if less than k of n do.

    >>> [round(coverage(n, 0.95), 4) for n in (1, 3, 5, 10, 25)]
    [0.0, 0.75, 0.9375, 0.9785, 0.9567]
    """
    return _shares(n)[order(n, confidence) - 1]


def percent(share: float) -> str:
    """Return a share as pages say it, in three digits or as many as tell it from the whole.

    >>> [percent(share) for share in (0.75, 0.95670, 0.999939)]
    ['75%', '95.7%', '99.9939%']
    """
    digits = max(3, 1 + math.ceil(-math.log10(max(1 - share, 1e-12))))
    return f"{100 * share:.{digits}g}%"


def name(counts: Iterable[int], confidence: float) -> str:
    """Return what a table calls the intervals of settings with so many runs each: by what they cover.

    >>> name([25, 25], 0.95), name([25, 3], 0.95)
    ('95.7% interval', '75% to 95.7% interval')
    """
    shares = sorted({coverage(n, confidence) for n in counts if n > 1})
    ends = dict.fromkeys(map(percent, [*shares[:1], *shares[-1:]]))
    return f"{' to '.join(ends)} interval".lstrip()


@cache
def _shares(n: int) -> list[float]:
    """Return what (X_(k), X_(n+1-k)) covers for each k from 1 up to the middle, of whole numbers: rounded once."""
    choices, below, shares = 1, 0, []
    for k in range(1, (n + 1) // 2 + 1):
        below += choices  # C(n, 0) + ... + C(n, k - 1)
        shares.append(1 - 2 * below / 2**n)
        choices = choices * (n - k + 1) // k
    return shares
