"""An optimizer under test: built from its config as the trainer builds it, and made to walk along given gradients."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from study.certify.check import finding
from study.errors import InvalidInput
from study.training.build import build_optimizer, is_elementwise

STEPS = 100
"""How far a rule walks."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule with its hyperparameters.

    Args:
        config: the `optimizer` node: `name`, `_target_`, optionally `elementwise`, and the hyperparameters.
    """

    config: Mapping[str, object]

    @property
    def elementwise(self) -> bool:
        """Whether the rule declares that it treats every element alike and alone."""
        return is_elementwise(self.config)

    def hyperparameters(self) -> Mapping[str, object]:
        """Return all hyperparameters: those of the config, and the class's own defaults for the rest."""
        built = self.start(torch.zeros(2, 2)).optimizer
        config = {
            key: tuple(value) if isinstance(value, list) else value for key, value in self.config.items()
        }
        return {key: value for key, value in {**built.param_groups[0], **config}.items() if key != "params"}

    def changed(self, **hyperparameters: object) -> "Subject":
        """Return the same rule with other values of some hyperparameters."""
        return Subject({**self.config, **hyperparameters})

    def start(self, place: Float[Tensor, "*shape"]) -> "Walker":
        """Return a fresh instance of the rule at `place`.

        Raises:
            InvalidInput: it cannot be built from its config.
        """
        theta = torch.nn.Parameter(place.clone())
        with finding(f"{self.config['_target_']}()"):
            return Walker(theta, build_optimizer(self.config, [theta]))

    def walk(
        self, gradients: Float[Tensor, "step *shape"], *, start: Float[Tensor, "*shape"] | None = None
    ) -> Float[Tensor, "step *shape"]:
        """Return the place after each step when handed these gradients, from `start` or from 0."""
        walker = self.start(torch.zeros_like(gradients[0]) if start is None else start)
        return torch.stack([walker.step(g) for g in gradients])

    def descend(
        self, curvature: Float[Tensor, "parameter"], start: Float[Tensor, "parameter"], *, steps: int
    ) -> Float[Tensor, "step parameter"]:
        """Return the places on the quadratic whose gradient is curvature * place."""
        walker = self.start(start)
        return torch.stack([walker.step(curvature * walker.theta.detach()) for _ in range(steps)])


@dataclass(frozen=True, slots=True)
class Walker:
    """One instance of a rule over one parameter."""

    theta: torch.nn.Parameter
    optimizer: torch.optim.Optimizer

    def step(self, gradient: Tensor) -> Tensor:
        """Take one step against `gradient`, of the parameter's shape, and return the new place.

        Raises:
            Broken: the rule's own code fails.
        """
        self.theta.grad = gradient.clone()
        with finding(f"{type(self.optimizer).__name__}.step()"):
            self.optimizer.step()
        return self.theta.detach().clone()


def arguments_of(function: Callable[..., object], subject: Subject) -> dict[str, object]:
    """Return those hyperparameters of the rule that `function` takes, by their names.

    Raises:
        InvalidInput: it needs one that the rule does not have.
    """
    values, found = subject.hyperparameters(), {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in values:
            found[name] = values[name]
        elif parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise InvalidInput(
                f"optimizer {subject.config['name']} must have the hyperparameter {name} to be what it claims; "
                f"it has {', '.join(sorted(values.keys() - {'name', '_target_'}))}"
            )
    return found
