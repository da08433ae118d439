"""SGD against torch's and against its closed form."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from study.errors import InvalidInput
from study.optimizers.sgd import SGD


def test_is_torchs(walk: Callable[..., Tensor], difference: Callable[[Tensor, Tensor], float]) -> None:
    assert difference(walk(lambda p: SGD(p, 0.1)), walk(lambda p: torch.optim.SGD(p, 0.1))) <= 1e-12


def test_follows_its_closed_form() -> None:
    curvature = torch.tensor([0.2, 4.0], dtype=torch.float64)
    theta = torch.nn.Parameter(torch.tensor([-5.0, -2.0], dtype=torch.float64))
    optimizer = SGD([theta], 0.4)
    for _ in range(20):
        theta.grad = curvature * theta.detach()
        optimizer.step()
    expected = (1 - 0.4 * curvature) ** 20 * torch.tensor([-5.0, -2.0], dtype=torch.float64)
    torch.testing.assert_close(theta.detach(), expected, rtol=1e-13, atol=0)  # 20 rounded products


@pytest.mark.parametrize("lr", [0, -0.1, float("nan"), float("inf")])
def test_refuses_a_bad_learning_rate(lr: float) -> None:
    with pytest.raises(InvalidInput, match=rf"optimizer\.lr must be a finite number > 0, got {lr}"):
        SGD([torch.nn.Parameter(torch.zeros(1))], lr)
