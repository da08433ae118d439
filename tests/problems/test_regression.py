"""The affine model, the half-MSE and the floor against hand arithmetic and NumPy."""

import numpy as np
import pytest
import torch

from study.problems.regression import Affine, constant_mse, half_mse, least_mse, with_ones


def test_affine_by_hand() -> None:
    model = Affine(2, torch.float32)
    with torch.no_grad():
        model.w.copy_(torch.tensor([2.0, -1.0]))
        model.b.fill_(0.5)
    assert model(torch.tensor([[1.0, 3.0], [0.0, 0.0]])).tolist() == [[-0.5], [0.5]]


def test_half_mse_by_hand() -> None:
    assert half_mse(torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [1.0]])) == 1.25


def test_least_mse_is_numpys() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 3)), rng.standard_normal((30, 1))
    design = np.hstack([x, np.ones((30, 1))])
    _, residual, *_ = np.linalg.lstsq(design, y)
    floor = least_mse(with_ones(torch.from_numpy(x)), torch.from_numpy(y))
    assert floor == pytest.approx(residual[0] / 30, rel=1e-12)


def test_least_mse_of_an_exact_fit_is_zero() -> None:
    x = torch.arange(5.0)[:, None]
    assert least_mse(with_ones(x), 3 * x + 1) == pytest.approx(0, abs=1e-25)


def test_the_best_constant_is_the_mean() -> None:
    """By hand: (4 + 1 + 1 + 4) / 4 about the mean 3; no other constant of a fine grid has less."""
    target = torch.tensor([[1.0], [2.0], [4.0], [5.0]])
    assert constant_mse(target) == 2.5
    assert min(float(((c - target) ** 2).mean()) for c in np.linspace(0, 6, 601)) == pytest.approx(2.5)
