"""Softmax regression on the digits: instances, the loss, the floor beside SciPy's, accuracy, dead pixels."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from scipy.stats import entropy

from study.errors import InvalidInput
from study.problems.base import Data, Problem
from study.problems.digits import Digits
from study.randomness import Source

Build = Callable[..., Problem]
L2 = 1e-3


def _data(problem: Build, seed: int) -> Data:
    return problem("digits").data(Source("digits", seed))


def _loss(theta: np.ndarray, design: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the loss and its gradient, theta being a row of weights and an intercept for each digit."""
    rows, n = theta.reshape(10, -1), len(labels)
    logits = design @ rows.T
    value = -log_softmax(logits, axis=1)[np.arange(n), labels].mean() + L2 / 2 * theta @ theta
    residual = softmax(logits, axis=1) - np.eye(10)[labels]
    return value, (residual.T @ design / n + L2 * rows).ravel()


def _design(data: Data) -> tuple[np.ndarray, np.ndarray]:
    design = np.hstack([data.inputs.double().numpy(), np.ones((len(data.inputs), 1))])
    return design, data.targets.numpy()


def test_seeds_are_other_instances_and_each_the_same_again(problem: Build) -> None:
    p, found = problem("digits"), []
    for seed in (0, 0, 1):
        model = p.model()
        p.initialise(model, Source("digits", seed))
        found.append((_data(problem, seed), model.get_parameter("weight").detach()))
    (first, start), (again, same), (other, another) = found
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(start, same)
    assert not torch.equal(first.inputs, other.inputs)
    assert not torch.equal(start, another)
    assert sum(parameter.numel() for parameter in model.parameters()) == 650
    assert first.test is not None
    assert (len(first.inputs), len(first.test.inputs)) == (1437, 360)


def test_loss_is_numpys(problem: Build) -> None:
    p, data = problem("digits"), _data(problem, 2)
    model = p.model()
    p.initialise(model, Source("digits", 2))
    rows = torch.cat([model.get_parameter("weight"), model.get_parameter("bias")[:, None]], dim=1)
    expected, _ = _loss(rows.detach().double().numpy().ravel(), *_design(data))
    assert p.loss(model(data.inputs), data.targets).item() == pytest.approx(expected, rel=1e-6)  # float32


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_floor_is_scipys(seed: int, problem: Build) -> None:
    data = _data(problem, seed)
    options = {"ftol": 1e-16, "gtol": 1e-7, "maxiter": 5000, "maxfun": 9999}
    theirs = minimize(_loss, np.zeros(650), args=_design(data), jac=True, method="L-BFGS-B", options=options)
    floor = problem("digits").floor(data)
    assert floor == pytest.approx(theirs.fun, rel=1e-8)
    assert floor <= theirs.fun + 1e-15


def test_the_best_constant_is_the_entropy_of_the_digits(problem: Build) -> None:
    data = _data(problem, 0)
    by_scipy = entropy(np.bincount(data.targets))
    assert problem("digits").constant_loss(data) == pytest.approx(by_scipy, rel=1e-12)
    assert by_scipy == pytest.approx(np.log(10), rel=1e-3)  # about as many of each


def test_accuracy_is_the_share_of_right_digits(problem: Build) -> None:
    prediction = torch.eye(10)[[3, 3, 1, 0]]
    prediction = torch.cat([prediction, torch.full((4, 1), 9.0)], dim=1)  # the penalty is no class
    assert problem("digits").metrics(prediction, torch.tensor([3, 2, 1, 0])) == {"accuracy": 0.75}


def test_some_pixels_are_never_inked_and_some_rarely(problem: Build) -> None:
    inked = (_data(problem, 0).inputs > 0).float().mean(dim=0)
    assert (inked == 0).sum() >= 3  # of the first and last columns
    assert ((inked > 0) & (inked < 0.05)).sum() >= 8


def test_gradient_descent_at_one_over_l_never_goes_up(problem: Build) -> None:
    """L is at most half the largest eigenvalue of the inputs' second moments, and l2 (Böhning 1992)."""
    design, labels = _design(_data(problem, 0))
    rate = 1 / (np.linalg.norm(design, 2) ** 2 / len(labels) / 2 + L2)
    theta, losses = np.zeros(650), []
    for _ in range(60):
        value, gradient = _loss(theta, design, labels)
        losses.append(value)
        theta = theta - rate * gradient
    assert losses[0] == pytest.approx(np.log(10), rel=1e-14)
    assert (np.diff(losses) < 0).all()
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"held_out": 1797}, r"problem.held_out must be a whole number from 1 to 1796, got 1797"),
        ({"l2": 0.0}, r"problem.l2 must be a finite number > 0, got 0.0"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = partial(Digits, "digits", held_out=360, l2=1e-3, init_std=0.1, cap=1e3)
    with pytest.raises(InvalidInput, match=message):
        right(**wrong)
