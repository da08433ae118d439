"""Adam, from its formula."""

from collections.abc import Mapping
from typing import Annotated, Any, final

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from study.optimizers.base import Number, Rule, root
from study.ranges import FRACTION, NotNegative, Positive, numbers


@final
class Adam(Rule):
    r"""Divide the average gradient by the root of the average squared gradient, both freed of their bias.

    .. math::
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, & \hat m_t &= m_t / (1 - \beta_1^t) \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, & \hat v_t &= v_t / (1 - \beta_2^t) \\
        \theta_{t+1} &= \theta_t - \frac{\eta}{\sqrt{\hat v_t} + \epsilon}\, \hat m_t

    with :math:`\eta` = `lr`, :math:`(\beta_1, \beta_2)` = `betas`, :math:`\epsilon` = `eps`,
    :math:`m_0 = v_0 = 0`, and :math:`m`, :math:`v`, :math:`t` kept as `exp_avg`, `exp_avg_sq`, `step`.

    torch: the same as `torch.optim.Adam` (and as algorithm 1 of the paper). The paper's "epsilon hat", added
    before the bias of v is removed, is another rule.

    Args:
        params: what to update.
        lr: step size, > 0; about the greatest length of a step in each coordinate.
        betas: weights of the past in the two averages, each in [0, 1).
        eps: keeps the division finite, >= 0.
        eps_inside_root: add eps to the corrected average and not to its root.

    Raises:
        InvalidInput: a hyperparameter is out of its range.

    Example:
        Under a gradient that never changes, each step is as long as lr.

        >>> theta = torch.nn.Parameter(torch.tensor([4.0]))
        >>> optimizer = Adam([theta], lr=0.5)
        >>> for g in ([3.0], [3.0]):
        ...     theta.grad = torch.tensor(g)
        ...     optimizer.step()
        ...     print(round(theta.item(), 3))
        3.5
        3.0

    Reference:
        Kingma and Ba (2015), Adam: A Method for Stochastic Optimization, algorithm 1,
        https://arxiv.org/abs/1412.6980
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Positive,
        *,
        betas: Annotated[tuple[Number, ...], numbers(2, FRACTION)] = (0.9, 0.999),
        eps: NotNegative = 1e-8,
        eps_inside_root: bool = False,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "eps_inside_root": eps_inside_root})

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Tensor], hyper: Mapping[str, Any]) -> None:
        if not state:
            state["step"] = torch.zeros(())  # one number, on the CPU, as in torch: all runs step together
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(theta), torch.zeros_like(theta)
        m, v, (beta1, beta2) = state["exp_avg"], state["exp_avg_sq"], hyper["betas"]
        state["step"] += 1
        t = state["step"].item()
        # m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²
        m.mul_(beta1).add_((1 - beta1) * g)
        v.mul_(beta2).add_((1 - beta2) * g**2)
        # m̂ = m / (1 - β₁ᵗ);  v̂ = v / (1 - β₂ᵗ)
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        # θ ← θ - η m̂ / (√v̂ + ε)
        theta -= hyper["lr"] * m_hat / root(v_hat, eps=hyper["eps"], eps_inside_root=hyper["eps_inside_root"])
