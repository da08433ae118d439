"""Adam against torch's, its first steps by hand, and refusals."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from study.errors import InvalidInput
from study.optimizers.adam import Adam


@pytest.mark.parametrize(("betas", "eps"), [((0.9, 0.99), 1e-8), ((0.5, 0.999), 1e-2), ((0.0, 0.0), 1e-2)])
def test_is_torchs(
    walk: Callable[..., Tensor],
    difference: Callable[[Tensor, Tensor], float],
    betas: tuple[float, float],
    eps: float,
) -> None:
    ours = walk(lambda p: Adam(p, 0.1, betas=betas, eps=eps))
    assert difference(ours, walk(lambda p: torch.optim.Adam(p, 0.1, betas=betas, eps=eps))) <= 1e-12


def test_first_step_is_free_of_bias_and_tells_where_eps_stands() -> None:
    for inside, step in [(True, 3 / (9 + 7) ** 0.5), (False, 3 / (3 + 7))]:
        theta = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        theta.grad = torch.full_like(theta, 3.0)
        Adam([theta], 0.1, betas=(0.9, 0.99), eps=7, eps_inside_root=inside).step()
        assert theta.item() == pytest.approx(-0.1 * step, rel=1e-13)


def test_torch_goes_on_from_our_state() -> None:
    gradients = torch.linspace(-2, 3, 40, dtype=torch.float64).reshape(10, 4)
    ours = torch.nn.Parameter(torch.ones(4, dtype=torch.float64))
    theirs = torch.nn.Parameter(torch.ones(4, dtype=torch.float64))
    from_scratch, twin = Adam([ours], 0.1), torch.optim.Adam([theirs], 0.1)
    for step, g in enumerate(gradients):
        ours.grad, theirs.grad = g.clone(), g.clone()
        from_scratch.step()
        if step < 5:
            theirs.data.copy_(ours.data)
            twin.state[theirs] = {key: value.clone() for key, value in from_scratch.state[ours].items()}
        else:
            twin.step()
    torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=0)  # five steps of rounding


@pytest.mark.parametrize(
    ("lr", "betas", "eps", "message"),
    [
        (0.0, (0.9, 0.99), 0.0, r"lr must be a finite number > 0, got 0\.0"),
        (1.0, (0.9, 1.0), 0.0, r"betas must be a list of 2 numbers in \[0, 1\), got \(0.9, 1\.0\)"),
        (1.0, (-0.1, 0.9), 0.0, r"betas must be a list of 2 numbers in \[0, 1\), got \(-0\.1, 0.9\)"),
        (1.0, (0.9,), 0.0, r"betas must be a list of 2 numbers in \[0, 1\), got \(0\.9,\)"),
        (1.0, (0.9, 0.99), -1.0, r"eps must be a finite number >= 0, got -1\.0"),
    ],
)
def test_refuses(lr: float, betas: tuple[float, ...], eps: float, message: str) -> None:
    with pytest.raises(InvalidInput, match=rf"optimizer\.{message}"):
        Adam([torch.nn.Parameter(torch.zeros(1))], lr, betas=betas, eps=eps)
