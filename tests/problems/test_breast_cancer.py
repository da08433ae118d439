"""Logistic regression on the tumours: the file and its facts, the loss, the floor, how correlated features are."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from study.problems import breast_cancer
from study.problems.base import Problem
from study.randomness import Source

Build = Callable[..., Problem]
FILE = Path(breast_cancer.__file__).parent / "data" / "breast_cancer.npz"
SOURCE = Source("breast_cancer", 0)
L2 = 1e-3


def _arrays() -> tuple[np.ndarray, np.ndarray]:
    with np.load(FILE) as arrays:
        return arrays["features"], arrays["labels"]


def _loss(theta: np.ndarray, design: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the loss in its other form, log(1 + exp(-s z)) with s = 1 or -1, and its gradient."""
    sign = 2 * y - 1.0
    margin = sign * (design @ theta)
    value = np.logaddexp(0, -margin).mean() + L2 / 2 * theta @ theta
    return value, -design.T @ (sign / (1 + np.exp(margin))) / len(y) + L2 * theta


def _design(problem: Build) -> tuple[np.ndarray, np.ndarray]:
    data = problem("breast_cancer").data(SOURCE)
    return np.hstack([data.inputs.numpy(), np.ones((569, 1))]), data.targets.numpy()[:, 0]


def test_the_file_is_the_one_described() -> None:
    digest = "e326f813210f4f2d5dc66f2c34412f8e6b17b2e0111aee92c4167d5eea7657bc"
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == digest


def test_facts_of_the_data() -> None:
    features, labels = _arrays()
    assert features.shape == (569, 30)
    assert np.bincount(labels).tolist() == [212, 357]  # malignant, benign
    assert features[:, 0].mean() == pytest.approx(14.12729, abs=5e-6)  # the radius
    assert features[:, 3].max() == 2501.0  # the area
    assert features[labels == 0, 0].mean() > features[labels == 1, 0].mean() + 5


def test_features_are_standardised_and_the_same_for_every_seed(problem: Build) -> None:
    p, (features, labels) = problem("breast_cancer"), _arrays()
    data, other = p.data(SOURCE), p.data(Source("breast_cancer", 1))
    np.testing.assert_allclose(data.inputs, (features - features.mean(0)) / features.std(0), rtol=1e-12)
    np.testing.assert_array_equal(data.targets[:, 0], labels)
    assert torch.equal(data.inputs, other.inputs)


def test_seeds_differ_in_the_start_and_repeat_it(problem: Build) -> None:
    p, starts = problem("breast_cancer"), []
    for seed in (0, 0, 1):
        model = p.model()
        p.initialise(model, Source("breast_cancer", seed))
        starts.append(model.get_parameter("weight").detach())
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])
    assert sum(parameter.numel() for parameter in model.parameters()) == 31


def test_loss_is_numpys(problem: Build) -> None:
    p, (design, y) = problem("breast_cancer"), _design(problem)
    data, model = p.data(SOURCE), p.model()
    p.initialise(model, SOURCE)
    theta = torch.cat([values.flatten() for values in model.parameters()]).detach().numpy()
    assert p.loss(model(data.inputs), data.targets).item() == pytest.approx(
        _loss(theta, design, y)[0], rel=1e-13
    )


def test_floor_is_scipys(problem: Build) -> None:
    p = problem("breast_cancer")
    theirs = minimize(
        _loss,
        np.zeros(31),
        args=_design(problem),
        jac=True,
        method="L-BFGS-B",
        options={"ftol": 1e-16, "gtol": 1e-9, "maxiter": 5000, "maxfun": 9999},
    )
    floor = p.floor(p.data(SOURCE))
    assert floor == pytest.approx(theirs.fun, rel=1e-8)
    assert floor <= theirs.fun + 1e-15


def test_the_best_constant_is_the_share_of_benign_tumours(problem: Build) -> None:
    p, q = problem("breast_cancer"), 357 / 569
    by_hand = -q * np.log(q) - (1 - q) * np.log(1 - q)
    assert p.constant_loss(p.data(SOURCE)) == pytest.approx(by_hand, rel=1e-12)


def test_features_are_correlated(problem: Build) -> None:
    """The mean radius, perimeter and area tell nearly the same; so the covariance is ill-conditioned."""
    inputs = problem("breast_cancer").data(SOURCE).inputs.numpy()
    correlation = inputs.T @ inputs / 569
    assert correlation[[0, 0], [2, 3]].min() > 0.98
    eigenvalues = np.linalg.eigvalsh(correlation)
    assert eigenvalues[-1] == pytest.approx(13.28, abs=0.01)
    assert eigenvalues[-1] / eigenvalues[0] > 5e4


def test_gradient_descent_at_one_over_l_never_goes_up(problem: Build) -> None:
    """L is at most the covariance's largest eigenvalue over 4, and l2."""
    design, y = _design(problem)
    rate = 1 / (np.linalg.norm(design, 2) ** 2 / 4 / 569 + L2)
    theta, losses = np.zeros(31), []
    for _ in range(100):
        value, gradient = _loss(theta, design, y)
        losses.append(value)
        theta = theta - rate * gradient
    assert losses[0] == pytest.approx(np.log(2), rel=1e-14)
    assert (np.diff(losses) < 0).all()
    assert losses[-1] < 0.1
