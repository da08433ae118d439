"""How many seeds a comparison needs: experiments are drawn from the runs that there are, and judged."""

import math
from collections.abc import Callable

import numpy as np
import scipy.stats
from jaxtyping import Bool, Float

from study.stats.bootstrap import Bootstrap
from study.stats.samples import Paired, Sample, rank_sums
from study.stats.verdicts import Levels

POWER = 0.8
MOST_SEEDS = 1000
"""Beyond it the answer is infinity: "more than 1000"."""

_EXPERIMENTS = 400  # each number of seeds is tried so often: a share of .8 is then known to .02
_GROWTH = 1.1  # from one number of seeds to the next that is tried
_WIDEST = 1e6  # standard errors that a difference may have
_HALVED = 7  # times the distance to the least difference, which is then known to a hundredth


def seeds_to_tell(sample: Sample, margin: float, *, levels: Levels, bootstrap: Bootstrap) -> float:
    """Return how many seeds tell a true difference of the margin from none, in four experiments of five.

    Example:
        Seeds that differ by a hundredth of the margin tell it as soon as any p is small enough; the numbers that are
        tried begin there, and those that differ by fifty margins never do.

        >>> from study.stats.samples import Paired
        >>> one, spread = Levels(0.05, pairs=1, borders=1), np.linspace(-1, 1, 20)
        >>> seeds_to_tell(Paired(0.002 * spread), 0.2, levels=one, bootstrap=Bootstrap())
        6.0
        >>> seeds_to_tell(Paired(10.0 * spread), 0.2, levels=one, bootstrap=Bootstrap())
        inf
    """

    def told(drawn: Sample) -> Bool[np.ndarray, " experiment"]:
        high = drawn.center + _half_width(drawn, levels.difference)
        return np.asarray((high < 0) & (drawn.p() * levels.pairs <= levels.share))

    return _least(sample, told, center=-margin, levels=levels, bootstrap=bootstrap)


def seeds_to_tie(sample: Sample, margin: float, *, levels: Levels, bootstrap: Bootstrap) -> float:
    """Return how many seeds show two equal settings to be equivalent, in four experiments of five."""

    def told(drawn: Sample) -> Bool[np.ndarray, " experiment"]:
        wide = _half_width(drawn, 2 * levels.tie)
        inside = np.abs(drawn.center) + wide <= margin
        tested = np.maximum(drawn.p(margin, "less"), drawn.p(-margin, "greater")) <= levels.tie
        return np.asarray(inside & tested)

    return _least(sample, told, center=0.0, levels=levels, bootstrap=bootstrap)


def least_told(sample: Paired, *, levels: Levels, bootstrap: Bootstrap) -> float:
    """Return the least true difference that as many seeds tell from none, in four experiments of five.

    Infinite where so few seeds tell none, however large; NaN where too many runs diverged.

    Example:
        Ten seeds tell a little more than one standard deviation where one pair is compared.

        >>> from scipy.stats import norm
        >>> spread = Paired(norm.ppf((np.arange(10) + 0.5) / 10))
        >>> found = least_told(spread, levels=Levels(0.05, pairs=1, borders=1), bootstrap=Bootstrap())
        >>> round(found, 1)
        1.1
    """
    error = float(sample.error)
    if not np.isfinite(sample.center) or not np.isfinite(error):
        return math.nan
    if not levels.can_tell(sample):
        return math.inf
    drawn = sample.shifted(-float(sample.center)).drawn(bootstrap.rng(), _EXPERIMENTS, sample.n)
    # as `judge` stretches them
    wide = scipy.stats.t.ppf(1 - levels.difference / 2, sample.n - 1) * drawn.error

    def enough(difference: float) -> bool:
        moved = drawn.shifted(-difference)
        with np.errstate(invalid="ignore"):  # where too many runs of an experiment diverged nothing is told
            told = (moved.center + wide < 0) & (_signed_rank_p(moved) * levels.pairs <= levels.share)
        return bool(told.mean() >= POWER)

    low, high = 0.0, max(error, 1e-12)
    while not enough(high):
        low, high = high, 2 * high
        if high > _WIDEST * max(error, 1e-12):
            return math.inf
    for _ in range(_HALVED):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _signed_rank_p(drawn: Paired) -> Float[np.ndarray, " experiment"]:
    """Return the exact two-sided p of Wilcoxon's test of each sample, as if no two differences were the same."""
    n = drawn.n
    ranks = scipy.stats.rankdata(np.abs(drawn.difference), axis=-1)
    above = (ranks * (drawn.difference > 0)).sum(axis=-1)
    ways = rank_sums(np.arange(1, n + 1))
    below = np.cumsum(ways) / ways.sum()
    least = np.minimum(above, n * (n + 1) / 2 - above)
    return np.asarray(np.minimum(1.0, 2 * below[np.floor(least).astype(int)]))


def _half_width(drawn: Sample, outside: float) -> Float[np.ndarray, " experiment"]:
    """Return half the width of each experiment's interval: t of the values kept, times the standard error."""
    kept = drawn.n - 2 * (drawn.n // 4)
    wide: Float[np.ndarray, " experiment"] = (
        scipy.stats.t.ppf(1 - outside / 2, max(kept - 1, 1)) * drawn.error
    )
    return wide


def _least(
    sample: Sample,
    told: Callable[[Sample], Bool[np.ndarray, " experiment"]],
    *,
    center: float,
    levels: Levels,
    bootstrap: Bootstrap,
) -> float:
    """Return the least number of seeds at which the claim is made often enough, NaN where too many runs diverged."""
    if not np.isfinite(sample.center) or not np.isfinite(sample.error):
        return math.nan
    moved = sample.shifted(center - float(sample.center))
    first = math.ceil(math.log2(2 * levels.pairs / levels.share))
    steps = math.ceil(math.log(MOST_SEEDS / first, _GROWTH)) + 1
    sizes = np.unique(np.minimum(np.ceil(first * _GROWTH ** np.arange(steps)), MOST_SEEDS).astype(int))

    def enough(n: int) -> bool:
        return bool(told(moved.drawn(bootstrap.rng(), _EXPERIMENTS, n)).mean() >= POWER)

    low, high = 0, len(sizes)  # bisection: more seeds tell more
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(int(sizes[middle])) else (middle + 1, high)
    return float(sizes[low]) if low < len(sizes) else math.inf
