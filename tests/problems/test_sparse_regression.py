"""Sparse regression: how often features are there, the floor, and who is left behind by gradient descent."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from study.errors import InvalidInput
from study.problems.base import Data, Problem
from study.problems.sparse_regression import SparseRegression
from study.randomness import Source

Build = Callable[..., Problem]


def test_rates_fall_from_080_to_0013(problem: Build) -> None:
    rates = np.geomspace(0.8, 0.013, 50)
    there = np.array([np.sort(_frequencies(_data(problem, seed)))[::-1] for seed in range(5)])
    error = np.sqrt(rates * (1 - rates) / (5 * 1024))
    assert (abs(there.mean(axis=0) - rates) < 5 * error + 0.01).all()  # sorting moves neighbours a little
    assert there[:, 0].min() > 0.75
    assert 0 < there[:, -1].max() < 0.03


def test_a_feature_that_is_there_is_standard_normal(problem: Build) -> None:
    values = _data(problem, 0).inputs.numpy()
    values = values[values != 0]
    assert values.mean() == pytest.approx(0, abs=0.04)  # 4 standard errors
    assert values.std() == pytest.approx(1, abs=0.03)


def test_the_targets_have_noise_of_a_tenth(problem: Build) -> None:
    """Left over by least squares of 51 coefficients: 0.1^2 (1 - 51/1024) / 2 in the mean."""
    p = problem("sparse_regression")
    floors = np.array([p.floor(_data(problem, seed)) for seed in range(10)], dtype=np.float64)
    assert floors.mean() == pytest.approx(0.005 * (1 - 51 / 1024), rel=0.06)  # 4 standard errors
    assert len(np.unique(floors)) == 10


def test_floor_is_numpys_least_squares(problem: Build) -> None:
    data = _data(problem, 1)
    _, residual, rank, _ = np.linalg.lstsq(_design(data), data.targets.double().numpy())
    assert rank == 51
    assert problem("sparse_regression").floor(data) == pytest.approx(residual[0] / 1024 / 2, rel=1e-8)


def test_seeds_give_rates_to_other_features_and_each_the_same_again(problem: Build) -> None:
    first, again, other = (_data(problem, seed) for seed in (3, 3, 4))
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets, again.targets)
    ranks = [_frequencies(data).argsort().argsort() for data in (first, other)]
    assert abs(np.asarray(np.corrcoef(ranks))[0, 1]) < 0.6  # 4 standard errors


def test_gradient_descent_leaves_rare_features_behind(problem: Build) -> None:
    """At the rate 1/L it never goes up, and what is left of a coefficient's error goes like (1 - r/L)^steps."""
    data = _data(problem, 0)
    design, y = _design(data), data.targets.double().numpy()[:, 0]
    hessian, best = design.T @ design / len(y), np.linalg.lstsq(design, y)[0]
    rate, theta, losses = 1 / np.linalg.eigvalsh(hessian)[-1], np.zeros(51), []
    for _ in range(100):
        losses.append(((design @ theta - y) ** 2).mean() / 2)
        theta -= rate * (hessian @ theta - design.T @ y / len(y))
    assert (np.diff(losses) < 0).all()
    left, order = abs(theta - best)[:-1] / abs(best[:-1]), _frequencies(data).argsort()
    assert np.median(left[order[:10]]) > 0.1
    assert np.median(left[order[-10:]]) < 0.01  # what the rare ones, not found yet, add by chance


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"features": 0}, r"problem.features must be a whole number >= 1, got 0"),
        ({"rates": [0.8, 0.0]}, r"problem.rates must be a list of 2 numbers in \(0, 1\], got \[0.8, 0.0\]"),
        ({"rates": [1.1, 0.1]}, r"problem.rates must be a list of 2 numbers in \(0, 1\], got \[1.1, 0.1\]"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = partial(SparseRegression, "sparse", points=9, features=2, rates=[0.8, 0.1], noise=0.1, cap=1e6)
    with pytest.raises(InvalidInput, match=message):
        right(**wrong)


def _data(problem: Build, seed: int) -> Data:
    return problem("sparse_regression").data(Source("sparse_regression", seed))


def _frequencies(data: Data) -> np.ndarray:
    return np.asarray((data.inputs.numpy() != 0).mean(axis=0))


def _design(data: Data) -> np.ndarray:
    return np.hstack([data.inputs.double().numpy(), np.ones((len(data.inputs), 1))])
