"""What the rules written from their formulas share: the walk over parameters, the refusal of bad values."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TypeGuard

import torch
from torch import Tensor

from study.errors import InvalidInput

Number = float | int
"""A hyperparameter: a whole number is one too, also to a type check at run time."""


class Rule(torch.optim.Optimizer, ABC):
    """An update rule that treats every element of a parameter alike and alone, so that runs can be stacked.

    A concrete rule checks its hyperparameters, hands them to `super().__init__`, and implements `update`.
    """

    @abstractmethod
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Tensor], hyper: Mapping[str, Any]) -> None:
        """Move `theta` by one step, in place.

        Args:
            theta: a parameter, of any shape.
            g: its gradient, of the same shape; not to be changed.
            state: what the rule remembers of this parameter; empty before its first step.
            hyper: the hyperparameters of its group, by their names.
        """

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


def require_positive(name: str, value: object) -> None:
    """Refuse a hyperparameter that is not a finite number > 0."""
    if not (_is_number(value) and value > 0):
        raise InvalidInput(f"optimizer.{name} must be > 0, got {value}")


def require_not_negative(name: str, value: object) -> None:
    """Refuse a hyperparameter that is not a finite number >= 0."""
    if not (_is_number(value) and value >= 0):
        raise InvalidInput(f"optimizer.{name} must be >= 0, got {value}")


def require_fraction(name: str, value: object) -> None:
    """Refuse the weight of a leaky average that is not in [0, 1): at 1 it would never forget."""
    if not (_is_number(value) and 0 <= value < 1):
        raise InvalidInput(f"optimizer.{name} must be in [0, 1), got {value}")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
