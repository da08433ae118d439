"""Verdict on a pair: is there a difference, does it matter, and can so few seeds tell at all?"""

import math
from dataclasses import dataclass

import numpy as np
import scipy.stats
from jaxtyping import Float

from study.stats.bootstrap import Bootstrap
from study.stats.samples import Sample

LEAST_RUNS = 6
"""Fewer say too little of how far runs lie apart."""

EQUIVALENT = "equivalent"
UNRESOLVED = "unresolved"
NOT_AT_THIS_N = "cannot be resolved at this n"
MORE, LESS, OPEN = " by more than M", " by less than M", ", size open"
BETTER, WORSE = "better", "worse"

VERDICTS = (
    *(side + size for side in (BETTER, WORSE) for size in (MORE, OPEN, LESS)),
    EQUIVALENT,
    UNRESOLVED,
    NOT_AT_THIS_N,
)


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of all claims of one table.

    Attributes:
        share: of false claims that the table may make, all its pairs together: .05, or a part of it for each of
            several looks.
        pairs: how many it compares.
        borders: how many of them can lie at the margin at once, where a claim of equivalence is false most easily:
            `borders_of` the settings of each field.

    Reference: Holm, 1979.
    """

    share: float
    pairs: int
    borders: int

    @property
    def difference(self) -> float:
        """What is left outside of a pair's interval, both sides together."""
        return self.share / self.pairs

    @property
    def tie(self) -> float:
        """What each of the two one-sided tests of equivalence may err."""
        return self.share / self.borders

    def can_tell(self, sample: Sample) -> bool:
        """Whether the sample has enough runs for any p below the level: n >= log2(40 m) for m pairs at 5%."""
        return self.pairs * sample.least_p <= self.share


def borders_of(settings: int) -> int:
    """Return how many pairs of k settings can lie at one distance: k^2 / 4, where half of them lie here, half there.

    No three points of a line are all at that distance, and without such triangles there are no more pairs. The
    k - 1 of Lauzon and Caffo (2009) are too few: 8 settings, half of them at the margin from the others, are called
    equivalent in 8% of such tables, not 5.

    Reference: Mantel, Problem 28, Wiskundige Opgaven, 1907.

    Example:
        >>> [borders_of(k) for k in (2, 3, 4, 8)]
        [1, 2, 4, 16]
    """
    return settings**2 // 4


@dataclass(frozen=True, slots=True)
class Found:
    """What the runs of a pair say.

    Attributes:
        low: lower end of the interval, simultaneous over all pairs.
        high: its upper end.
        verdict: one of `VERDICTS`, of the first setting.
    """

    low: float
    high: float
    verdict: str


def judge(sample: Sample, p_holm: float, margin: float, *, levels: Levels, bootstrap: Bootstrap) -> Found:
    """Return the verdict on a pair.

    Each claim needs an interval and a test: that there is a difference, that it is beyond the margin, or that it is
    within it (two one-sided tests). The scale is fixed, so that more seeds can only make it surer.

    Args:
        sample: of the pair.
        p_holm: of the test that there is no difference, corrected over all pairs.
        margin: what does not matter, on the sample's scale.
        levels: of the claims.
        bootstrap: of the intervals: percentile intervals of the estimate, seeds resampled, stretched for few seeds.
    """
    centers = sample.drawn(bootstrap.rng(), bootstrap.resamples, sample.n).center
    low, high = _stretched(percentile_interval(centers, levels.difference), sample, levels.difference)
    if not levels.can_tell(sample):
        return Found(low, high, NOT_AT_THIS_N)
    least, most = _stretched(percentile_interval(centers, 2 * levels.tie), sample, 2 * levels.tie)
    within = (
        -margin <= least
        and most <= margin
        and sample.p(margin, "less") <= levels.tie
        and sample.p(-margin, "greater") <= levels.tie
    )
    if p_holm <= levels.share and (high < 0 or low > 0):
        better = high < 0
        p = sample.p(-margin, "less") if better else sample.p(margin, "greater")
        beyond = (high < -margin or low > margin) and p <= levels.difference / 2
        return Found(
            low, high, (BETTER if better else WORSE) + (MORE if beyond else LESS if within else OPEN)
        )
    return Found(low, high, EQUIVALENT if within else UNRESOLVED)


def beside_failures(verdict: str, more: int) -> str:
    """Return what is left of a verdict beside how often both settings fail: diverge, or make no progress.

    Who fails more often is not called better, and nobody is called its equal.

    Args:
        verdict: of the first setting.
        more: 1 where the first fails more often, -1 where the second does, 0 where they fail alike.

    Example:
        >>> beside_failures("better, size open", 1), beside_failures("better, size open", -1)
        ('unresolved', 'better, size open')
    """
    denied = {0: (), 1: (BETTER, EQUIVALENT), -1: (WORSE, EQUIVALENT)}[more]
    return UNRESOLVED if denied and verdict.startswith(denied) else verdict


def percentile_interval(statistics: Float[np.ndarray, " resample"], outside: float) -> tuple[float, float]:
    """Return the percentile interval that leaves a share outside; a resample without a value widens both ends."""
    unknown = np.isnan(statistics)
    low = np.quantile(np.where(unknown, -np.inf, statistics), outside / 2, method="lower")
    high = np.quantile(np.where(unknown, np.inf, statistics), 1 - outside / 2, method="higher")
    return float(low), float(high)


def _stretched(ends: tuple[float, float], sample: Sample, outside: float) -> tuple[float, float]:
    """Return a percentile interval stretched about the estimate by sqrt(n / (n - 1)) t / z; infinite ends stay.

    Resamples lie sqrt((n - 1) / n) as far apart as samples do, and how far is an estimate: Student's t of n - 1
    degrees stands for the normal z. Without it 6 pairs of 10 seeds are missed twice as often as they may be, and 28
    pairs five times. Fewer than `LEAST_RUNS` have no interval that reaches 95%.

    Reference: Hesterberg, What Teachers Should Know About the Bootstrap, 2015, section 4.3, where the level is moved
    instead of the ends: to where resamples are too few, for many pairs.
    """
    if sample.n < LEAST_RUNS:
        return -np.inf, np.inf
    upper, n, center = 1 - outside / 2, sample.n, float(sample.center)
    by = math.sqrt(n / (n - 1)) * scipy.stats.t.ppf(upper, n - 1) / scipy.stats.norm.ppf(upper)
    low, high = (end + (by - 1) * (end - center) if math.isfinite(end - center) else end for end in ends)
    return float(low), float(high)


def holm(p: Float[np.ndarray, " point"]) -> Float[np.ndarray, " point"]:
    """Return the p-values adjusted for being m together: max over i <= k of (m - i + 1) p_(i), at most 1.

    Reference: Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979.

    Example:
        The smallest is taken 3 times, the next 2 times, and none below the one before.

        >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    result = np.empty_like(p)
    result[order] = np.minimum(adjusted, 1)
    return result


def final(verdict: str) -> bool:
    """Whether a verdict says which is better, or that neither is."""
    return verdict not in (UNRESOLVED, NOT_AT_THIS_N)


def in_words(verdict: str, margin: str) -> str:
    """Return a verdict with the margin in its place.

    Example:
        >>> in_words("better by more than M", "a factor of 1.25")
        'better by more than a factor of 1.25'
    """
    return verdict.removesuffix("M") + margin if verdict.endswith(" M") else verdict


def mirrored(verdict: str) -> str:
    """Return the verdict on the second setting, from that on the first.

    Example:
        >>> mirrored("better, size open"), mirrored("unresolved")
        ('worse, size open', 'unresolved')
    """
    for side, other in ((BETTER, WORSE), (WORSE, BETTER)):
        if verdict.startswith(side):
            return other + verdict.removeprefix(side)
    return verdict
