"""The penalised affine classifier against hand arithmetic, SciPy's entropy and SciPy's minimiser."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import entropy

from study.problems.classification import (
    Penalised,
    accuracy,
    apart,
    class_entropy,
    least_cross_entropy,
    penalised_cross_entropy,
    start_near_zero,
)

L2 = 1e-2


def test_logits_and_penalty_by_hand() -> None:
    model = Penalised(2, 2, 0.1, torch.float64)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 2.0], [0.0, -1.0]]))
        model.bias.copy_(torch.tensor([0.5, 1.0]))
    logits, penalty = apart(model(torch.tensor([[1.0, 1.0], [0.0, 2.0]], dtype=torch.float64)))
    assert logits.tolist() == [[3.5, 0.0], [4.5, -1.0]]
    assert penalty.item() == pytest.approx(0.05 * (1 + 4 + 1 + 0.25 + 1), rel=1e-15)


def test_loss_is_cross_entropy_and_penalty_by_hand() -> None:
    prediction = torch.tensor([[0.0, np.log(3), 0.7], [np.log(4), 0.0, 0.7]], dtype=torch.float64)
    loss = penalised_cross_entropy(prediction, torch.tensor([1, 1]))
    assert loss.item() == pytest.approx((np.log(4 / 3) + np.log(5)) / 2 + 0.7, rel=1e-14)


def test_the_penalty_has_its_gradient() -> None:
    """That of l2/2 |theta|^2 is l2 theta, whatever the minibatch."""
    model = Penalised(3, 2, L2, torch.float64)
    start_near_zero(model, 1.0, torch.Generator().manual_seed(0))
    _, penalty = apart(model(torch.zeros(7, 3, dtype=torch.float64)))
    penalty.backward()
    assert model.weight.grad is not None
    torch.testing.assert_close(model.weight.grad, L2 * model.weight.detach())


def test_start_has_the_spread_asked_for() -> None:
    model = Penalised(100, 40, L2, torch.float32)
    start_near_zero(model, 0.3, torch.Generator().manual_seed(0))
    assert model.weight.std().item() == pytest.approx(0.3, rel=0.05)  # 4 standard errors
    assert not model.bias.any()


def test_accuracy_by_hand() -> None:
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 5.0, 1.0], [0.0, 0.1, 0.2], [9.0, 0.0, 0.0]])
    assert accuracy(logits, torch.tensor([0, 1, 2, 2])) == 0.75


def test_entropy_is_scipys() -> None:
    assert class_entropy(torch.tensor([0, 0, 0, 2])) == pytest.approx(entropy([3, 1]), rel=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_least_loss_is_scipys(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(60, 4, generator=generator, dtype=dtype)
    labels = torch.randint(3, (60,), generator=generator)
    ours = least_cross_entropy(inputs, labels, classes=3, l2=L2)
    theirs = minimize(
        penalised,
        np.zeros(15),
        args=(inputs.double().numpy(), labels.numpy(), L2),
        method="BFGS",
        options={"gtol": 1e-7},
    )
    assert ours == pytest.approx(theirs.fun, rel=1e-9)
    assert ours <= theirs.fun + 1e-15


def penalised(theta: np.ndarray, inputs: np.ndarray, labels: np.ndarray, l2: float) -> float:
    """Return the loss as NumPy has it; theta is a row of weights and an intercept for each class."""
    rows = theta.reshape(-1, inputs.shape[1] + 1)
    logits = inputs @ rows[:, :-1].T + rows[:, -1]
    cross_entropy = logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]
    return float(cross_entropy.mean() + l2 / 2 * theta @ theta)
