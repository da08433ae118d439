"""Adadelta, from its formula."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from study.optimizers.base import Rule, root
from study.ranges import Fraction, NotNegative, Positive


@final
class Adadelta(Rule):
    r"""Give each coordinate a step as long as its recent steps, over the size of its recent gradients.

    .. math::
        s_t &= \rho s_{t-1} + (1 - \rho)\, g_t^2 \\
        d_t &= \frac{\sqrt{u_{t-1} + \epsilon}}{\sqrt{s_t + \epsilon}}\, g_t \\
        u_t &= \rho u_{t-1} + (1 - \rho)\, d_t^2 \\
        \theta_{t+1} &= \theta_t - \eta\, d_t

    with :math:`\eta` = `lr`, :math:`\rho` = `rho`, :math:`\epsilon` = `eps`, :math:`s_0 = u_0 = 0`, and
    :math:`s`, :math:`u` kept as `square_avg`, `acc_delta`.

    torch: the same as `torch.optim.Adadelta` (which has eps inside the root too). The paper has no learning
    rate: `lr=1`.

    Args:
        params: what to update.
        lr: factor on the step, > 0.
        rho: weight of the past in both averages, in [0, 1): a window of about 1 / (1 - rho) steps.
        eps: keeps the division finite, >= 0; also sets the length of the first steps, so 0 never starts.
        eps_inside_root: add eps to the averages and not to their roots.

    Raises:
        InvalidInput: a hyperparameter is out of its range.

    Example:
        The averages are 0.75 and 0 before it: a step of √(0 + 0.25) / √(0.75 + 0.25).

        >>> theta = torch.nn.Parameter(torch.tensor([4.0]))
        >>> optimizer = Adadelta([theta], lr=1.0, rho=0.25, eps=0.25)
        >>> for g in ([1.0],):
        ...     theta.grad = torch.tensor(g)
        ...     optimizer.step()
        ...     print(round(theta.item(), 3))
        3.5

    Reference:
        Zeiler (2012), ADADELTA: An Adaptive Learning Rate Method, algorithm 1, https://arxiv.org/abs/1212.5701
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Positive,
        *,
        rho: Fraction = 0.9,
        eps: NotNegative = 1e-6,
        eps_inside_root: bool = True,
    ) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "eps_inside_root": eps_inside_root})

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Tensor], hyper: Mapping[str, Any]) -> None:
        if not state:
            state["square_avg"], state["acc_delta"] = torch.zeros_like(theta), torch.zeros_like(theta)
        s, u, rho = state["square_avg"], state["acc_delta"], hyper["rho"]
        eps = {"eps": hyper["eps"], "eps_inside_root": hyper["eps_inside_root"]}
        # s ← ρ s + (1 - ρ) g²
        s.mul_(rho).add_((1 - rho) * g**2)
        # d = √(u + ε) / √(s + ε) g
        d = root(u, **eps) / root(s, **eps) * g
        # u ← ρ u + (1 - ρ) d²
        u.mul_(rho).add_((1 - rho) * d**2)
        # θ ← θ - η d
        theta -= hyper["lr"] * d
