"""An optimizer under test: built from its config as the trainer builds it, and made to walk along given gradients."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import cast

import numpy as np
import torch
from hydra.utils import get_class, get_method
from jaxtyping import Float
from torch import Tensor

from study.certify.check import ROUNDING, Broken, NotApplicable, finding
from study.errors import InvalidInput, one_of
from study.job import DECLARED, NOT_HYPERPARAMETERS, UNDECIDING
from study.training.build import build_optimizer

STEPS, CHANGE, FACTOR = 400, 150, 0.3
"""How far a rule walks, and after how many steps its lr is multiplied by what, as torch's schedulers do it."""

ZEROS = 0.2
"""The share of gradients that are exactly 0, as those of a dead unit or of a word that is not in the batch."""

IMPLEMENTATION = {"foreach", "fused", "capturable", "differentiable"}
"""Options of torch's classes that say how a step is computed, not which."""

Path = Float[Tensor, "step *shape"]
_Way = Float[Tensor, "step ..."]  # those of several places have several shapes


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

    @property
    def declared(self) -> bool | None:
        """Whether each element is treated alike and alone, as the config says; None if it does not say."""
        return cast("bool | None", self.config.get(DECLARED))

    @property
    def elementwise(self) -> bool:
        """Whether each element is treated alike and alone: as declared, or as measured."""
        return self.split <= ROUNDING if self.declared is None else self.declared

    def hyperparameters(self) -> Mapping[str, object]:
        """Return all hyperparameters: those of the config, and the class's own defaults for the rest."""
        values = {**self.built(torch.nn.Parameter(torch.zeros(2, 2))).param_groups[0], **self._values()}
        return {k: v for k, v in values.items() if k not in {"params", *UNDECIDING, *IMPLEMENTATION}}

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

    def must_be_known(self, to: str, function: Callable[..., object], *, fixed: Collection[str] = ()) -> None:
        """Require `function` to take each option that the config switches on, and that is off in the class.

        Another hyperparameter that it does not take is no option: a rule with betas is not what has none.

        Raises:
            NotApplicable: there is one that it does not take, so that it says nothing of this rule.
        """
        own = inspect.signature(get_class(str(self.config["_target_"]))).parameters
        taken = {*inspect.signature(function).parameters, *fixed, *NOT_HYPERPARAMETERS, *IMPLEMENTATION, "lr"}
        for key, value in self._values().items():
            if key not in taken and value and key in own and not own[key].default:
                raise NotApplicable(f"{to} knows no {key}={value}")

    def must_be_as_claimed(self) -> None:
        """Require that no option is on that the claim does not speak of.

        Raises:
            NotApplicable: there is one.
        """
        claim, twin = self.claim, self.claim.twin or {}
        if claim.formula is not None:
            self.must_be_known("the formula", get_method(claim.formula), fixed=[*twin, *claim.dialect])
        elif twin:
            self.must_be_known("the twin", get_class(str(twin["_target_"])), fixed=claim.dialect)

    def built(self, *places: torch.nn.Parameter) -> torch.optim.Optimizer:
        """Return an instance over some places; refused where it cannot be built."""
        with finding(f"{self.config['_target_']}()"):
            rule = build_optimizer(self.config, places)
            getattr(rule, "train", lambda: None)()  # schedule-free rules ask for it
        return rule

    def changed(self, **hyperparameters: object) -> "Subject":
        """Return the same rule with other values of some hyperparameters."""
        return Subject({**self.config, **hyperparameters}, self.claim)

    def walk(self, gradients: Path, *, start: Float[Tensor, "*shape"] | None = None) -> Path:
        """Return the place after each step when handed these gradients, from `start` or from 0."""
        place = torch.nn.Parameter(torch.zeros_like(gradients[0]) if start is None else start.clone())
        return travel([self.built(place)], [place], [gradients])[0]

    @cached_property
    def path(self) -> Path:
        """The way from 0 along the gradients met on quadratics."""
        return self.walk(quadratic_gradients())

    @cached_property
    def split(self) -> float:
        """How far that way is from those of one tensor per element: rounding if the rule is elementwise."""
        elements = quadratic_gradients().flatten(1)
        try:
            alone = [self.walk(element[:, None]) for element in elements.unbind(1)]
        except Broken:  # it takes no tensor of one element
            return float("inf")
        return difference(torch.cat(alone, dim=1).reshape(self.path.shape), self.path)

    def path_of(self, formula: str, gradients: Path | None = None) -> Path:
        """Return a way as a function says it is, called with the rule's hyperparameters and the lr of each step."""
        function = get_method(formula)
        g = (quadratic_gradients() if gradients is None else gradients).numpy()
        rates = self.lr * np.where(np.arange(len(g)) < CHANGE, 1.0, FACTOR)
        return torch.from_numpy(function(0 * g[0], g, **{**self.arguments_of(function), "lr": rates}))

    def descend(
        self, curvature: Float[Tensor, "parameter"], start: Float[Tensor, "parameter"], *, steps: int
    ) -> Float[Tensor, "step parameter"]:
        """Return the places on the quadratic whose gradient is curvature * place, at one lr."""
        place = torch.nn.Parameter(start.clone())
        rule = [self.built(place)]
        return torch.cat([travel(rule, [place], [curvature * place.detach()[None]])[0] for _ in range(steps)])

    def _values(self) -> dict[str, object]:
        return {key: tuple(v) if isinstance(v, list) else v for key, v in self.config.items()}


def travel(
    rules: Sequence[torch.optim.Optimizer], places: Sequence[Tensor], met: Sequence[_Way], *, taken: int = 0
) -> list[_Way]:
    """Step some instances in turn along the gradients that each of their places meets, and return its way.

    Args:
        rules: the instances.
        places: their parameters, which they move.
        met: the gradients of each place.
        taken: steps before these; after `CHANGE` of all, the lr of each group is changed as torch's schedulers do.
    """
    went = []
    for steps, gradients in enumerate(zip(*met, strict=True), start=taken):
        for place, gradient in zip(places, gradients, strict=True):
            place.grad = gradient.clone()
        for rule in rules:
            for group in rule.param_groups if steps == CHANGE else ():
                group["lr"] = group["lr"] * FACTOR
            with finding(f"{type(rule).__name__}.step()"):
                rule.step()
        went.append([place.detach().clone() for place in places])
    return [torch.stack(way) for way in zip(*went, strict=True)]


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

    with A a random rotation of the curvatures 0.02 to 10, and c, n standard normal; then some g are set to 0.
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
    kept = torch.rand(STEPS, 3, 4, generator=generator()) >= ZEROS
    return torch.stack(met) * kept
