"""Softmax regression on Zipf's classes: how many samples each has, the floor beside SciPy's, who is fitted last."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from scipy.stats import entropy

from study.problems.base import Data, Problem
from study.problems.zipf_classes import zipf_labels
from study.randomness import Source

Build = Callable[..., Problem]
L2 = 1e-3


def _data(problem: Build, seed: int) -> Data:
    return problem("zipf_classes").data(Source("zipf_classes", seed))


def _design(data: Data) -> tuple[np.ndarray, np.ndarray]:
    return np.hstack([data.inputs.numpy(), np.ones((256, 1))]), data.targets.numpy()


def _losses(theta: np.ndarray, design: np.ndarray, labels: np.ndarray) -> np.ndarray:
    logits = design @ theta.reshape(32, -1).T
    return np.asarray(-log_softmax(logits, axis=1)[np.arange(len(labels)), labels])


def _loss(theta: np.ndarray, design: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the loss and its gradient, theta being a row of weights and an intercept for each class."""
    rows = theta.reshape(32, -1)
    residual = softmax(design @ rows.T, axis=1) - np.eye(32)[labels]
    value = _losses(theta, design, labels).mean() + L2 / 2 * theta @ theta
    return float(value), (residual.T @ design / len(labels) + L2 * rows).ravel()


def test_counts_by_hand() -> None:
    """Shares 12, 6, 4 and 3 of 25: of 10 samples 4.8, 2.4, 1.6 and 1.2, rounded up where most is cut off."""
    assert torch.bincount(zipf_labels(10, 4)).tolist() == [5, 2, 2, 1]
    assert torch.bincount(zipf_labels(25, 4)).tolist() == [12, 6, 4, 3]


def test_counts_are_zipfs(problem: Build) -> None:
    counts = np.bincount(_data(problem, 0).targets)
    shares = 1 / np.arange(1, 33)
    assert counts.sum() == 256
    assert (abs(counts - 256 * shares / shares.sum()) < 1).all()
    assert (np.diff(counts) <= 0).all()
    assert (counts[0], counts[-1]) == (63, 2)
    assert counts[16:].sum() / 256 < 0.18  # the rare half of the classes


def test_seeds_are_other_instances_of_the_same_counts(problem: Build) -> None:
    first, again, other = (_data(problem, seed) for seed in (0, 0, 1))
    assert torch.equal(first.inputs, again.inputs)
    assert not torch.equal(first.inputs, other.inputs)
    assert torch.equal(first.targets, other.targets)
    model = problem("zipf_classes").model()
    assert sum(parameter.numel() for parameter in model.parameters()) == 800


def test_loss_is_numpys(problem: Build) -> None:
    p, data = problem("zipf_classes"), _data(problem, 2)
    model = p.model()
    p.initialise(model, Source("zipf_classes", 2))
    rows = torch.cat([model.get_parameter("weight"), model.get_parameter("bias")[:, None]], dim=1)
    expected, _ = _loss(rows.detach().numpy().ravel(), *_design(data))
    assert p.loss(model(data.inputs), data.targets).item() == pytest.approx(expected, rel=1e-13)


def test_floor_is_scipys(problem: Build) -> None:
    data = _data(problem, 0)
    options = {"ftol": 1e-16, "gtol": 1e-8, "maxiter": 5000, "maxfun": 9999}
    theirs = minimize(_loss, np.zeros(800), args=_design(data), jac=True, method="L-BFGS-B", options=options)
    floor = problem("zipf_classes").floor(data)
    assert floor == pytest.approx(theirs.fun, rel=1e-8)
    assert floor <= theirs.fun + 1e-15


def test_the_best_constant_is_the_entropy_of_the_classes(problem: Build) -> None:
    data = _data(problem, 0)
    by_scipy = entropy(np.bincount(data.targets))
    assert problem("zipf_classes").constant_loss(data) == pytest.approx(by_scipy, rel=1e-12)


def test_gradient_descent_comes_to_rare_classes_last(problem: Build) -> None:
    """At 1/L it never goes up; the frequent quarter of classes gains while the rare half is worse than at first."""
    design, labels = _design(_data(problem, 0))
    rate = 1 / (np.linalg.norm(design, 2) ** 2 / 256 / 2 + L2)  # L by Böhning 1992
    theta, losses = np.zeros(800), []
    for _ in range(100):
        value, gradient = _loss(theta, design, labels)
        losses.append(value)
        theta = theta - rate * gradient
    assert (np.diff(losses) < 0).all()
    each = _losses(theta, design, labels)
    assert each[labels < 8].mean() < 0.8 * np.log(32)
    assert each[labels >= 16].mean() > np.log(32)
