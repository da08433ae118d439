"""Certify a problem: what it draws, its loss, and that a stack trains it as a plain loop does."""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from study.certify.check import (
    ROUNDING,
    Broken,
    Check,
    NotApplicable,
    Result,
    Verdict,
    check,
    finding,
    in_turn,
    judge,
    must_agree,
    must_hold,
)
from study.certify.draws import DRAWS, SEEDS, Specimen, bits, flat, mapped, tensors
from study.certify.rule import generator
from study.certify.stacked import stack_difference
from study.errors import InvalidInput
from study.problems.base import Data, Problem
from study.training.build import build_problem

_FEW, _MANY = 12, 256
"""Points whose gradient is compared with differences (few, so that hardly any kink is met), and all other points."""


def certify_problem(config: Mapping[str, object]) -> dict[str, Result]:
    """Check one problem, the `problem` node of a config.

    Raises:
        InvalidInput: the problem cannot be built, or its data cannot be had here.
    """
    return in_turn(Specimen(build_problem(config)), *DRAWS, *LOSSES)


def require_problem(problem: Problem) -> None:
    """Refuse a problem that does not hold what training relies on, as a few points of it show in some 50 ms.

    Raises:
        InvalidInput: what must hold, and what was found; its certificate says more.
    """
    for name, result in in_turn(Specimen(problem), *DRAWS, *NEEDED).items():
        if result.verdict is Verdict.FAILED:
            raise InvalidInput(
                f"{problem.name}: {name} must be {result.required}, got {result.measured}; "
                f"study certify problem={problem.name} checks all of it"
            )


@must_hold("loss", "one finite number below the cap, a tensor of shape ()")
def _number(specimen: Specimen) -> Iterator[str]:
    for seed in SEEDS:
        model, data = specimen.started(seed)
        for targets in (data.targets, data.eval_targets):
            loss = specimen.loss(model, replace(data, targets=targets))
            if loss.shape != () or not loss.is_floating_point():
                yield f"loss() returns {loss.dtype} of shape {tuple(loss.shape)}"
            elif not loss.isfinite() or loss > specimen.problem.cap:
                yield f"the start of seed {seed} has loss {loss.item():.4g}, the cap is {specimen.problem.cap:g}"


@must_hold("loss repeats", "the same number again, with data and model left as they were")
def _repeated(specimen: Specimen) -> Iterator[str]:
    model, data = specimen.started(SEEDS[0])
    values = {**tensors(data), **dict(model.named_buffers())}
    before = {name: bits(value) for name, value in values.items()}
    first, again = (specimen.loss(model, data).item() for _ in range(2))
    for name, value in values.items():
        if bits(value) != before[name]:
            yield f"{name} is changed by a call (batch norm, or an operation in place?)"
    if first != again:
        yield f"the same call gives {first:.6g}, then {again:.6g} (dropout, or a state?)"


@must_hold("global randomness", "left as it was: numbers come from source.generator(...)")
def _untouched(specimen: Specimen) -> Iterator[str]:
    model = specimen.model()  # torch's layers draw a start of their own here
    torch.rand(1)  # these lead away from where a fixed seed would lead again
    np.random.rand()
    random.random()
    before = _random_states()
    specimen.loss(specimen.initialise(model, SEEDS[0]), specimen.data(SEEDS[0]))
    for library, state in _random_states().items():
        if state != before[library]:
            yield f"{library}'s global random numbers are drawn from or seeded"


def _random_states() -> dict[str, object]:
    return {
        "torch": torch.get_rng_state().tolist(),
        "NumPy": [np.asarray(part).tolist() for part in np.random.get_state()],
        "Python": random.getstate(),
    }


@must_hold("gradient", "finite, not zero everywhere, and one of each parameter")
def _gradient(specimen: Specimen) -> Iterator[str]:
    for seed in SEEDS:
        model, data = specimen.started(seed)
        named = dict(model.named_parameters())
        loss = specimen.loss(model, data)
        with finding("the gradient of the loss"):
            found = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
        for name, gradient in zip(named, found, strict=True):
            if gradient is None:
                yield f"{name} takes no part in the loss: an optimizer would leave it where it is, or decay it"
            elif not gradient.isfinite().all():
                yield f"that of {name} is not finite at the start of seed {seed}"
        if not any(gradient is not None and gradient.any() for gradient in found):
            yield f"it is zero at the start of seed {seed}: nothing would be learned"


def _away(specimen: Specimen, *, points: int) -> tuple[nn.Module, Data]:
    """Return a model a little away from the start of the first seed, and some of its points."""
    model, data = specimen.started(SEEDS[0])
    chosen = torch.randperm(len(data.targets), generator=generator())[:points]
    start = flat(model.parameters())  # and 0.1 from it, per parameter, in the mean square
    nn.utils.vector_to_parameters(
        start + 0.1 * torch.randn(start.shape, generator=generator(), dtype=start.dtype), model.parameters()
    )
    return model, mapped(data, lambda values: values[chosen])


@must_hold("loss pairs", "each prediction is compared with its own target")
def _paired(specimen: Specimen) -> Iterator[str]:
    """Hand out the targets in another order: a loss that does not notice has compared all with all."""
    model, data = _away(specimen, points=_MANY)
    shuffled = data.targets[torch.randperm(len(data.targets), generator=generator())]
    with finding("model"):
        prediction = model(*data.arguments)
    if bits(shuffled) == bits(data.targets) or (prediction == prediction[:1]).all():
        raise NotApplicable("all targets or all predictions are alike")
    loss, other = specimen.loss(model, data), specimen.loss(model, replace(data, targets=shuffled))
    rounding = 10 * torch.finfo(specimen.problem.dtype).eps  # of sums of some hundred numbers
    if abs(other - loss) <= rounding * abs(loss):
        shapes = f"predictions {tuple(prediction.shape)} with targets {tuple(data.targets.shape)}"
        yield f"shuffled targets have the same loss: {shapes}"


@must_hold("loss is a mean", "the same loss for each point twice")
def _mean(specimen: Specimen) -> Iterator[str]:
    """Hand in each point twice: a mean does not notice, a sum doubles, and so would the step."""
    model, data = _away(specimen, points=_MANY)
    once = specimen.loss(model, data).item()
    doubled = mapped(data, lambda values: values.repeat_interleave(2, 0))
    twice = specimen.loss(model, doubled).item()
    if once and abs(twice / once - 1) > 1e-4:
        yield f"each point twice has {twice / once:.3g} times the loss"


def _doubled(model: nn.Module, data: Data) -> tuple[nn.Module, Data]:
    """Return model and data in double precision; indices stay what they are."""
    return model.double(), mapped(
        data, lambda values: values.double() if values.is_floating_point() else values
    )


@check("finite differences")
def _differences(specimen: Specimen) -> Result:
    """Compare g · u with (loss(θ + h u) - loss(θ - h u)) / 2h along some random directions u."""
    model, data = _doubled(*_away(specimen, points=_FEW))
    try:
        gradient = specimen.gradient(model, data)
    except Broken as error:
        raise NotApplicable(f"not in double precision: {error}") from error
    start, step, worst = flat(model.parameters()), 1e-6, 0.0
    for u in torch.randn(4, len(start), generator=generator(), dtype=torch.float64):
        ends = []
        for place in (start + step * u, start - step * u):
            nn.utils.vector_to_parameters(place, model.parameters())
            ends.append(specimen.loss(model, data).item())
        slope = (ends[0] - ends[1]) / (2 * step)
        worst = max(worst, abs(slope - (gradient @ u).item()) / gradient.norm().item())
    return must_agree(worst, tolerance=1e-5, cause="differences of 1e-6", least=1e-6)


@check("floor")
def _floor(specimen: Specimen) -> Result:
    """Descend from some places as far as it goes, by L-BFGS: nothing may lie below the floor."""
    least, highest = float("inf"), 0.0
    for seed in SEEDS:
        model, data = specimen.started(seed)
        found = specimen.problem.floor(data)
        if found is None:
            raise NotApplicable("the problem names none")
        floor = float(found)
        met = _descend(specimen, *_doubled(model, replace(data, targets=data.eval_targets)))
        least, highest = min(least, min(met) - floor), max(highest, met[0] - floor, abs(floor))
    below = least < -1e-6 * highest
    reached = "it is reached" if least <= 1e-6 * highest else "it is not reached"
    measured = f"a loss {-least:.2g} below the floor is found" if below else reached
    return judge(not below, measured, "no loss below it, searched by L-BFGS")


def _descend(specimen: Specimen, model: nn.Module, data: Data) -> list[float]:
    """Return all losses met on the way down from where the model is."""
    met: list[float] = []
    search = torch.optim.LBFGS(model.parameters(), max_iter=50, line_search_fn="strong_wolfe")

    def loss() -> float:
        search.zero_grad()
        value = specimen.loss(model, data)
        value.backward()
        met.append(value.item())
        return met[-1]

    search.step(loss)
    return [value for value in met if np.isfinite(value)]


@must_hold("curve", "the model's value at each curve input")
def _curve(specimen: Specimen) -> Iterator[str]:
    with finding("curve_inputs()"):
        inputs = specimen.problem.curve_inputs()
    if inputs is None:
        raise NotApplicable("the problem draws none")
    model = specimen.initialise(specimen.model(), SEEDS[0])
    with finding("model on curve_inputs()"):
        heights = model(inputs)
    if heights.shape[1:] != (1,) or inputs.shape[1:] != (1,):
        raise NotApplicable("only one output of one input is drawn as a curve")
    if not heights.isfinite().all():
        yield "the model's values there are not finite"


@check("stack")
def _stack(specimen: Specimen) -> Result:
    """Train by steps of which the first goes 0.01 of how far the start is from 0, or of 1 if that is more."""
    problem = specimen.problem
    model, data = specimen.started(SEEDS[0])
    slope = problem.gradient_scale * float(specimen.gradient(model, data).norm())
    rate = 0.01 * max(1.0, float(flat(model.parameters()).norm())) / slope
    descent = {"name": "sgd", "_target_": "torch.optim.SGD", "lr": rate}
    tolerance = ROUNDING if problem.dtype == torch.float64 else 1e-5
    value = stack_difference(problem, descent, epochs=2)
    return must_agree(value, tolerance=tolerance, cause="sums in another order", least=tolerance)


@must_hold("metrics", "one finite number each, under a name, and the criterion among them")
def _metrics(specimen: Specimen) -> Iterator[str]:
    model, data = specimen.started(SEEDS[0])
    with finding("metrics()"):
        measured: dict[str, object] = dict(
            specimen.problem.metrics(model(*data.arguments), data.eval_targets)
        )
    for name, value in measured.items():
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z]\w{0,99}", name, re.ASCII):
            yield f"{name!r} is no name of letters, digits and _"
        elif not isinstance(value, Tensor) or value.shape != ():
            yield f"{name} is a {type(value).__name__} of shape {getattr(value, 'shape', '-')}"
        elif not value.isfinite():
            yield f"{name} is {value.item()}"
    splits = ["eval"] if data.test is None else ["eval", "test"]
    known = [f"{split}/{name}" for split in splits for name in ("loss", *measured)]
    if specimen.problem.criterion not in known:
        yield f"the criterion is {specimen.problem.criterion!r}, but measured are {', '.join(known)}"


@must_hold("floor is a number", "finite, and not above the loss at the start, or None beside a margin")
def _bounded(specimen: Specimen) -> Iterator[str]:
    for seed in SEEDS:
        model, data = specimen.started(seed)
        with finding("floor()"):
            found = specimen.problem.floor(data)
            if found is None:
                if specimen.problem.margin is None:
                    yield "floor() is None, and no margin says which differences matter"
                continue
            floor = float(found)
        start = specimen.loss(model, replace(data, targets=data.eval_targets)).item()
        if not np.isfinite(floor):
            yield f"floor() is {floor} at seed {seed}"
        elif floor > start + 1e-6 * abs(start):
            yield f"floor() is {floor:.6g} at seed {seed}, where the start has {start:.6g}"


NEEDED: tuple[tuple[Check[Specimen], ...], ...] = (
    (_number,),
    (_repeated, _untouched, _gradient, _bounded, _metrics),
    (_paired, _mean, _differences, _curve),
    (_stack,),
)
"""What training relies on, in the order in which the checks stand on one another."""

LOSSES: tuple[tuple[Check[Specimen], ...], ...] = (*NEEDED[:3], (_floor,), NEEDED[3])
"""The checks of the loss."""
