"""The ground on which the rules are compared: a convex quadratic in double precision."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

Make = Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer]
Walk = Callable[..., Tensor]

CURVATURE = torch.tensor([[2.0, 0.4, 0.0], [0.4, 1.0, -0.3], [0.0, -0.3, 0.2]], dtype=torch.float64)
CENTRE = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
START = torch.tensor([-5.0, -2.0, 1.0], dtype=torch.float64)


def _walk(make: Make, *, steps: int = 100, lr_of_step: Callable[[int], float] | None = None) -> Tensor:
    theta = torch.nn.Parameter(START.clone())
    optimizer = make([theta])
    places = []
    for step in range(steps):
        if lr_of_step is not None:
            optimizer.param_groups[0]["lr"] = lr_of_step(step)
        theta.grad = CURVATURE @ (theta.detach() - CENTRE)
        optimizer.step()
        places.append(theta.detach().clone())
    return torch.stack(places)


@pytest.fixture
def walk() -> Walk:
    """The places [step, parameter] an optimizer visits; `lr_of_step` changes its learning rate on the way."""
    return _walk


@pytest.fixture
def gradient() -> Callable[[Tensor], Tensor]:
    """The gradient of that quadratic, for a formula written out in a test."""
    return lambda theta: CURVATURE @ (theta - CENTRE)


@pytest.fixture
def start() -> Tensor:
    return START.clone()


@pytest.fixture
def difference() -> Callable[[Tensor, Tensor], float]:
    """The greatest difference, relative to the greatest value."""
    return lambda a, b: float((a - b).abs().max() / b.abs().max())
