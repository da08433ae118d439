"""Momentum against torch's, and its other dialect against the formula written out."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from study.errors import InvalidInput
from study.optimizers.momentum import Momentum


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_is_torchs(
    walk: Callable[..., Tensor], difference: Callable[[Tensor, Tensor], float], momentum: float
) -> None:
    ours = walk(lambda p: Momentum(p, 0.1, momentum=momentum))
    # torch has no Nesterov step without momentum: there both are plain descent
    theirs = walk(lambda p: torch.optim.SGD(p, 0.1, momentum=momentum))
    assert difference(ours, theirs) <= 1e-12


def test_dialects_differ_once_the_learning_rate_changes(
    walk: Callable[..., Tensor],
    gradient: Callable[[Tensor], Tensor],
    start: Tensor,
    difference: Callable[[Tensor, Tensor], float],
) -> None:
    def lr_of_step(step: int) -> float:
        return 0.1 if step < 10 else 0.01

    theta, v, beta, written_out = start, torch.zeros_like(start), 0.8, []
    for step in range(100):
        lr, g = lr_of_step(step), gradient(theta)
        v = beta * v + lr * g
        theta = theta - v
        written_out.append(theta)
    inside = walk(lambda p: Momentum(p, 0.1, momentum=beta, lr_inside_velocity=True), lr_of_step=lr_of_step)
    outside = walk(lambda p: Momentum(p, 0.1, momentum=beta), lr_of_step=lr_of_step)
    torchs = walk(lambda p: torch.optim.SGD(p, 0.1, momentum=beta), lr_of_step=lr_of_step)
    assert difference(inside, torch.stack(written_out)) <= 1e-12
    assert difference(outside, torchs) <= 1e-12
    assert difference(inside[:10], outside[:10]) <= 1e-12
    assert difference(inside, outside) > 1e-2


@pytest.mark.parametrize(
    ("lr", "momentum", "message"),
    [
        (0.0, 0.8, "lr must be a finite number > 0, got 0"),
        (0.1, 1.0, r"momentum must be a number in \[0, 1\), got 1"),
        (0.1, -0.1, "momentum"),
    ],
)
def test_refuses(lr: float, momentum: float, message: str) -> None:
    with pytest.raises(InvalidInput, match=rf"optimizer\.{message}"):
        Momentum([torch.nn.Parameter(torch.zeros(1))], lr, momentum=momentum)
