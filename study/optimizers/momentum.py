"""Momentum (the heavy ball), from its formula."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from study.optimizers.base import Rule
from study.ranges import Fraction, Positive


@final
class Momentum(Rule):
    r"""Step along a velocity that the gradient pulls at.

    .. math:: v_t = \beta v_{t-1} + g_t, \qquad \theta_{t+1} = \theta_t - \eta\, v_t

    with :math:`\eta` = `lr`, :math:`\beta` = `momentum`, :math:`v_0 = 0`, and :math:`v` kept as
    `momentum_buffer`. With `lr_inside_velocity` the velocity is the step itself:

    .. math:: v_t = \beta v_{t-1} + \eta\, g_t, \qquad \theta_{t+1} = \theta_t - v_t

    The two walk the same path until the learning rate changes: then the first rescales the whole velocity at
    once, the second lets the old steps fade.

    torch: the first form is `torch.optim.SGD(lr=lr, momentum=momentum)`. The paper's is the second.

    Args:
        params: what to update.
        lr: step size, > 0. On a quadratic it is stable below (2 + 2 momentum) / (largest curvature).
        momentum: share of the velocity that is kept, in [0, 1); 0 is `SGD`.
        lr_inside_velocity: put the learning rate into the velocity.

    Raises:
        InvalidInput: a hyperparameter is out of its range.

    Example:
        The velocity is 2, and then 0.5 * 2 + 1 = 2.

        >>> theta = torch.nn.Parameter(torch.tensor([4.0]))
        >>> optimizer = Momentum([theta], lr=0.5, momentum=0.5)
        >>> for g in ([2.0], [1.0]):
        ...     theta.grad = torch.tensor(g)
        ...     optimizer.step()
        ...     print(round(theta.item(), 3))
        3.0
        2.0

    Reference:
        Polyak (1964), Some methods of speeding up the convergence of iteration methods, the two-step method
        x_(n+1) = x_n - α ∇f(x_n) + β (x_n - x_(n-1)), https://doi.org/10.1016/0041-5553(64)90137-5
    """

    def __init__(
        self, params: ParamsT, lr: Positive, *, momentum: Fraction = 0.0, lr_inside_velocity: bool = False
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "lr_inside_velocity": lr_inside_velocity})

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Tensor], hyper: Mapping[str, Any]) -> None:
        if not state:
            state["momentum_buffer"] = torch.zeros_like(theta)
        v, lr, beta = state["momentum_buffer"], hyper["lr"], hyper["momentum"]
        if hyper["lr_inside_velocity"]:
            # v ← β v + η g;  θ ← θ - v
            v.mul_(beta).add_(lr * g)
            theta -= v
        else:
            # v ← β v + g;  θ ← θ - η v
            v.mul_(beta).add_(g)
            theta -= lr * v
