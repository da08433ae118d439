"""The saddle: its formula and curvatures by hand, and a plain loop that rests near it before it escapes."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd.functional import hessian

from study.problems.base import Problem
from study.randomness import Source
from study.training.result import Trained

Build = Callable[..., Problem]
SEEDS = range(20)


def test_it_is_the_textbook_saddle_with_two_and_a_half_added(problem: Build) -> None:
    p = problem("saddle")
    x, y = np.random.default_rng(0).normal(size=(2, 10))
    expected = (x**2).sum() / 2 + (-(y**2) / 2 + y**4 / 4).sum() + 2.5
    assert _loss(p, x, y) == pytest.approx(expected, rel=1e-13)


def test_the_floor_is_reached_at_every_corner_and_the_saddle_is_above(problem: Build) -> None:
    p = problem("saddle")
    floor = p.floor(p.data(Source(p.name, 0)))
    for signs in np.random.default_rng(0).choice([-1.0, 1.0], (5, 10)):
        assert _loss(p, np.zeros(10), signs) == floor == 0
    assert _loss(p, np.zeros(10), np.zeros(10)) == 2.5


@pytest.mark.parametrize(("place", "along_y"), [(0.0, -1.0), (1.0, 2.0)])
def test_the_curvatures(place: float, along_y: float, problem: Build) -> None:
    """By hand: 1 along each x, 3 y^2 - 1 along each y; at the origin ten of each sign, so a strict saddle."""
    p = problem("saddle")
    model, data = p.model(), p.data(Source(p.name, 0))

    def height(flat: torch.Tensor) -> torch.Tensor:
        params = {"x": flat[:10], "y": flat[10:]}
        return p.loss(torch.func.functional_call(model, params, data.arguments), data.targets)

    flat = torch.cat([torch.zeros(10), torch.full((10,), place)]).double()
    np.testing.assert_allclose(hessian(height, flat), np.diag([1.0] * 10 + [along_y] * 10), atol=1e-14)


def test_starts_are_near_the_saddle_along_y_alone(problem: Build) -> None:
    starts = np.stack([_start(problem("saddle"), seed) for seed in SEEDS])
    x, y = starts[:, 0], starts[:, 1]
    assert x.std() == pytest.approx(1, rel=0.2)  # of 200 numbers
    assert y.std() == pytest.approx(1e-3, rel=0.2)
    assert len(np.unique(y[:, 0])) == len(SEEDS)
    np.testing.assert_array_equal(starts[3], _start(problem("saddle"), 3))


@pytest.mark.slow
def test_gradient_descent_rests_near_the_saddle_and_then_escapes(
    problem: Build, trained: Callable[..., Trained]
) -> None:
    """As a plain loop does: x shrinks as 0.9^t, y grows as 1.1^t while it is small, all within 1 / L, a half."""
    result = trained("problem=saddle", "optimizer=sgd", "optimizer.lr=0.1", "seeds=3", "epochs=200")
    x, y = np.stack([_start(problem("saddle"), seed) for seed in range(3)], axis=1)
    first, losses = np.stack([x, y]), []
    for t in range(201):
        if t == 20:
            np.testing.assert_allclose(x, 0.9**20 * first[0], rtol=1e-12)
            np.testing.assert_allclose(y, 1.1**20 * first[1], rtol=1e-3)
        losses.append((x**2).sum(axis=1) / 2 + ((y**2 - 1) ** 2).sum(axis=1) / 4)
        x, y = x - 0.1 * x, y - 0.1 * (y**3 - y)
    expected = np.array(losses)
    np.testing.assert_allclose(result.train_loss.T, expected[:-1], rtol=1e-9, atol=1e-20)  # of y^2 - 1
    assert (np.diff(result.train_loss[:, :160]) < 0).all()
    np.testing.assert_allclose(result.train_loss[:, 40], 2.5, rtol=0.01)
    assert result.series["eval/loss"].values[:, -1].max() < 1e-12


def test_a_rule_that_divides_by_the_slope_leaves_at_once(trained: Callable[..., Trained]) -> None:
    """At the same rate, after the 40 steps at which gradient descent is still at 2.5."""
    adam = trained("problem=saddle", "optimizer=adam", "optimizer.lr=0.1", "seeds=3", "epochs=41")
    assert adam.train_loss[:, 40].max() < 0.5


def _loss(problem: Problem, x: np.ndarray, y: np.ndarray) -> float:
    model, data = problem.model(), problem.data(Source(problem.name, 0))
    nn.utils.vector_to_parameters(torch.from_numpy(np.concatenate([x, y])), model.parameters())
    return problem.loss(model(*data.arguments), data.eval_targets).item()


def _start(problem: Problem, seed: int) -> np.ndarray:
    model = problem.model()
    problem.initialise(model, Source(problem.name, seed))
    return np.stack([parameter.detach().numpy() for parameter in model.parameters()])
