"""Beale's function: its polynomial by hand, its flats, walls and valleys, and a small rate that stays."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import scipy.optimize
import torch
from numpy.polynomial import polynomial
from torch.autograd.functional import hessian

from study.problems.base import Problem
from study.problems.beale import beale
from study.randomness import Source
from study.training.result import Trained

Build = Callable[..., Problem]
SEEDS = range(20)
CONSTANTS = (1.5, 2.25, 2.625)
FLAT = 14.203125  # the sum of their squares


def test_it_is_the_polynomial_multiplied_out() -> None:
    x1, x2 = np.random.default_rng(0).uniform(-4, 4, (2, 50))
    found = beale(torch.from_numpy(x1), torch.from_numpy(x2))
    np.testing.assert_allclose(found, _height(x1, x2), rtol=1e-11)


@pytest.mark.parametrize(
    ("x", "height"), [((3.0, 0.5), 0.0), ((0.0, 0.0), FLAT), ((2.0, 0.0), 0.703125), ((0.0, 7.0), FLAT)]
)
def test_heights_by_hand(x: tuple[float, float], height: float) -> None:
    assert beale(*torch.tensor(x, dtype=torch.float64)).item() == height


def test_the_floor_is_reached_at_the_minimum(problem: Build) -> None:
    p = problem("beale")
    model, data = p.model(), p.data(Source(p.name, 0))
    for parameter, value in zip(model.parameters(), (3.0, 0.5), strict=True):
        torch.nn.init.constant_(parameter, value)
    assert p.loss(model(*data.arguments), data.eval_targets).item() == p.floor(data) == 0
    np.testing.assert_array_equal(_gradient(np.array([[3.0, 0.5]])), 0)


def test_between_the_level_lines_is_a_saddle() -> None:
    """Where x1 = 0 and x2 = 1 cross; by hand the Hessian there is 2 sum i c_i = 27.75 off the diagonal."""
    along = torch.linspace(-3, 3, 13, dtype=torch.float64)
    for line in (beale(along, torch.ones(13)), beale(torch.zeros(13), along)):
        np.testing.assert_allclose(line, FLAT, rtol=1e-14)
    curvature = torch.tensor(hessian(beale, (torch.tensor(0.0), torch.tensor(1.0))))
    np.testing.assert_allclose(curvature, [[0, 27.75], [27.75, 0]], rtol=1e-6, atol=1e-6)


def test_the_other_valley_has_no_end() -> None:
    """At x1 = -1000 its floor is near its limit, sum c_i^2 - (sum i c_i)^2 / 14."""
    across = np.linspace(1, 1.003, 3001)
    least = _height(np.full_like(across, -1000), across).min()
    assert least == pytest.approx(FLAT - 13.875**2 / 14, abs=2e-3)
    assert least == pytest.approx(0.4525, abs=2e-3)


def test_starts_are_flat_and_walls_are_near(problem: Build) -> None:
    starts = np.array([_start(problem("beale"), seed) for seed in SEEDS])
    assert np.abs(starts - [0.1, 0.9]).max() <= 0.05
    assert len(np.unique(starts, axis=0)) == len(SEEDS)
    np.testing.assert_array_equal(starts[3], _start(problem("beale"), 3))
    slopes = np.linalg.norm(_gradient(starts), axis=1)
    assert np.linalg.norm(_gradient(np.array([[3.0, 3.0]]))) > 2000 * slopes.max()


@pytest.mark.slow
def test_a_small_rate_stays_and_a_fair_one_reaches_the_minimums_valley(
    problem: Build, trained: Callable[..., Trained]
) -> None:
    """Of plain loops; the stack meets the same losses. All 20 seeds get there."""
    starts = np.array([_start(problem("beale"), seed) for seed in SEEDS])
    small, fair = (_descend(starts, rate) for rate in (0.001, 0.01))
    assert small[10].min() > 0.9 * small[0].max()
    assert small[-1].max() < 3
    assert (np.diff(small, axis=0) < 0).all()
    assert fair[-1].max() < 0.02
    result = trained("problem=beale", "optimizer=sgd", "optimizer.lr=0.001", "seeds=3", "epochs=100")
    np.testing.assert_allclose(result.train_loss, small[:100, :3].T, rtol=1e-9)


@pytest.mark.parametrize("seed", [0, 10])
def test_a_second_order_method_finds_the_minimum(seed: int, problem: Build) -> None:
    start = _start(problem("beale"), seed)
    found = scipy.optimize.minimize(lambda x: _height(x[:1], x[1:]).item(), start, method="BFGS")
    np.testing.assert_allclose(found.x, [3, 0.5], atol=1e-4)


def _height(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    return np.asarray(polynomial.polyval2d(x1, x2, _polynomial()))


def _gradient(x: np.ndarray) -> np.ndarray:
    """Return NumPy's derivatives of the polynomial at each place, the rows of x."""
    return np.stack([polynomial.polyval2d(x[:, 0], x[:, 1], slope) for slope in _slopes()], axis=1)


def _descend(x: np.ndarray, rate: float) -> np.ndarray:
    losses = []
    for _ in range(301):
        losses.append(_height(x[:, 0], x[:, 1]))
        x = x - rate * _gradient(x)
    return np.array(losses)


def _start(problem: Problem, seed: int) -> list[float]:
    model = problem.model()
    problem.initialise(model, Source(problem.name, seed))
    return [parameter.item() for parameter in model.parameters()]


@cache
def _polynomial() -> np.ndarray:
    """Return the function's coefficients, [power of x1, power of x2], multiplied out by NumPy."""
    total = np.zeros((3, 7))
    for power, constant in enumerate(CONSTANTS, 1):
        inner = np.zeros(power + 1)
        inner[0], inner[power] = -1, 1  # of x1: x2^i - 1
        total[0, 0] += constant**2
        total[1, : power + 1] += 2 * constant * inner
        total[2, : 2 * power + 1] += polynomial.polymul(inner, inner)
    return total


@cache
def _slopes() -> tuple[np.ndarray, ...]:
    return tuple(polynomial.polyder(_polynomial(), axis=axis) for axis in (0, 1))
