"""Stochastic gradient descent, from its formula."""

from collections.abc import Mapping
from typing import Any, final

from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from study.optimizers.base import Rule
from study.ranges import Positive


@final
class SGD(Rule):
    r"""Step against the gradient.

    .. math:: \theta_{t+1} = \theta_t - \eta\, g_t

    with :math:`\eta` = `lr` and :math:`g_t` the gradient of the (mini)batch's loss at :math:`\theta_t`.

    torch: the same as `torch.optim.SGD(lr=lr)`.

    Args:
        params: what to update.
        lr: step size, > 0. On a quadratic it is stable below 2 / (largest curvature).

    Raises:
        InvalidInput: a hyperparameter is out of its range.

    Example:
        4 - 0.5 * 2, and from there 3 - 0.5 * 1.

        >>> import torch
        >>> theta = torch.nn.Parameter(torch.tensor([4.0]))
        >>> optimizer = SGD([theta], lr=0.5)
        >>> for g in ([2.0], [1.0]):
        ...     theta.grad = torch.tensor(g)
        ...     optimizer.step()
        ...     print(round(theta.item(), 3))
        3.0
        2.5

    Reference:
        Robbins and Monro (1951), A Stochastic Approximation Method, the recursion x_(n+1) = x_n + a_n (α - y_n),
        https://doi.org/10.1214/aoms/1177729586
    """

    def __init__(self, params: ParamsT, lr: Positive) -> None:
        super().__init__(params, {"lr": lr})

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Tensor], hyper: Mapping[str, Any]) -> None:
        # θ ← θ - η g
        theta -= hyper["lr"] * g
