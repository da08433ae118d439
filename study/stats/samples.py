"""Samples of two settings on one scale: paired by seed, or independent. Leading axes hold samples of their own."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy.stats
from jaxtyping import Float, Int
from typing_extensions import override

Alternative = Literal["two-sided", "less", "greater"]
_EXACT = 50  # seeds of one sample, up to which its p is; of many drawn ones it takes minutes


class Sample(ABC):
    """Two settings, of which the first is compared with the second: below 0 the first is better."""

    @property
    @abstractmethod
    def n(self) -> int:
        """How many seeds."""

    @property
    @abstractmethod
    def center(self) -> Float[np.ndarray, "..."]:
        """The estimate of how far the first lies from the second."""

    @property
    @abstractmethod
    def improvement(self) -> float:
        """The probability that the first is below the second, ties counted half."""

    @property
    @abstractmethod
    def least_p(self) -> float:
        """The least two-sided p that so many runs can give."""

    @property
    @abstractmethod
    def error(self) -> Float[np.ndarray, "..."]:
        """The standard error of the estimate."""

    @abstractmethod
    def p(self, at: float = 0.0, alternative: Alternative = "two-sided") -> Float[np.ndarray, "..."]:
        """Return the p-value of the hypothesis that the first lies `at` from the second."""

    @abstractmethod
    def drawn(self, rng: np.random.Generator, times: int, n: int) -> "Sample":
        """Return so many samples of n seeds, drawn from this one with replacement."""

    @abstractmethod
    def shifted(self, by: float) -> "Sample":
        """Return the sample with the first so much higher."""


@dataclass(frozen=True, slots=True)
class Paired(Sample):
    """Differences at shared seeds: interquartile mean, Wilcoxon's signed-rank test."""

    difference: Float[np.ndarray, "... run"]

    @property
    @override
    def n(self) -> int:
        return int(self.difference.shape[-1])

    @property
    @override
    def center(self) -> Float[np.ndarray, "..."]:
        return interquartile_mean(self.difference)

    @property
    @override
    def improvement(self) -> float:
        return float(np.mean(self.difference < 0) + np.mean(self.difference == 0) / 2)

    @property
    @override
    def least_p(self) -> float:
        return min(1.0, 2.0 ** (1 - self.n))

    @property
    @override
    def error(self) -> Float[np.ndarray, "..."]:
        return _trimmed_error(self.difference)

    @override
    def p(self, at: float = 0.0, alternative: Alternative = "two-sided") -> Float[np.ndarray, "..."]:
        """Infinite differences take the largest ranks; where there is no difference at all p is 1."""
        moved = self.difference - at
        finite = np.abs(np.where(np.isfinite(moved), moved, 0.0))
        beyond = 2 * finite.max(axis=-1, keepdims=True, initial=1.0)
        moved = np.clip(moved, -beyond, beyond)
        if moved.ndim == 1 and self.n <= _EXACT:
            return np.asarray(_signed_rank_p(moved, alternative))
        none = np.asarray(~moved.any(axis=-1, keepdims=True))
        moved = np.where(none, np.arange(self.n) + 1.0, moved)  # whatever, for which p is not asked
        p = scipy.stats.wilcoxon(moved, alternative=alternative, axis=-1, method="asymptotic").pvalue
        return np.where(none[..., 0], 1.0, p)

    @override
    def drawn(self, rng: np.random.Generator, times: int, n: int) -> "Paired":
        return Paired(self.difference[rng.integers(0, self.n, (times, n))])

    @override
    def shifted(self, by: float) -> "Paired":
        return Paired(self.difference + by)


@dataclass(frozen=True, slots=True)
class Independent(Sample):
    """Two settings without shared seeds: difference of interquartile means, Mann-Whitney test."""

    first: Float[np.ndarray, "... run"]
    second: Float[np.ndarray, "... other"]

    @property
    @override
    def n(self) -> int:
        return int(min(self.first.shape[-1], self.second.shape[-1]))

    @property
    @override
    def center(self) -> Float[np.ndarray, "..."]:
        return differences(interquartile_mean(self.first), interquartile_mean(self.second))

    @property
    @override
    def improvement(self) -> float:
        each = differences(self.first[:, None], self.second[None, :])
        return float(np.mean(each < 0) + np.mean(each == 0) / 2)

    @property
    @override
    def least_p(self) -> float:
        one, other = self.first.shape[-1], self.second.shape[-1]
        return min(1.0, 2 / math.comb(one + other, one))

    @property
    @override
    def error(self) -> Float[np.ndarray, "..."]:
        return np.asarray(np.hypot(_trimmed_error(self.first), _trimmed_error(self.second)))

    @override
    def p(self, at: float = 0.0, alternative: Alternative = "two-sided") -> Float[np.ndarray, "..."]:
        method = "auto" if self.first.ndim == 1 else "asymptotic"  # as above
        moved = self.second + at
        found = scipy.stats.mannwhitneyu(self.first, moved, alternative=alternative, axis=-1, method=method)
        return np.asarray(found.pvalue)

    @override
    def drawn(self, rng: np.random.Generator, times: int, n: int) -> "Independent":
        """Return samples of n seeds each where both have as many, else in the proportion of this one."""
        one, other = self.first.shape[-1], self.second.shape[-1]
        sizes = [round(n * size / self.n) for size in (one, other)]
        return Independent(
            self.first[rng.integers(0, one, (times, sizes[0]))],
            self.second[rng.integers(0, other, (times, sizes[1]))],
        )

    @override
    def shifted(self, by: float) -> "Independent":
        return Independent(self.first + by, self.second)


def sample_of(a: pd.Series, b: pd.Series) -> Sample:
    """Return two settings as a sample: paired at the seeds that both have, unless those are half of them or fewer.

    Args:
        a: where each run of the first lies on the scale, by seed.
        b: likewise of the second.
    """
    shared = a.index.intersection(b.index)
    if 2 * len(shared) > max(len(a), len(b)):
        return Paired(differences(a[shared].to_numpy(), b[shared].to_numpy()))
    return Independent(a.to_numpy(), b.to_numpy())


def _signed_rank_p(moved: Float[np.ndarray, " run"], alternative: Alternative) -> float:
    """Return the exact p of Wilcoxon's test: of all 2^n signs, the share with a rank sum as far out, zeros dropped.

    SciPy's own is exact without ties too; with ties, as of diverged runs, it takes a second for 12 seeds and is
    approximate from 14 on. Here doubled ranks are whole numbers, and each one's two signs are counted in turn.
    """
    moved = moved[moved != 0]
    ranks = np.rint(2 * scipy.stats.rankdata(np.abs(moved))).astype(int)
    ways = rank_sums(ranks)
    at = int(ranks[moved > 0].sum())
    less, greater = ways[: at + 1].sum() / ways.sum(), ways[at:].sum() / ways.sum()
    tails = {"less": less, "greater": greater, "two-sided": min(1.0, 2 * min(less, greater))}
    return float(tails[alternative])


def rank_sums(ranks: Int[np.ndarray, " rank"]) -> Float[np.ndarray, " sum"]:
    """Return in how many ways each sum of positive ranks is reached, over all signs; exact up to 2^53 of them.

    >>> rank_sums(np.array([1, 2])).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    ways = np.ones(1)
    for rank in ranks:
        ways = np.pad(ways, (0, rank)) + np.pad(ways, (rank, 0))
    return ways


def interquartile_mean(values: Float[np.ndarray, "... run"]) -> Float[np.ndarray, "..."]:
    """Return the mean of what is left when floor(n / 4) values are dropped at each end.

    Reference: Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice, 2021.

    Example:
        >>> float(interquartile_mean(np.array([1.0, 2.0, 4.0, np.inf])))
        3.0
    """
    cut = values.shape[-1] // 4
    kept = np.sort(values, axis=-1)[
        ..., cut : values.shape[-1] - cut
    ]  # SciPy's trim_mean takes 3 to 8 times as long
    with np.errstate(invalid="ignore"):  # +inf and -inf left together have no mean: NaN says so
        return np.asarray(kept.mean(axis=-1))


def differences(a: Float[np.ndarray, "..."], b: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return a - b, where two diverged runs are a tie: inf - inf = 0.

    Example:
        >>> differences(np.array([3.0, np.inf, np.inf]), np.array([1.0, 1.0, np.inf])).tolist()
        [2.0, inf, 0.0]
    """
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, a - b)


def _trimmed_error(values: Float[np.ndarray, "... run"]) -> Float[np.ndarray, "..."]:
    """Return the standard error of the interquartile mean, infinite where infinities are left in it.

    The deviation of the sample whose dropped values are set to the nearest that is kept, over the share kept.

    Reference: Tukey and McLaughlin, Less Vulnerable Confidence and Significance Procedures for Location, 1963.
    """
    n = values.shape[-1]
    cut = n // 4
    if n < 2:
        return np.full(values.shape[:-1], np.inf)
    ordered = np.sort(values, axis=-1)
    kept = np.clip(ordered, ordered[..., [cut]], ordered[..., [n - 1 - cut]])
    with np.errstate(invalid="ignore"):
        error = kept.std(axis=-1, ddof=1) / ((1 - 2 * cut / n) * math.sqrt(n))
    return np.where(np.isnan(error), np.inf, error)
