"""Checks of what a problem draws, data and start: well shaped, finite, set, and decided by the seed alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

import torch
from typing_extensions import override

from study.certify.check import Check, Stage, holding, must_hold, not_applicable
from study.certify.specimen import SEEDS, Specimen, same_bits, tensors
from study.randomness import Source
from study.ranges import POSITIVE


def stages(specimen: Specimen) -> tuple[Stage, ...]:
    """Return the checks of data and start, in the order in which they stand on one another."""
    foundations = {
        "name and cap": (_unnamed, "a name, and a number > 0 above which a loss has diverged"),
        "data": (
            _misshapen,
            "three tensors, one row per point, as many for every seed, in the problem's type",
        ),
        "parameters": (_untrainable, "one or more, all of them to be trained"),
    }
    table = {
        "data are finite": (_not_finite, "no NaN, no infinity"),
        "data repeat": (_unrepeated, "the same bits for the same seed"),
        "start": (_unset, "initialise() sets every parameter, from the seed alone"),
    }
    drawn = {**holding(specimen, table), "seeds differ": lambda name: _seeds_differ(name, specimen)}
    return holding(specimen, foundations), drawn


def _unnamed(specimen: Specimen) -> Iterator[str]:
    problem = specimen.problem
    if not (isinstance(getattr(problem, "name", None), str) and problem.name):
        yield f"name is {getattr(problem, 'name', None)!r}"
    if not POSITIVE.holds(getattr(problem, "cap", None)):
        yield f"cap is {getattr(problem, 'cap', None)!r}"


def _misshapen(specimen: Specimen) -> Iterator[str]:
    shapes = {}
    for seed in SEEDS:
        data = specimen.data(specimen.source(seed))
        shapes[seed] = {name: tuple(values.shape) for name, values in tensors(data).items()}
        lengths = {name: shape[0] if shape else None for name, shape in shapes[seed].items()}
        if len(set(lengths.values())) > 1 or not all(lengths.values()):
            told = ", ".join(f"{name} {shape}" for name, shape in shapes[seed].items())
            yield f"at seed {seed} the shapes are {told}"
        for name, values in tensors(data).items():
            if values.is_floating_point() and values.dtype != specimen.problem.dtype:
                yield f"{name} are {values.dtype}, the problem is {specimen.problem.dtype}"
    for first, second in combinations(SEEDS, 2):
        for name, shape in shapes[first].items():
            if shape != shapes[second][name]:
                yield f"{name} are {shape} at seed {first} and {shapes[second][name]} at seed {second}"


def _not_finite(specimen: Specimen) -> Iterator[str]:
    for seed in SEEDS:
        for name, values in tensors(specimen.data(specimen.source(seed))).items():
            if bad := int(values.isfinite().logical_not().sum()):
                yield f"{bad} of {values.numel()} numbers of {name} are not finite at seed {seed}"


def _unrepeated(specimen: Specimen) -> Iterator[str]:
    first = tensors(specimen.data(specimen.source(SEEDS[0])))
    specimen.data(specimen.source(SEEDS[1]))
    again = tensors(specimen.data(specimen.source(SEEDS[0])))
    for name, values in first.items():
        if not same_bits([values], [again[name]]):
            yield f"{name} of seed {SEEDS[0]} are others when they are drawn again"


def _untrainable(specimen: Specimen) -> Iterator[str]:
    parameters = dict(specimen.model().named_parameters())
    if not parameters:
        yield "model() has no parameters"
    for name, parameter in parameters.items():
        if not parameter.is_floating_point():
            yield f"{name} is of type {parameter.dtype}"
        elif not parameter.requires_grad:
            yield f"{name} is frozen (requires_grad=False): it would be trained; make it a buffer"


def _unset(specimen: Specimen) -> Iterator[str]:
    starts = []
    for before in (float("nan"), 1.0):
        model = specimen.model()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(before)
        specimen.initialise(model, specimen.source(SEEDS[0]))
        starts.append(dict(model.named_parameters()))
    for name, parameter in starts[0].items():
        if not parameter.isfinite().all():
            yield f"{name} is not set, or not to finite numbers"
        elif not same_bits([parameter], [starts[1][name]]):
            yield f"{name} depends on what it was before, or differs when it is drawn again"


@dataclass(frozen=True)
class _Heard(Source):
    """Randomness that notes what it was asked for."""

    purposes: list[str] = field(default_factory=list)

    @override
    def generator(self, purpose: str) -> torch.Generator:
        self.purposes.append(purpose)
        return Source(self.problem, self.seed).generator(purpose)


def _seeds_differ(name: str, specimen: Specimen) -> Check:
    """Another seed is another run, unless nothing is drawn at all."""
    drawn, asked = {}, []
    for seed in SEEDS:
        source, model = _Heard(specimen.problem.name, seed), specimen.model()
        specimen.initialise(model, source)
        drawn[seed] = [*tensors(specimen.data(source)).values(), *model.parameters()]
        asked += source.purposes
    alike = [pair for pair in combinations(SEEDS, 2) if same_bits(drawn[pair[0]], drawn[pair[1]])]
    if alike and not asked:
        return not_applicable(name, "nothing is drawn: seeds differ by the order of their points alone")
    faults = [f"seeds {first} and {second} have the same data and start" for first, second in alike]
    return must_hold(name, faults, required="other data or another start for each seed")
