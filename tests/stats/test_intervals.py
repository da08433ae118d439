"""Exact intervals of a median against SciPy's own, simulated coverage and hand arithmetic at infinity."""

import numpy as np
import pytest
import scipy.stats

from study.stats.intervals import coverage, median_interval, name, order, percent


@pytest.mark.parametrize(
    ("n", "ends", "share"),
    [(1, (1, 1), 0.0), (2, (1, 2), 0.5), (3, (1, 3), 0.75), (5, (1, 5), 0.9375), (6, (1, 6), 0.96875),
     (10, (2, 9), 0.979), (20, (6, 15), 0.959), (25, (8, 18), 0.957), (50, (18, 33), 0.967)],
)  # fmt: skip
def test_order_statistics_and_their_coverage_by_the_tables(
    n: int, ends: tuple[int, int], share: float
) -> None:
    """The values of a textbook's table, and of hand arithmetic below 6: 1 - 2^(1-n)."""
    median, low, high = median_interval(np.arange(n, 0.0, -1)[:, None], 0.95)
    assert (low[0], high[0]) == ends
    assert median[0] == (n + 1) / 2
    assert coverage(n, 0.95) == pytest.approx(share, abs=5e-4)


@pytest.mark.parametrize("n", [6, 7, 19, 20, 25, 50, 101, 1000])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
def test_the_narrowest_that_is_enough_and_scipys_coverage(n: int, confidence: float) -> None:
    """One step further in, SciPy's binomial distribution has less than was asked; rounding of its sums: 1e-12."""
    k = order(n, confidence)

    def covered(k: int) -> float:
        return 1 - 2 * float(scipy.stats.binom.cdf(k - 1, n, 0.5))

    assert coverage(n, confidence) == pytest.approx(covered(k), rel=1e-12)
    assert covered(k + 1) < confidence
    assert covered(k) >= confidence or k == 1


@pytest.mark.parametrize("n", [10, 20, 25, 60])
def test_ends_are_those_of_scipys_quantile_test(n: int) -> None:
    """One-sided at half the error each, its interval ends at the same order statistics."""
    values = np.random.default_rng(n).lognormal(size=n)
    _, low, high = median_interval(values[:, None], 0.95)
    above = scipy.stats.quantile_test(values, p=0.5, alternative="less").confidence_interval(0.975)
    below = scipy.stats.quantile_test(values, p=0.5, alternative="greater").confidence_interval(0.975)
    assert (low[0], high[0]) == (below.low, above.high)


@pytest.mark.parametrize("n", [3, 10, 25])
def test_simulated_samples_are_covered_as_often_as_said(n: int) -> None:
    """20,000 lognormal samples, median 1; four standard errors of a share of 20,000 are at most 0.0122."""
    _, low, high = median_interval(np.random.default_rng(1).lognormal(size=(n, 20_000)), 0.95)
    assert np.mean((low <= 1) & (high >= 1)) == pytest.approx(coverage(n, 0.95), abs=0.0122)


def test_each_column_is_a_sample_of_its_own() -> None:
    values = np.random.default_rng(0).normal(size=(9, 4))
    together = np.stack(median_interval(values, 0.95))
    for column in range(4):
        assert (np.stack(median_interval(values[:, [column]], 0.95))[:, 0] == together[:, column]).all()
    assert (together[0] == np.median(values, axis=0)).all()


def test_infinity_is_a_value_that_ranks_last() -> None:
    """By hand, of ten: X2 and X9 with none, two and six infinite; the middle of X5 and X6 is lost with the last."""
    values = np.tile(np.arange(1.0, 11.0)[:, None], 3)
    values[8:, 1] = values[4:, 2] = np.inf
    median, low, high = median_interval(values, 0.95)
    assert median.tolist() == [5.5, 5.5, np.inf]
    assert low.tolist() == [2.0, 2.0, 2.0]
    assert high.tolist() == [9.0, np.inf, np.inf]
    assert np.stack(median_interval(np.full((6, 1), np.inf), 0.95)).tolist() == [[np.inf]] * 3


@pytest.mark.parametrize("values", [np.empty((0, 2)), np.array([[np.nan], [1.0]])])
def test_refuses_what_has_no_median(values: np.ndarray) -> None:
    """NaN would sort like a divergence without being one: a bug, which a person cannot cause."""
    with pytest.raises(ValueError, match="must hold at least one value and no NaN"):
        median_interval(values, 0.95)


def test_a_share_is_never_rounded_up_to_the_whole() -> None:
    assert [percent(share) for share in (0.9375, 0.9567, 0.9995, 0.99999)] == [
        "93.8%",
        "95.7%",
        "99.95%",
        "99.999%",
    ]


def test_a_table_names_its_intervals_by_their_coverage() -> None:
    """A single run has none, and takes no part in the name."""
    assert name([25, 1], 0.95) == "95.7% interval"
    assert name([3], 0.95) == "75% interval"
    assert name([25, 3, 10], 0.95) == "75% to 97.9% interval"
    assert name([1], 0.95) == "interval"
