"""RMSprop, from its formula."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from study.optimizers.base import Rule, root
from study.ranges import Fraction, NotNegative, Positive


@final
class RMSprop(Rule):
    r"""Divide each coordinate's step by the root of the leaky average of its squared gradients.

    .. math::
        s_t &= \gamma s_{t-1} + (1 - \gamma)\, g_t^2 \\
        \theta_{t+1} &= \theta_t - \frac{\eta}{\sqrt{s_t + \epsilon}}\, g_t

    with :math:`\eta` = `lr`, :math:`\gamma` = `alpha`, :math:`\epsilon` = `eps`, :math:`s_0 = 0`, and
    :math:`s` kept as `square_avg`. The gradient of j steps ago has the weight :math:`(1 - \gamma) \gamma^j`.
    The average starts at 0 and nothing corrects that, so the first steps are longer, by up to
    1/√(1 - alpha).

    torch: `torch.optim.RMSprop` adds eps after the root, √s + eps: `eps_inside_root=False` is the same rule.
    Its eps is 1e-8. It also offers momentum and a centred average, which are not part of this rule.

    Args:
        params: what to update.
        lr: step size, > 0; about the length of every step in each coordinate.
        alpha: weight of the past in the average, in [0, 1): a window of about 1 / (1 - alpha) steps.
        eps: keeps the division finite, >= 0.
        eps_inside_root: add eps to the average (as the tutorial does) and not to its root.

    Raises:
        InvalidInput: a hyperparameter is out of its range.

    Example:
        The first step is 1 / √(1 - alpha) = 2 times as long as lr, whatever the gradient.

        >>> theta = torch.nn.Parameter(torch.tensor([4.0]))
        >>> optimizer = RMSprop([theta], lr=0.5, alpha=0.75, eps=0.0)
        >>> for g in ([3.0],):
        ...     theta.grad = torch.tensor(g)
        ...     optimizer.step()
        ...     print(round(theta.item(), 3))
        3.0

    Reference:
        Tieleman and Hinton (2012), Neural Networks for Machine Learning, lecture 6e, slide 29,
        https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Positive,
        *,
        alpha: Fraction = 0.99,
        eps: NotNegative = 1e-6,
        eps_inside_root: bool = True,
    ) -> None:
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps, "eps_inside_root": eps_inside_root})

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Tensor], hyper: Mapping[str, Any]) -> None:
        if not state:
            state["square_avg"] = torch.zeros_like(theta)
        s, gamma = state["square_avg"], hyper["alpha"]
        # s ← γ s + (1 - γ) g²
        s.mul_(gamma).add_((1 - gamma) * g**2)
        # θ ← θ - η g / √(s + ε)
        theta -= hyper["lr"] * g / root(s, eps=hyper["eps"], eps_inside_root=hyper["eps_inside_root"])
