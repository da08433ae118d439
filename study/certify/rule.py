"""An optimizer under test: built from its config as the trainer builds it, and made to walk along given gradients."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, partial

import torch
from hydra.utils import get_method
from jaxtyping import Float
from torch import Tensor

from study.certify.check import ROUNDING, finding
from study.errors import InvalidInput, one_of
from study.training.build import build_optimizer

STEPS = 100
"""How far a rule walks."""

Path = Float[Tensor, "step *shape"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a rule claims to be, one file of conf/certificate/.

    Of a property, true means that it must hold, false that it must not, null neither.
    """

    formula: str | None = None  # a function of `study.certify.formulas`, or of one's own, with its module
    tolerance: float = ROUNDING  # largest relative difference from the formula
    cause: str = "rounding"  # what makes up that difference
    twin: Mapping[str, object] | None = None  # a torch.optim class as `_target_`, with what the claim fixes
    dialect: Mapping[str, object] = field(default_factory=dict)  # makes it write as torch does, where it can
    linear: str | None = None  # a class of `study.theory`: how it moves on a quadratic
    limit: str | None = None  # a function of `study.certify.limits`: what it becomes as eps grows
    translation: bool | None = None  # moving the origin moves the path
    sign_flip: bool | None = None  # mirroring a coordinate mirrors the path
    rotation: bool | None = None  # turning the axes turns the path
    scale: bool | None = None  # the path does not depend on the unit of the loss, up to eps


def claim_from_config(node: Mapping[str, object]) -> Claim:
    """Return the claim of one file of conf/certificate/.

    Raises:
        InvalidInput: it has a key that no claim has.
    """
    known = inspect.signature(Claim).parameters
    for key in node:
        if key not in known:
            raise InvalidInput(one_of("a key of a certificate", key, known))
    return Claim(**node)  # type: ignore[arg-type]  # the YAML's values; what they name is checked when it is used


@dataclass(frozen=True)
class Subject:
    """A rule with its hyperparameters, the `optimizer` node of a config, and what it claims to be."""

    config: Mapping[str, object]
    claim: Claim = field(default_factory=Claim)

    @property
    def lr(self) -> float:
        """The learning rate."""
        return float(str(self.config["lr"]))

    def hyperparameters(self) -> Mapping[str, object]:
        """Return all hyperparameters: those of the config, and the class's own defaults for the rest."""
        built = Walker(self.config, torch.zeros(2, 2)).optimizer
        config = {key: tuple(v) if isinstance(v, list) else v for key, v in self.config.items()}
        return {key: value for key, value in {**built.param_groups[0], **config}.items() if key != "params"}

    def arguments_of(self, function: Callable[..., object]) -> dict[str, object]:
        """Return those hyperparameters that `function` takes, by their names.

        Raises:
            InvalidInput: it needs one that the rule does not have.
        """
        values, parameters = self.hyperparameters(), inspect.signature(function).parameters
        for name, parameter in parameters.items():
            needed = parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
            if needed and name not in values:
                raise InvalidInput(
                    f"optimizer {self.config['name']} must have the hyperparameter {name} to be what it claims; "
                    f"it has {', '.join(sorted(values.keys() - {'name', '_target_'}))}"
                )
        return {name: values[name] for name in parameters if name in values}

    def changed(self, **hyperparameters: object) -> "Subject":
        """Return the same rule with other values of some hyperparameters."""
        return Subject({**self.config, **hyperparameters}, self.claim)

    def walk(self, gradients: Path, *, start: Float[Tensor, "*shape"] | None = None) -> Path:
        """Return the place after each step when handed these gradients, from `start` or from 0."""
        walker = Walker(self.config, torch.zeros_like(gradients[0]) if start is None else start)
        return torch.stack([walker.step(g) for g in gradients])

    @cached_property
    def path(self) -> Path:
        """The way from 0 along the gradients met on quadratics."""
        return self.walk(quadratic_gradients())

    def path_of(self, formula: str) -> Path:
        """Return that way as a function says it is, called with the rule's hyperparameters."""
        function, gradients = get_method(formula), quadratic_gradients().numpy()
        return torch.from_numpy(function(0 * gradients[0], gradients, **self.arguments_of(function)))

    def descend(
        self, curvature: Float[Tensor, "parameter"], start: Float[Tensor, "parameter"], *, steps: int
    ) -> Float[Tensor, "step parameter"]:
        """Return the places on the quadratic whose gradient is curvature * place."""
        walker = Walker(self.config, start)
        return torch.stack([walker.step(curvature * walker.theta.detach()) for _ in range(steps)])


class Walker:
    """One instance of a rule over one parameter, which starts at `place`; refused where it cannot be built."""

    def __init__(self, config: Mapping[str, object], place: Tensor) -> None:
        self.theta = torch.nn.Parameter(place.clone())
        with finding(f"{config['_target_']}()"):
            self.optimizer = build_optimizer(config, [self.theta])

    def step(self, gradient: Tensor) -> Tensor:
        """Take one step against `gradient`, of the parameter's shape, and return the new place."""
        self.theta.grad = gradient.clone()
        with finding(f"{type(self.optimizer).__name__}.step()"):
            self.optimizer.step()
        return self.theta.detach().clone()


def difference(found: Float[Tensor, "*shape"], expected: Float[Tensor, "*shape"]) -> float:
    """Return max |found - expected| / max |expected|; infinite where a number is not finite."""
    if not (found.isfinite().all() and expected.isfinite().all()):
        return float("inf")
    scale = expected.abs().max().item()
    return (found - expected).abs().max().item() / scale if scale > 0 else float("inf")


def generator() -> torch.Generator:
    """Return the generator of everything random in a certificate: the same numbers for every part."""
    return torch.Generator().manual_seed(0)


@cache
def quadratic_gradients() -> Float[Tensor, "step run parameter"]:
    r"""Return what gradient descent with noise meets on one random quadratic per run.

    .. math:: g_t = A (\theta_t - c) + n_t, \qquad \theta_{t+1} = \theta_t - 0.1\, g_t

    with A a random rotation of the curvatures 0.02 to 10, and c, n standard normal.
    """
    normal = partial(torch.randn, generator=generator(), dtype=torch.float64)
    axes = torch.linalg.qr(normal(3, 4, 4)).Q
    curvature = axes * torch.logspace(-1.7, 1, 4, dtype=torch.float64) @ axes.mT
    centre = normal(3, 4)
    theta, met = torch.zeros_like(centre), []
    for _ in range(STEPS):
        noise = normal(3, 4)
        met.append(torch.einsum("rij,rj->ri", curvature, theta - centre) + noise)
        theta = theta - 0.1 * met[-1]
    return torch.stack(met)
