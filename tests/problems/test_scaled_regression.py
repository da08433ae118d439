"""Badly scaled regression: the units, a floor that does not notice them, and gradient descent that does."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from study.errors import InvalidInput
from study.problems.base import Data, Problem
from study.problems.scaled_regression import ScaledRegression
from study.randomness import Source

Build = Callable[..., Problem]
SCALES = np.geomspace(1, 100, 20)


def test_units_go_from_1_to_100(problem: Build) -> None:
    spread = np.sort(_data(problem, 0).inputs.double().numpy().std(axis=0))
    np.testing.assert_allclose(spread, SCALES, rtol=0.12)  # 4 standard errors, 1 / sqrt(2 * 640) each


def test_the_hessian_has_a_condition_number_of_1e4(problem: Build) -> None:
    for seed in range(3):
        design = _design(_data(problem, seed))
        eigenvalues = np.linalg.eigvalsh(design.T @ design / len(design))
        assert 5e3 < eigenvalues[-1] / eigenvalues[0] < 2e4


def test_seeds_give_units_to_other_features_and_each_the_same_again(problem: Build) -> None:
    first, again, other = (_data(problem, seed) for seed in (3, 3, 4))
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets, again.targets)
    orders = [data.inputs.std(dim=0).argsort() for data in (first, other)]
    assert not torch.equal(*orders)


def test_the_floor_is_that_of_the_features_without_their_units(problem: Build) -> None:
    data = _data(problem, 1)
    x, y = data.inputs.double().numpy(), data.targets.double().numpy()
    plain = np.hstack([x / x.std(axis=0), np.ones((640, 1))])
    theta, residual, *_ = np.linalg.lstsq(plain, y)
    assert problem("scaled_regression").floor(data) == pytest.approx(residual[0] / 640 / 2, rel=1e-8)
    assert residual[0] / 640 == pytest.approx(0.01 * (1 - 21 / 640), rel=0.23)  # 4 standard errors
    assert 0.4 < np.sqrt((theta[:-1] ** 2).mean()) < 1.7  # no feature matters more by its unit


def test_gradient_descent_notices_the_units(problem: Build) -> None:
    """At 1/L it never goes up; after 300 steps much is left, and nothing where each feature has its own unit."""
    data = _data(problem, 0)
    y, design = data.targets.double().numpy()[:, 0], _design(data)
    floor = problem("scaled_regression").floor(data)
    assert floor is not None
    badly, well = (
        _descended(x, y)
        for x in (design, np.hstack([design[:, :-1] / design[:, :-1].std(axis=0), design[:, -1:]]))
    )
    assert (np.diff(badly) < 0).all()
    assert (badly[-1] - floor) / (badly[0] - floor) > 0.1
    assert (well[-1] - floor) / (well[0] - floor) < 1e-9


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scales": [1.0]}, r"problem.scales must be a list of 2 finite numbers > 0, got \[1.0\]"),
        ({"scales": [0.0, 1.0]}, r"problem.scales must be a list of 2 finite numbers > 0, got \[0.0, 1.0\]"),
        ({"noise": -0.1}, r"problem.noise must be a finite number >= 0, got -0.1"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = partial(ScaledRegression, "scaled", points=9, features=2, scales=[1.0, 9.0], noise=0.1, cap=1e6)
    with pytest.raises(InvalidInput, match=message):
        right(**wrong)


def _descended(design: np.ndarray, y: np.ndarray) -> list[float]:
    rate, theta = len(y) / np.linalg.norm(design, 2) ** 2, np.zeros(design.shape[1])
    losses = []
    for _ in range(300):
        error = design @ theta - y
        losses.append(float((error**2).mean() / 2))
        theta = theta - rate * design.T @ error / len(y)
    return losses


def _data(problem: Build, seed: int) -> Data:
    return problem("scaled_regression").data(Source("scaled_regression", seed))


def _design(data: Data) -> np.ndarray:
    return np.hstack([data.inputs.double().numpy(), np.ones((len(data.inputs), 1))])
