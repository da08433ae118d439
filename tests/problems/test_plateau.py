"""The plateau: two squared errors of SciPy's sigmoid, slopes that vanish, and rules that stay or get off."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.optimize
import torch
from scipy.special import expit

from study.problems.base import Problem
from study.problems.plateau import plateau
from study.randomness import Source
from study.training.result import Trained

Build = Callable[..., Problem]
SEEDS = range(20)
SCALES = np.array([1.0, 3.0])


def test_it_is_the_squared_error_of_two_sigmoids() -> None:
    x = np.random.default_rng(0).uniform(-8, 8, (2, 100))
    expected = 2 * ((expit(x) - 0.5) ** 2).sum(axis=0)
    np.testing.assert_allclose(plateau(*torch.from_numpy(x)), expected, rtol=1e-13)


def test_near_the_minimum_it_is_a_bowl_of_full_precision(problem: Build) -> None:
    """Its curvature is 1/4 and 1/36, so that 1e-9 away it is 1e-18 / 8 or a ninth of that."""
    p = problem("plateau")
    model, data = p.model(), p.data(Source(p.name, 0))
    assert p.loss(model(*data.arguments), data.eval_targets).item() == p.floor(data) == 0
    for name, height in (("x1", 1.25e-19), ("x2", 1.25e-19 / 9)):
        model = p.model()
        torch.nn.init.constant_(model.get_parameter(name), 1e-9)
        assert p.loss(model(*data.arguments), data.eval_targets).item() == pytest.approx(height, rel=1e-12)


def test_slopes_vanish_as_the_exponential() -> None:
    for x in (4.0, -5.0, 6.0):
        assert abs(_slope(x)) == pytest.approx(2 * np.exp(-abs(x)), rel=0.08)
        assert np.sign(_slope(x)) == np.sign(x)
    steepest = scipy.optimize.minimize_scalar(lambda x: -_slope(x), bounds=(0, 4), method="bounded")
    assert -steepest.fun == pytest.approx(
        0.19245, abs=1e-5
    )  # by hand: 1 / (3 sqrt(3)), where tanh is 1 / sqrt(3)
    assert -steepest.fun / _slope(6.0) == pytest.approx(39, abs=0.5)


def test_starts_are_on_the_plateau_in_every_quadrant(problem: Build) -> None:
    starts = np.array([_start(problem("plateau"), seed) for seed in SEEDS]) / SCALES
    assert (np.abs(starts) >= 4).all()
    assert (np.abs(starts) <= 6).all()
    assert len(np.unique(np.sign(starts), axis=0)) == 4
    assert len(np.unique(starts, axis=0)) == len(SEEDS)
    np.testing.assert_array_equal(starts[3] * SCALES, _start(problem("plateau"), 3))
    assert (2 * ((expit(starts) - 0.5) ** 2).sum(axis=1) > 0.92).all()


@pytest.mark.slow
def test_gradient_descent_stays_where_a_rule_that_divides_by_the_slope_gets_off(
    trained: Callable[..., Trained],
) -> None:
    """The largest curvature is 1/4: at 0.1, far less than 4, gradient descent falls in every step."""
    sgd, rmsprop = (
        trained(
            "problem=plateau", f"optimizer={name}", "optimizer.lr=0.1", "seeds=20", "epochs=100"
        ).train_loss
        for name in ("sgd", "rmsprop")
    )
    assert (np.diff(sgd) < 0).all()
    assert np.median(sgd[:, -1]) > 0.9
    assert (rmsprop[:, -1] < 0.25).all()


def _slope(x: float) -> float:
    """Return the slope along one coordinate, of SciPy's sigmoid, by hand."""
    return float(4 * (expit(x) - 0.5) * expit(x) * expit(-x))


def _start(problem: Problem, seed: int) -> list[float]:
    model = problem.model()
    problem.initialise(model, Source(problem.name, seed))
    return [parameter.item() for parameter in model.parameters()]
