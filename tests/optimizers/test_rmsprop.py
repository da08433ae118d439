"""RMSprop against torch's, the tutorial's number on the bowl, and refusals."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from study.errors import InvalidInput
from study.optimizers.rmsprop import RMSprop


# a step of 0.03: at 0.1 the path hops over the optimum within 100 steps, and every hop magnifies the rounding
@pytest.mark.parametrize(("alpha", "eps"), [(0.9, 1e-8), (0.5, 1e-2), (0.0, 1e-2)])
def test_is_torchs_with_eps_outside_the_root(
    walk: Callable[..., Tensor], difference: Callable[[Tensor, Tensor], float], alpha: float, eps: float
) -> None:
    ours = walk(lambda p: RMSprop(p, 0.03, alpha=alpha, eps=eps, eps_inside_root=False))
    assert difference(ours, walk(lambda p: torch.optim.RMSprop(p, 0.03, alpha=alpha, eps=eps))) <= 1e-12


def test_gives_the_tutorials_numbers_on_the_bowl() -> None:
    theta = torch.nn.Parameter(torch.tensor([-5.0, -2.0], dtype=torch.float64))
    optimizer = RMSprop([theta], 0.4, alpha=0.9)
    for _ in range(20):
        theta.grad = torch.tensor([0.2, 4.0], dtype=torch.float64) * theta.detach()
        optimizer.step()
    assert theta.tolist() == pytest.approx([-0.010599, 0.0], abs=5e-7)  # printed to six decimals


def test_first_step_tells_where_eps_stands() -> None:
    s = 0.1 * 3**2
    for inside, step in [(True, 3 / (s + 7) ** 0.5), (False, 3 / (s**0.5 + 7))]:
        theta = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        theta.grad = torch.full_like(theta, 3.0)
        RMSprop([theta], 0.1, alpha=0.9, eps=7, eps_inside_root=inside).step()
        assert theta.item() == pytest.approx(-0.1 * step, rel=1e-14)


@pytest.mark.parametrize(
    ("lr", "alpha", "eps", "message"),
    [
        (0.0, 0.9, 0.0, "lr must be a finite number > 0"),
        (1.0, 1.0, 0.0, "alpha must be a number in"),
        (1.0, 0.9, -1.0, "eps must be a finite number >= 0"),
    ],
)
def test_refuses(lr: float, alpha: float, eps: float, message: str) -> None:
    with pytest.raises(InvalidInput, match=rf"optimizer\.{message}"):
        RMSprop([torch.nn.Parameter(torch.zeros(1))], lr, alpha=alpha, eps=eps)
