"""Adagrad against torch's, the tutorial's number on the bowl, and refusals."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from study.errors import InvalidInput
from study.optimizers.adagrad import Adagrad


@pytest.mark.parametrize("eps", [1e-10, 1e-2])
def test_is_torchs_with_eps_outside_the_root(
    walk: Callable[..., Tensor], difference: Callable[[Tensor, Tensor], float], eps: float
) -> None:
    ours = walk(lambda p: Adagrad(p, 0.4, eps=eps, eps_inside_root=False))
    assert difference(ours, walk(lambda p: torch.optim.Adagrad(p, 0.4, eps=eps))) <= 1e-12


def test_gives_the_tutorials_numbers_on_the_bowl() -> None:
    theta = torch.nn.Parameter(torch.tensor([-5.0, -2.0], dtype=torch.float64))
    optimizer = Adagrad([theta], 0.4)
    for _ in range(20):
        theta.grad = torch.tensor([0.2, 4.0], dtype=torch.float64) * theta.detach()
        optimizer.step()
    assert theta.tolist() == pytest.approx([-2.382563, -0.158591], abs=5e-7)  # printed to six decimals


def test_first_step_tells_where_eps_stands() -> None:
    for inside, step in [(True, 3 / (9 + 7) ** 0.5), (False, 3 / (3 + 7))]:
        theta = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        theta.grad = torch.full_like(theta, 3.0)
        Adagrad([theta], 0.1, eps=7, eps_inside_root=inside).step()
        assert theta.item() == pytest.approx(-0.1 * step, rel=1e-14)


@pytest.mark.parametrize(
    ("lr", "eps", "message"),
    [(-1.0, 0.0, "lr must be a finite number > 0"), (1.0, -1.0, "eps must be a finite number >= 0")],
)
def test_refuses(lr: float, eps: float, message: str) -> None:
    with pytest.raises(InvalidInput, match=rf"optimizer\.{message}, got -1"):
        Adagrad([torch.nn.Parameter(torch.zeros(1))], lr, eps=eps)
