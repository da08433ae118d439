"""Nesterov's accelerated gradient, from its formula."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from study.optimizers.base import Rule
from study.ranges import Fraction, Positive


@final
class NAG(Rule):
    r"""Step along the velocity of one step ahead.

    .. math:: v_t = \beta v_{t-1} + g_t, \qquad \theta_{t+1} = \theta_t - \eta\,(g_t + \beta v_t)

    with :math:`\eta` = `lr`, :math:`\beta` = `momentum`, :math:`v_0 = 0`, and :math:`v` kept as
    `momentum_buffer`. With `lr_inside_velocity` the velocity is the step itself:

    .. math:: v_t = \beta v_{t-1} + \eta\, g_t, \qquad \theta_{t+1} = \theta_t - (\eta\, g_t + \beta v_t)

    The two walk the same path until the learning rate changes.

    The textbook form takes the gradient at a point ahead, :math:`v_t = \beta v_{t-1} + \eta\, \nabla f(x_t -
    \beta v_{t-1})` and :math:`x_{t+1} = x_t - v_t`. The second form above is the same, written for the point
    ahead, :math:`\theta_t = x_t - \beta v_{t-1}`: so the gradient is asked for where the parameters are.

    torch: the first form is `torch.optim.SGD(lr=lr, momentum=momentum, nesterov=True)`.

    Args:
        params: what to update.
        lr: step size, > 0. On a quadratic it is stable below
            2 (1 + momentum) / (1 + 2 momentum) / (largest curvature).
        momentum: share of the velocity that is kept, in [0, 1); 0 is `SGD`.
        lr_inside_velocity: put the learning rate into the velocity.

    Raises:
        InvalidInput: a hyperparameter is out of its range.

    Example:
        The velocity is 2, and then 2 again, as that of `Momentum`; the steps are 0.5 * (2 + 1) and 0.5 * (1 + 1).

        >>> theta = torch.nn.Parameter(torch.tensor([4.0]))
        >>> optimizer = NAG([theta], lr=0.5, momentum=0.5)
        >>> for g in ([2.0], [1.0]):
        ...     theta.grad = torch.tensor(g)
        ...     optimizer.step()
        ...     print(round(theta.item(), 3))
        2.5
        1.5

    Reference:
        Nesterov (1983), A method of solving a convex programming problem with convergence rate O(1/k^2), as
        written by Sutskever, Martens, Dahl and Hinton (2013), On the importance of initialization and
        momentum in deep learning, eq. 3-4, https://proceedings.mlr.press/v28/sutskever13.html
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
            # v ← β v + η g;  θ ← θ - (η g + β v)
            v.mul_(beta).add_(lr * g)
            theta -= lr * g + beta * v
        else:
            # v ← β v + g;  θ ← θ - η (g + β v)
            v.mul_(beta).add_(g)
            theta -= lr * (g + beta * v)
