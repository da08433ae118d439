"""The bootstrap of a median against SciPy's on the same stream, and against hand arithmetic at infinity."""

import numpy as np
import pytest
import scipy.stats

from study.errors import InvalidInput
from study.stats.bootstrap import Bootstrap, median_interval


@pytest.mark.parametrize("runs", [1, 2, 5, 20, 25])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
def test_equals_scipy_on_the_same_stream(runs: int, confidence: float) -> None:
    """The same indices into the sorted sample give the same interval, to one interpolation's rounding."""
    values = np.random.default_rng(runs).lognormal(size=(runs, 3))
    median, low, high = median_interval(values, Bootstrap(confidence, 999, seed=4))
    for column in range(3 if runs > 1 else 0):  # SciPy refuses a sample of one
        expected = scipy.stats.bootstrap(
            (np.sort(values[:, column]),), np.median, confidence_level=confidence, n_resamples=999,
            method="percentile", rng=np.random.default_rng(4),
        ).confidence_interval  # fmt: skip
        assert (low[column], high[column]) == pytest.approx((expected.low, expected.high), rel=1e-12)
    assert median == pytest.approx(np.median(values, axis=0), rel=1e-15)
    if runs == 1:
        assert (low == values[0]).all()
        assert (high == values[0]).all()


def test_infinity_is_a_value_that_ranks_last() -> None:
    """With +inf replaced by a huge number the order of all medians is the same: so are all finite ends."""
    finite = np.random.default_rng(0).lognormal(size=(10, 4))
    infinite = finite.copy()
    for column in range(4):
        infinite[: 2 * column, column] = np.inf
    huge = np.where(np.isinf(infinite), 1e200, infinite)
    got = median_interval(infinite, Bootstrap(seed=1))
    expected = median_interval(huge, Bootstrap(seed=1))
    for ours, theirs in zip(got, expected, strict=True):
        assert not np.isnan(ours).any()
        assert ours == pytest.approx(np.where(theirs > 1e100, np.inf, theirs), rel=1e-12)
    assert np.isinf(got[0]).tolist() == [False, False, False, True]  # 6 of 10: the middle is lost
    assert np.isinf(got[2]).any()


def test_all_infinite_is_infinite() -> None:
    """No inf - inf anywhere."""
    median, low, high = median_interval(np.full((6, 1), np.inf), Bootstrap())
    assert (median[0], low[0], high[0]) == (np.inf, np.inf, np.inf)


def test_a_percentile_that_falls_on_a_rank_ignores_an_infinite_neighbour() -> None:
    """101 resamples, quartiles at ranks 25 and 75 exactly: inf times a weight of 0 would be NaN."""
    values = np.array([[1.0], [2.0], [3.0], [np.inf], [np.inf]])
    _, low, high = median_interval(values, Bootstrap(0.5, 101))
    huge = np.where(np.isinf(values), 1e200, values)
    expected = median_interval(huge, Bootstrap(0.5, 101))
    assert not np.isnan([low, high]).any()
    assert low == expected[1]
    full = np.full((5, 1), np.inf)
    assert median_interval(full, Bootstrap(0.5, 101))[1] == np.inf


def test_two_values_by_hand() -> None:
    """Of {0, 1} a resample's median is 0, 1/2 or 1 with probability 1/4, 1/2 and 1/4."""
    values = np.array([[0.0], [1.0]])
    _, low, high = median_interval(values, Bootstrap(0.6))
    assert (low[0], high[0]) == (0.0, 1.0)
    _, low, high = median_interval(values, Bootstrap(0.4))
    assert (low[0], high[0]) == (0.5, 0.5)


def test_repeats_bitwise() -> None:
    """The same stream gives the same bits."""
    values = np.random.default_rng(0).normal(size=(9, 5))
    first, second = (median_interval(values, Bootstrap(seed=3)) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("values", [np.empty((0, 2)), np.array([[np.nan], [1.0]])])
def test_refuses_what_has_no_median(values: np.ndarray) -> None:
    """NaN would sort like a divergence without being one: a bug, which a person cannot cause."""
    with pytest.raises(ValueError, match="must hold at least one value and no NaN") as caught:
        median_interval(values, Bootstrap())
    assert not isinstance(caught.value, InvalidInput)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"confidence": 1.0}, r"^report.confidence must be a number in \(0, 1\), got 1.0$"),
        ({"confidence": True}, "got True"),
        ({"resamples": 99}, "^report.resamples must be a whole number from 100 to 100000, got 99$"),
        ({"resamples": 10**9}, "got 1000000000"),
        ({"seed": -1}, "^report.seed must be a whole number >= 0, got -1$"),
    ],
)
def test_ranges(values: dict[str, float], said: str) -> None:
    """A billion resamples would take all memory."""
    with pytest.raises(InvalidInput, match=said):
        Bootstrap(**values)  # type: ignore[arg-type]


def test_no_interval_depends_on_another() -> None:
    """Each draws from a fresh stream."""
    bootstrap = Bootstrap(seed=3)
    assert bootstrap.rng().random() == bootstrap.rng().random()
