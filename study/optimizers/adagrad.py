"""Adagrad, from its formula."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from study.optimizers.base import Rule, root
from study.ranges import NotNegative, Positive


@final
class Adagrad(Rule):
    r"""Divide each coordinate's step by the root of the sum of its squared gradients.

    .. math:: s_t = s_{t-1} + g_t^2, \qquad \theta_{t+1} = \theta_t - \frac{\eta}{\sqrt{s_t + \epsilon}}\, g_t

    with :math:`\eta` = `lr`, :math:`\epsilon` = `eps`, :math:`s_0 = 0`, and :math:`s` kept as `sum`. The sum
    never shrinks, so the steps only do: like 1/√t under gradients of constant size.

    torch: `torch.optim.Adagrad` adds eps after the root, √s + eps: `eps_inside_root=False` is the same rule.

    Args:
        params: what to update.
        lr: step size, > 0; the length of the first step in each coordinate.
        eps: keeps the division finite, >= 0.
        eps_inside_root: add eps to the sum (as the tutorial does) and not to its root.

    Raises:
        InvalidInput: a hyperparameter is out of its range.

    Example:
        The first step is as long as lr, whatever the gradient; the second is 1.25 * 4 / √(3² + 4²).

        >>> theta = torch.nn.Parameter(torch.tensor([4.0]))
        >>> optimizer = Adagrad([theta], lr=1.25, eps=0.0)
        >>> for g in ([3.0], [4.0]):
        ...     theta.grad = torch.tensor(g)
        ...     optimizer.step()
        ...     print(round(theta.item(), 3))
        2.75
        1.75

    Reference:
        Duchi, Hazan and Singer (2011), Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization, section 1.1 eq. 1, diagonal form, https://jmlr.org/papers/v12/duchi11a.html
    """

    def __init__(
        self, params: ParamsT, lr: Positive, *, eps: NotNegative = 1e-6, eps_inside_root: bool = True
    ) -> None:
        super().__init__(params, {"lr": lr, "eps": eps, "eps_inside_root": eps_inside_root})

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Tensor], hyper: Mapping[str, Any]) -> None:
        if not state:
            state["sum"] = torch.zeros_like(theta)
        s = state["sum"]
        # s ← s + g²
        s += g**2
        # θ ← θ - η g / √(s + ε)
        theta -= hyper["lr"] * g / root(s, eps=hyper["eps"], eps_inside_root=hyper["eps_inside_root"])
