"""Newton's method against a linear solve, SciPy and a function on which undamped steps fly away."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import Tensor
from torch.autograd.functional import hessian, jacobian

from study.problems.newton import Derivatives, minimiser


def _derived(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Derivatives]:
    return lambda place: (function(place), jacobian(function, place), hessian(function, place))


def test_a_quadratic_takes_one_step() -> None:
    rng = np.random.default_rng(0)
    root, b = rng.standard_normal((5, 5)), rng.standard_normal(5)
    matrix = root @ root.T + np.eye(5)
    a, c = torch.from_numpy(matrix), torch.from_numpy(b)
    places = []

    def derivatives(x: Tensor) -> Derivatives:
        places.append(x)
        return x @ a @ x / 2 - c @ x, a @ x - c, a

    found = minimiser(derivatives, torch.zeros(5, dtype=torch.float64))
    np.testing.assert_allclose(found, np.linalg.solve(matrix, b), rtol=1e-10)
    assert len(places) == 2  # the start and the end


def test_a_smooth_convex_function_has_scipys_minimum() -> None:
    rows = np.random.default_rng(1).standard_normal((20, 4))

    def value(x: np.ndarray) -> float:
        return float(np.log1p(np.exp(rows @ x + 1)).mean() + 0.05 * x @ x)

    theirs = minimize(value, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    matrix = torch.from_numpy(rows)
    ours = minimiser(
        _derived(lambda x: (matrix @ x + 1).exp().log1p().mean() + 0.05 * x @ x),
        torch.zeros(4, dtype=torch.float64),
    )
    np.testing.assert_allclose(ours, theirs.x, atol=1e-6)  # SciPy's differences end at some 1e-8
    assert value(ours.numpy()) <= value(theirs.x) + 1e-15


def test_steps_are_shortened_where_whole_ones_fly_away() -> None:
    """On sqrt(1 + x^2) a whole step goes from x to -x^3, away from 0 if |x| > 1."""
    start = torch.tensor([3.0], dtype=torch.float64)
    found = minimiser(_derived(lambda x: (1 + x.square()).sqrt().sum()), start)
    assert abs(found.item()) < 1e-9


def test_derivatives_of_another_function_are_an_error() -> None:
    with pytest.raises(ArithmeticError, match="the gradient must fall to 1e-10 in 100 steps, got 1"):
        minimiser(
            lambda x: (-x.sum(), -torch.ones_like(x), torch.eye(1, dtype=x.dtype)),
            torch.zeros(1, dtype=torch.float64),
        )


def test_a_function_that_is_not_convex_is_an_error() -> None:
    with pytest.raises(ArithmeticError, match="the Hessian must be positive definite"):
        minimiser(_derived(lambda x: x.cos().sum()), torch.full((1,), 0.1, dtype=torch.float64))
