"""Populations: an interquartile mean of 0, known from n values to 1 / sqrt(n), whatever the shape."""

import math

import numpy as np
import pytest
import scipy.stats

from study.certify.calibrate.populations import POPULATIONS


@pytest.mark.parametrize("name", POPULATIONS)
def test_interquartile_means_are_centred_and_spread_alike(name: str) -> None:
    """4,000 samples of 101, SciPy's trimmed mean. Within 10%, the center within 1 / n: for large n."""
    drawn = POPULATIONS[name].draw(np.random.default_rng(0), (4000, 101))
    means = scipy.stats.trim_mean(drawn, 0.25, axis=1)
    assert means.std() * math.sqrt(101) == pytest.approx(1, rel=0.1)
    assert abs(means.mean()) < 1 / 101 + 4 * means.std() / math.sqrt(4000)


def test_shapes_are_what_they_are_called() -> None:
    """The normal's spread by hand: its interquartile mean has an efficiency of .838, so sd = sqrt(.838)."""
    rng = np.random.default_rng(1)
    drawn = {name: population.draw(rng, 100_000) for name, population in POPULATIONS.items()}
    assert drawn["normal"].std() == pytest.approx(math.sqrt(0.838), rel=0.01)
    assert scipy.stats.kstest(drawn["normal"] / drawn["normal"].std(), "norm").pvalue > 0.001
    skew = {name: scipy.stats.skew(values) for name, values in drawn.items()}
    assert skew["lognormal"] > 3
    assert skew["two groups"] > 0.5
    assert skew["skewed to the left"] == pytest.approx(-2, rel=0.1)  # the exponential's
    tails = {name: np.mean(np.abs(values) > 10) for name, values in drawn.items()}
    assert tails["Cauchy"] > tails["t of 2 degrees"] > tails["normal"] == 0
