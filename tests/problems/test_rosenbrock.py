"""Rosenbrock's function against SciPy's: height, gradient and curvature, its turning valley and the descent in it."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.optimize
import torch
from scipy.optimize import rosen, rosen_der, rosen_hess

from study.problems.base import Problem
from study.problems.rosenbrock import rosenbrock
from study.randomness import Source
from study.training.result import Trained

Build = Callable[..., Problem]
SEEDS = range(20)


@pytest.mark.parametrize("x", [(-1.5, 2.0), (0.0, 0.0), (0.3, -4.0), (2.0, 4.1)])
def test_height_gradient_and_curvature_are_scipys(x: tuple[float, float]) -> None:
    place = tuple(torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in x)
    height = rosenbrock(*place)
    gradient = torch.autograd.grad(height, place, create_graph=True)
    curvature = [[float(v) for v in torch.autograd.grad(g, place, retain_graph=True)] for g in gradient]
    assert height.item() == pytest.approx(rosen(x), rel=1e-14)
    np.testing.assert_allclose([g.item() for g in gradient], rosen_der(x), rtol=1e-13)
    np.testing.assert_allclose(curvature, rosen_hess(x), rtol=1e-13)


def test_the_floor_is_reached_at_one_and_one(problem: Build) -> None:
    p = problem("rosenbrock")
    model, data = p.model(), p.data(Source(p.name, 0))
    for parameter in model.parameters():
        torch.nn.init.ones_(parameter)
    assert p.loss(model(*data.arguments), data.eval_targets).item() == p.floor(data) == 0


def test_the_valley_is_narrow_and_turns() -> None:
    """From a place before the bend to the minimum its direction turns by more than a right angle."""
    assert np.linalg.cond(rosen_hess([1, 1])) == pytest.approx(2508, abs=1)
    along = [np.linalg.eigh(rosen_hess([x, x * x]))[1][:, 0] for x in (-1.5, 1.0)]
    angles = [np.degrees(np.arctan(direction[1] / direction[0])) for direction in along]
    assert angles[0] == pytest.approx(np.degrees(np.arctan(-3)), abs=0.5)  # the parabola's slope, 2 x
    assert angles[1] - angles[0] > 90


def test_starts_lie_around_theirs_behind_the_bend(problem: Build) -> None:
    starts = np.array([_start(problem("rosenbrock"), seed) for seed in SEEDS])
    assert np.abs(starts - [-1.5, 2.0]).max() <= 0.1
    assert len(np.unique(starts, axis=0)) == len(SEEDS)
    np.testing.assert_array_equal(starts[3], _start(problem("rosenbrock"), 3))
    heights = rosen(starts.T)
    assert 5 < heights.min() < 10
    assert 20 < heights.max() < 50


@pytest.mark.slow
def test_gradient_descent_is_a_plain_loops_and_falls(problem: Build, trained: Callable[..., Trained]) -> None:
    """At 1 / L, the largest eigenvalue of the Hessian on the way, it only falls, and in 150 steps hardly gets on."""
    result = trained("problem=rosenbrock", "optimizer=sgd", "optimizer.lr=0.0003", "seeds=1", "epochs=150")
    x, path = np.array(_start(problem("rosenbrock"), 0)), []
    for _ in range(151):
        path.append(x)
        assert 0.0003 * np.linalg.eigvalsh(rosen_hess(x))[-1] < 1
        x = x - 0.0003 * rosen_der(x)
    found = np.stack([result.series[f"param/{name}"].values[0] for name in ("x1", "x2")], axis=1)
    np.testing.assert_allclose(found, path, rtol=1e-9)
    assert (np.diff(result.train_loss[0]) < 0).all()
    assert result.train_loss[0, -1] > 1


@pytest.mark.parametrize("seed", [0, 10])
def test_a_second_order_method_gets_to_the_end(seed: int, problem: Build) -> None:
    found = scipy.optimize.minimize(rosen, _start(problem("rosenbrock"), seed), jac=rosen_der, method="BFGS")
    np.testing.assert_allclose(found.x, [1, 1], atol=1e-4)


def _start(problem: Problem, seed: int) -> list[float]:
    model = problem.model()
    problem.initialise(model, Source(problem.name, seed))
    return [parameter.item() for parameter in model.parameters()]
