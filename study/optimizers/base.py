"""Base of the rules written from their formulas: the walk over parameters, the refusal of bad values."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, get_type_hints

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from study.ranges import require_ranges

Number = float | int
"""A hyperparameter: a whole number is one too, also to a type check at run time."""


class Rule(torch.optim.Optimizer, ABC):
    """An update rule that treats every element of a parameter alike and alone, so that runs can be stacked.

    A concrete rule annotates its hyperparameters with their ranges (`lr: Positive`, see `study.ranges`), hands
    them to `super().__init__`, and implements `update`.

    Args:
        params: what to update.
        hyperparameters: by their names.

    Raises:
        InvalidInput: a hyperparameter is out of the range that its annotation names.

    Example:
        >>> from study.ranges import Positive
        >>> class SignDescent(Rule):
        ...     def __init__(self, params, lr: Positive):
        ...         super().__init__(params, {"lr": lr})
        ...
        ...     def update(self, theta, g, state, hyper):
        ...         theta -= hyper["lr"] * g.sign()
        >>> theta = torch.nn.Parameter(torch.tensor([1.0, 1.0]))
        >>> theta.grad = torch.tensor([0.3, -20.0])
        >>> SignDescent([theta], lr=0.5).step()
        >>> theta.tolist()
        [0.5, 1.5]
        >>> SignDescent([theta], lr=0.0)
        Traceback (most recent call last):
            ...
        study.errors.InvalidInput: optimizer.lr must be a finite number > 0, got 0.0
    """

    def __init__(self, params: ParamsT, hyperparameters: dict[str, Any]) -> None:
        annotations = get_type_hints(type(self).__init__, include_extras=True)
        require_ranges("optimizer", annotations, hyperparameters)
        super().__init__(params, hyperparameters)

    @abstractmethod
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Tensor], hyper: Mapping[str, Any]) -> None:
        """Move `theta` by one step, in place.

        Args:
            theta: a parameter, of any shape.
            g: its gradient, of the same shape; not to be changed.
            state: what the rule remembers of this parameter; empty before its first step.
            hyper: the hyperparameters of its group, by their names.
        """

    @override
    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # no rule here asks for the loss again
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for theta in group["params"]:
                if theta.grad is not None:
                    self.update(theta, theta.grad, self.state[theta], group)


def root(square: Tensor, *, eps: Number, eps_inside_root: bool) -> Tensor:
    """Return √(square + eps), or √square + eps: what keeps a division by the root of a mean square finite."""
    return (square + eps).sqrt() if eps_inside_root else square.sqrt() + eps
