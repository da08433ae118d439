"""A problem under test, and the checks of what it draws: well shaped, finite, set, and decided by the seed alone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.certify.check import Broken, Check, NotApplicable, finding, must_hold
from study.problems.base import Data, Problem
from study.randomness import Source
from study.ranges import POSITIVE

SEEDS = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Specimen:
    """A problem under test: its methods called one by one, so that what they raise is a finding about it."""

    problem: Problem
    purposes: set[str] = field(default_factory=set)  # what its randomness was asked for, so far

    def data(self, seed: int) -> Data:
        """Return the data of one seed."""
        with finding("data()"):
            data: object = self.problem.data(_Heard(self.problem.name, seed, self.purposes))
        if not isinstance(data, Data) or not all(map(_is_plain, tensors(data).values())):
            raise Broken(f"data() returns {type(data).__name__}, not a Data of three tensors")
        return data

    def model(self) -> nn.Module:
        """Return the model, in the problem's type."""
        with finding("model()"):
            return self.problem.model().to(self.problem.dtype)

    def initialise(self, model: nn.Module, seed: int) -> nn.Module:
        """Set the parameters of a model to one seed's start, and return it."""
        with finding("initialise()"):
            self.problem.initialise(model, _Heard(self.problem.name, seed, self.purposes))
        return model

    def started(self, seed: int) -> tuple[nn.Module, Data]:
        """Return the model at one seed's start, and that seed's data."""
        return self.initialise(self.model(), seed), self.data(seed)

    def loss(self, model: nn.Module, data: Data) -> Tensor:
        """Return the loss of a model on some points."""
        with finding("model"):
            prediction = model(*data.arguments)
        with finding("loss()"):
            loss: object = self.problem.loss(prediction, data.targets)
        if not isinstance(loss, Tensor):
            raise Broken(f"loss() returns {type(loss).__name__}, not a tensor")
        return loss

    def gradient(self, model: nn.Module, data: Data) -> Float[Tensor, " parameter"]:
        """Return the gradient of the loss on some points by all parameters."""
        loss = self.loss(model, data)
        with finding("the gradient of the loss"):
            return flat(torch.autograd.grad(loss, list(model.parameters()), materialize_grads=True))


@dataclass(frozen=True)
class _Heard(Source):
    """Randomness that notes what it is asked for."""

    purposes: set[str]

    @override
    def generator(self, purpose: str) -> torch.Generator:
        self.purposes.add(purpose)
        return super().generator(purpose)


def flat(values: Iterable[Tensor]) -> Float[Tensor, " parameter"]:
    """Return all numbers of some tensors side by side, as they are now."""
    return torch.cat([value.detach().flatten() for value in values])


def tensors(data: Data) -> dict[str, Tensor]:
    """Return the tensors of some data, by their names."""
    further = {f"further[{place}]": values for place, values in enumerate(data.further)}
    return {"inputs": data.inputs, **further, "targets": data.targets, "eval_targets": data.eval_targets}


def mapped(data: Data, change: Callable[[Tensor], Tensor]) -> Data:
    """Return data of which each tensor is changed."""
    one = (change(data.inputs), change(data.targets), change(data.eval_targets))
    return Data(*one, further=tuple(map(change, data.further)))


def bits(values: Tensor) -> tuple[object, ...]:
    """Return what tensors share that are equal in type, shape and every bit; a NaN equals itself."""
    raw = values.detach().contiguous().flatten().view(torch.uint8)
    return values.dtype, values.shape, raw.numpy().tobytes()


@must_hold("name and cap", "a name, and a number > 0 above which a loss has diverged")
def _named(specimen: Specimen) -> Iterator[str]:
    name, cap = (getattr(specimen.problem, key, None) for key in ("name", "cap"))
    if not (isinstance(name, str) and name):
        yield f"name is {name!r}"
    if not POSITIVE.holds(cap):
        yield f"cap is {cap!r}"


@must_hold("data", "three tensors, one row per point, as many for every seed, in the problem's type")
def _shaped(specimen: Specimen) -> Iterator[str]:
    drawn = {seed: tensors(specimen.data(seed)) for seed in SEEDS}
    shapes = {seed: {name: tuple(v.shape) for name, v in data.items()} for seed, data in drawn.items()}
    for seed, data in drawn.items():
        lengths = {shape[:1] for shape in shapes[seed].values()}
        if len(lengths) > 1 or lengths & {(), (0,)}:
            told = ", ".join(f"{name} {shape}" for name, shape in shapes[seed].items())
            yield f"at seed {seed} the shapes are {told}"
        for name, values in data.items():
            if values.is_floating_point() and values.dtype != specimen.problem.dtype:
                yield f"{name} are {values.dtype}, the problem is {specimen.problem.dtype}"
            first, shape = shapes[SEEDS[0]][name], shapes[seed][name]
            if shape != first:
                yield f"{name} are {first} at seed {SEEDS[0]} and {shape} at seed {seed}"


@must_hold("parameters", "one or more, all of them to be trained")
def _trainable(specimen: Specimen) -> Iterator[str]:
    parameters = dict(specimen.model().named_parameters())
    if not parameters:
        yield "model() has no parameters"
    for name, parameter in parameters.items():
        if not parameter.is_floating_point():
            yield f"{name} is of type {parameter.dtype}"
        elif not parameter.requires_grad:
            yield f"{name} is frozen (requires_grad=False): it would be trained; make it a buffer"


@must_hold("data are finite", "no NaN, no infinity")
def _finite(specimen: Specimen) -> Iterator[str]:
    for seed in SEEDS:
        for name, values in tensors(specimen.data(seed)).items():
            if bad := int(values.isfinite().logical_not().sum()):
                yield f"{bad} of {values.numel()} numbers of {name} are not finite at seed {seed}"


@must_hold("data repeat", "the same bits for the same seed")
def _repeated(specimen: Specimen) -> Iterator[str]:
    first, _, again = (tensors(specimen.data(seed)) for seed in (SEEDS[0], SEEDS[1], SEEDS[0]))
    for name, values in first.items():
        if bits(values) != bits(again[name]):
            yield f"{name} of seed {SEEDS[0]} are others when they are drawn again"


@must_hold("start", "initialise() sets every parameter, from the seed alone")
def _set(specimen: Specimen) -> Iterator[str]:
    starts = []
    for before in (float("nan"), 1.0):
        model = specimen.model()
        for parameter in model.parameters():
            nn.init.constant_(parameter, before)
        starts.append(dict(specimen.initialise(model, SEEDS[0]).named_parameters()))
    for name, parameter in starts[0].items():
        if not parameter.isfinite().all():
            yield f"{name} is not set, or not to finite numbers"
        elif bits(parameter) != bits(starts[1][name]):
            yield f"{name} depends on what it was before, or differs when it is drawn again"


@must_hold("seeds differ", "other data or another start for each seed")
def _different(specimen: Specimen) -> Iterator[str]:
    """Another seed is another run, unless nothing is drawn at all."""
    drawn = {}
    for seed in SEEDS:
        model, data = specimen.started(seed)
        drawn[seed] = [bits(values) for values in (*tensors(data).values(), *model.parameters())]
    for first, second in combinations(SEEDS, 2):
        if drawn[first] == drawn[second]:
            if not specimen.purposes:
                raise NotApplicable("nothing is drawn: seeds differ by the order of their points alone")
            yield f"seeds {first} and {second} have the same data and start"


DRAWS: tuple[tuple[Check[Specimen], ...], ...] = (
    (_named, _shaped, _trainable),
    (_finite, _repeated, _set, _different),
)
"""The checks of data and start, in the order in which they stand on one another."""


def _is_plain(value: object) -> bool:
    return isinstance(value, Tensor) and value.layout == torch.strided  # none that is sparse
