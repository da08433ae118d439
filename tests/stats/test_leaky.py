"""The weights of a leaky average against the recursion they come from."""

import numpy as np
import pytest

from study.stats.leaky import leaky_weights


@pytest.mark.parametrize("gamma", [0.95, 0.9, 0.8, 0.7, 0.0])
def test_weights_reproduce_the_recursion(gamma: float) -> None:
    """s_t = gamma s_{t-1} + (1 - gamma) v_t from s = 0, in a loop; float64, 40 products: 1e-13."""
    values = np.random.default_rng(0).normal(size=40)
    state = 0.0
    for value in values:
        state = gamma * state + (1 - gamma) * value
    assert leaky_weights(gamma, 40) @ values[::-1] == pytest.approx(state, rel=1e-13)
    assert leaky_weights(gamma, 40).sum() == pytest.approx(1 - gamma**40, rel=1e-13)
