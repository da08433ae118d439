"""Adadelta against torch's, its first step by hand, and refusals."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from study.errors import InvalidInput
from study.optimizers.adadelta import Adadelta


@pytest.mark.parametrize(("lr", "rho", "eps"), [(1.0, 0.9, 1e-6), (10.0, 0.5, 1e-2)])
def test_is_torchs(
    walk: Callable[..., Tensor],
    difference: Callable[[Tensor, Tensor], float],
    lr: float,
    rho: float,
    eps: float,
) -> None:
    ours = walk(lambda p: Adadelta(p, lr, rho=rho, eps=eps))
    assert difference(ours, walk(lambda p: torch.optim.Adadelta(p, lr, rho=rho, eps=eps))) <= 1e-12


def test_first_step_tells_where_eps_stands() -> None:
    s = 0.1 * 3**2
    for inside, step in [(True, 3 * (7 / (s + 7)) ** 0.5), (False, 3 * 7 / (s**0.5 + 7))]:
        theta = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        theta.grad = torch.full_like(theta, 3.0)
        Adadelta([theta], 1, rho=0.9, eps=7, eps_inside_root=inside).step()
        assert theta.item() == pytest.approx(-step, rel=1e-14)


@pytest.mark.parametrize(
    ("lr", "rho", "eps", "message"),
    [
        (0.0, 0.9, 0.0, "lr must be a finite number > 0"),
        (1.0, 1.0, 0.0, "rho must be a number in"),
        (1.0, 0.9, -1.0, "eps must be a finite number >= 0"),
    ],
)
def test_refuses(lr: float, rho: float, eps: float, message: str) -> None:
    with pytest.raises(InvalidInput, match=rf"optimizer\.{message}"):
        Adadelta([torch.nn.Parameter(torch.zeros(1))], lr, rho=rho, eps=eps)
