"""Samples against SciPy one by one, and against hand arithmetic."""

import itertools

import numpy as np
import pytest
import scipy.stats
from scipy.stats import mstats

from study.stats.samples import Independent, Paired, differences, interquartile_mean


@pytest.mark.parametrize("runs", [1, 3, 4, 7, 8, 25])
def test_interquartile_mean_is_scipys_trimmed_mean(runs: int) -> None:
    """A quarter off each end, rounded down."""
    values = np.random.default_rng(runs).normal(size=runs)
    assert interquartile_mean(values) == pytest.approx(scipy.stats.trim_mean(values, 0.25), rel=1e-14)


def test_interquartile_mean_by_hand() -> None:
    """Of 1, 2, 4, 100 the middle two are left: 3. One +inf of four is trimmed, two are not."""
    assert interquartile_mean(np.array([[100.0, 1.0, 4.0, 2.0]])) == 3.0
    assert interquartile_mean(np.array([[np.inf, 1.0, 4.0, 2.0]])) == 3.0
    assert interquartile_mean(np.array([[np.inf, np.inf, 4.0, 2.0]])) == np.inf
    assert np.isnan(interquartile_mean(np.array([[np.inf, np.inf, -np.inf, -np.inf]])))


def test_two_diverged_runs_tie() -> None:
    """Inf - inf = 0, inf - 1 = inf."""
    assert differences(np.array([np.inf, np.inf]), np.array([np.inf, 1.0])).tolist() == [0.0, np.inf]


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("at", [0.0, -0.3])
def test_p_is_scipys(alternative: str, at: float) -> None:
    """Signed-rank of the moved differences; Mann-Whitney of the moved samples."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=15), rng.normal(0.4, size=18)
    paired = Paired(a - b[:15])
    expected = scipy.stats.wilcoxon(a - b[:15] - at, alternative=alternative).pvalue
    assert float(paired.p(at, alternative)) == pytest.approx(expected, rel=1e-12)  # type: ignore[arg-type]
    expected = scipy.stats.mannwhitneyu(a - at, b, alternative=alternative).pvalue
    assert float(Independent(a, b).p(at, alternative)) == pytest.approx(expected, rel=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("at", [0.0, 1.0, -1.5])
@pytest.mark.parametrize("n", [1, 2, 6, 9])
def test_p_is_exact_with_ties(n: int, at: float) -> None:
    """Each of the 2^n signs once: ranks by SciPy, ties shared, zeros dropped. Differences are whole numbers."""
    difference = np.random.default_rng(n).integers(-3, 4, n).astype(float)
    moved = (difference - at)[difference != at]
    ranks = scipy.stats.rankdata(np.abs(moved))
    signs = np.array(list(itertools.product([0, 1], repeat=len(moved))))
    sums, here = signs @ ranks, ranks[moved > 0].sum()
    less, greater = np.mean(sums <= here), np.mean(sums >= here)
    sample = Paired(difference)
    assert float(sample.p(at, "less")) == pytest.approx(less, abs=1e-12)
    assert float(sample.p(at, "greater")) == pytest.approx(greater, abs=1e-12)
    assert float(sample.p(at)) == pytest.approx(min(1, 2 * min(less, greater)), abs=1e-12)


@pytest.mark.parametrize("n", [8, 25, 50, 51, 200])
def test_p_is_scipys_for_any_number_of_seeds(n: int) -> None:
    """Exact up to 50 seeds, and the normal approximation beyond."""
    difference = np.random.default_rng(n).normal(0.2, size=n)
    for alternative in ("two-sided", "less", "greater"):
        expected = scipy.stats.wilcoxon(difference, alternative=alternative).pvalue
        assert float(Paired(difference).p(0.0, alternative)) == pytest.approx(expected, rel=1e-10)


def test_infinite_differences_take_the_largest_ranks() -> None:
    """By hand, n = 5: -1 and -2 are ranks 1 and 2, three of -inf the rest; all below 0: p = 2 / 2^5."""
    assert float(Paired(np.array([-1.0, -2.0, -np.inf, -np.inf, -np.inf])).p()) == 2 / 32
    assert float(Paired(np.zeros(5)).p()) == 1.0


def test_many_samples_are_each_alone() -> None:
    """Rows of a drawn sample: estimate, standard error and p of each, by SciPy on that row."""
    rng = np.random.default_rng(1)
    drawn = Paired(rng.normal(0.2, size=30)).drawn(rng, times=7, n=20)
    assert drawn.difference.shape == (7, 20)
    for row, center, error, p in zip(drawn.difference, drawn.center, drawn.error, drawn.p(), strict=True):
        assert center == pytest.approx(scipy.stats.trim_mean(row, 0.25), rel=1e-12)
        assert error == pytest.approx(mstats.trimmed_stde(row, limits=(0.25, 0.25)), rel=1e-12)
        assert p == pytest.approx(scipy.stats.wilcoxon(row, method="asymptotic").pvalue, rel=1e-12)


def test_least_p_is_what_the_tests_can_give() -> None:
    """All below: 2 / 2^n for signed ranks, 2 / C(n + m, n) for Mann-Whitney."""
    steps = -np.arange(1.0, 7.0)
    assert float(Paired(steps).p()) == pytest.approx(Paired(steps).least_p, rel=1e-12) == 2 / 64
    apart = Independent(np.arange(4.0), 10 + np.arange(5.0))
    assert float(apart.p()) == pytest.approx(apart.least_p, rel=1e-12)


def test_improvement_counts_ties_half() -> None:
    """By hand: below, tie, above, below: 2.5 of 4; every pair of (1, 3) and (2, 2): below twice, above twice."""
    assert Paired(np.array([-1.0, 0.0, 1.0, -2.0])).improvement == 2.5 / 4
    assert Independent(np.array([1.0, 3.0]), np.array([2.0, 2.0])).improvement == 0.5


def test_shift_and_size() -> None:
    """A shifted sample lies there; the smaller of two samples counts, and draws keep their proportion."""
    assert float(Paired(np.arange(5.0)).shifted(-2.0).center) == 0.0
    uneven = Independent(np.zeros(10), np.zeros(20))
    drawn = uneven.drawn(np.random.default_rng(0), times=3, n=5)
    assert (uneven.n, drawn.first.shape, drawn.second.shape) == (10, (3, 5), (3, 10))
