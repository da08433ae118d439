"""Certify an optimizer: what it claims to be, its symmetries and memory, and that a stack trains as a loop does."""

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any  # the tolerance of must_agree, and its cause

import torch
from torch import Tensor

from study.certify.agreement import AGREEMENT, SCALES
from study.certify.check import (
    Check,
    NotApplicable,
    Result,
    Verdict,
    check,
    finding,
    in_turn,
    judge,
    must_agree,
    must_all_agree,
    must_differ,
    number,
)
from study.certify.rule import STEPS, Claim, Path, Subject, difference, generator, quadratic_gradients, travel
from study.certify.stacked import Bend, stack_difference, way_of
from study.errors import InvalidInput

_GREAT = 2.0**30
"""Gradients so much larger than usual drown eps; a power of two, so that scaling rounds nothing."""

_RATES = (1e-4, 1e-3, 1e-2, 0.1, 1.0)


def certify_optimizer(config: Mapping[str, object], claim: Claim) -> dict[str, Result]:
    """Check one rule, the `optimizer` node of a config.

    Raises:
        InvalidInput: the rule cannot be built, or lacks a hyperparameter of what it claims to be.
    """
    rule = Subject(config, claim)
    rule.hyperparameters()  # builds it: what cannot be built is refused, no finding
    try:
        why = _beyond_gradients(rule)
    except InvalidInput as error:
        return {"steps": judge(False, str(error), "on a small network")}
    if why:
        return {"steps": Result(Verdict.NOT_APPLICABLE, "", why), **in_turn(rule, [_stack])}
    return in_turn(rule, [_steps], checks_of(rule))


def checks_of(rule: Subject) -> list[Check[Subject]]:
    """Return the checks of a rule that moves by gradients alone."""
    symmetries = _translation, _permutation, _sign_flip, _rotation, _loss_scale
    return [*AGREEMENT, _downhill, *symmetries, *separation(rule)]


def separation(rule: Subject) -> list[Check[Subject]]:
    """Return the checks that the trainer stands on: elements, runs and time are kept apart, in a stack too."""
    elements = {True: "elements are independent", False: "elements mix, as declared", None: "elements"}
    return [(elements[rule.declared], _elements), _tensors, _single, _runs, _resume, _stack]


def _beyond_gradients(rule: Subject) -> str:
    """Return why gradients alone do not say where a rule goes; nothing where they do."""
    way = way_of(rule.config)
    reasons = {
        "it leaves some parameters to another rule": "rest" in rule.config,
        "it asks for its loss": way.closure,
        "it differentiates its gradient": way.graph,
        "it draws random numbers": way.draws,
    }
    told = " and ".join(reason for reason, holds in reasons.items() if holds)
    return f"{told}: it is trained, and no gradients are handed to it" if told else ""


@check("steps")
def _steps(rule: Subject) -> Result:
    return judge(True, str(len(rule.path)), "without an error, from gradients alone")


@check("goes downhill")
def _downhill(rule: Subject) -> Result:
    """Descend Σ λ θ² from places on either side of 0, on which going one way whatever the gradient is no help."""
    if rule.hyperparameters().get("maximize"):
        raise NotApplicable("it is to maximize")
    curvature, start = torch.tensor([[0.1, 0.1, 1, 1], [1, -1, 1, -1]], dtype=torch.float64)
    left = {}
    for rate in _RATES:
        end = rule.changed(lr=rate).descend(curvature, start, steps=STEPS)[-1]
        left[rate] = ((curvature * end**2).sum() / (curvature * start**2).sum()).nan_to_num(math.inf).item()
    best = min(left, key=lambda rate: left[rate])
    required = f"≤ 5e-01 of the loss is left, at an lr of {_RATES[0]:g} to {_RATES[-1]:g}"
    return judge(left[best] <= 0.5, f"{number(left[best])} at lr {best:g}", required)


@check("translation")
def _translation(rule: Subject) -> Result:
    """Start elsewhere: θ_0 + c gives θ_t + c. As far as the path is long, so that c rounds no more than it."""
    path = rule.path
    moved = torch.randn(path[0].shape, generator=generator(), dtype=path.dtype) * path.abs().max()
    value = difference(rule.walk(quadratic_gradients(), start=moved) - moved, path)
    return _as_claimed(rule, rule.claim.translation, value)


@check("permutation")
def _permutation(rule: Subject) -> Result:
    """Shuffle the elements of the whole tensor: P g gives P θ."""
    order = torch.randperm(rule.path[0].numel(), generator=generator())
    value = _transformed(rule, lambda values: values.flatten(1)[:, order].reshape(values.shape))
    return _judged(rule.elementwise or None, value, unless="elements mix")


@check("sign flip")
def _sign_flip(rule: Subject) -> Result:
    """Mirror some coordinates: S g gives S θ."""
    signs = 1 - 2 * torch.randint(2, rule.path[0].shape, generator=generator()).to(rule.path.dtype)
    return _as_claimed(rule, rule.claim.sign_flip, _transformed(rule, lambda values: values * signs))


@check("rotation")
def _rotation(rule: Subject) -> Result:
    """Turn the axes of each run: Q g gives Q θ."""
    turn = rotation(rule.path.shape[-1])
    return _as_claimed(rule, rule.claim.rotation, _transformed(rule, lambda values: values @ turn.T))


def rotation(parameters: int) -> Tensor:
    """Return a random rotation of the parameters' axes, as a matrix."""
    square = torch.randn(parameters, parameters, generator=generator(), dtype=torch.float64)
    turn: Tensor = torch.linalg.qr(square).Q
    return turn


@check("loss scale")
def _loss_scale(rule: Subject) -> Result:
    """Measure the loss in another unit: 1024 g gives the same θ as g, both too large for eps to matter."""
    great = quadratic_gradients() * _GREAT
    value = difference(rule.walk(great * 1024), rule.walk(great))
    return _as_claimed(rule, rule.claim.scale, value, tolerance=1e-6, cause="eps")


def _transformed(rule: Subject, transform: Callable[[Path], Path]) -> float:
    return difference(rule.walk(transform(quadratic_gradients())), transform(rule.path))


def _as_claimed(rule: Subject, claimed: bool | None, value: float, **tolerance: Any) -> Result:
    try:
        rule.must_be_as_claimed()
    except NotApplicable as reason:
        return _judged(None, value, unless=str(reason))
    return _judged(claimed, value, unless="not claimed", **tolerance)


def _judged(claimed: bool | None, value: float, *, unless: str, **tolerance: Any) -> Result:
    if claimed is None:
        return Result(Verdict.NOT_APPLICABLE, number(value), unless)
    return must_agree(value, **tolerance) if claimed else must_differ(value)


def _elements(rule: Subject) -> Result:
    """Walk as one tensor, and as one tensor per element: the same exactly if the rule is elementwise."""
    found = "elementwise along this path" if rule.elementwise else "elements mix"
    return _judged(rule.declared, rule.split, unless=f"not declared; measured: {found}")


@check("tensors and groups are independent")
def _tensors(rule: Subject) -> Result:
    """Step three tensors, one alike in shape in a group of another lr; each must go where it goes alone."""
    g, rates = quadratic_gradients(), (rule.lr, rule.lr, rule.lr / 2)
    met = g, g[:, 0], g.flip(0)
    places = [torch.nn.Parameter(torch.zeros_like(values[0])) for values in met]
    optimizer = rule.built(*places[:2])
    if optimizer.param_groups[0].get("lr") != rule.lr:
        raise NotApplicable("its groups have another lr than it is given")
    with finding("add_param_group()"):
        optimizer.add_param_group({"params": places[2:], "lr": rates[2]})
    alone = [rule.changed(lr=rate).walk(values) for values, rate in zip(met, rates, strict=True)]
    found = max(map(difference, travel([optimizer], places, met), alone))
    apart = rule.claim.formula is not None if rule.declared is None else rule.declared
    return _judged(apart or None, found, unless="elementwise is neither declared nor claimed")


@check("single precision")
def _single(rule: Subject) -> Result:
    """Walk in float32 and in float64 along the same gradients, great ones too.

    Not along small ones: there an eps that is the type's (torch's Adafactor) makes two rules of one.
    """
    rounded = {f"of gradients × {s:g}": (s * quadratic_gradients()).float() for s in SCALES if s >= 1}
    found = {case: difference(rule.walk(g).double(), rule.walk(g.double())) for case, g in rounded.items()}
    return must_all_agree(found, tolerance=1e-5, cause="rounding in float32, over 400 steps", least=1e-5)


@check("runs are independent")
def _runs(rule: Subject) -> Result:
    """Step one instance per run in turn; each must go where it goes alone, and so must its row of a stack."""
    gradients = quadratic_gradients()
    alone = torch.stack([rule.walk(row) for row in gradients.unbind(1)], dim=1)
    places = [torch.nn.Parameter(torch.zeros_like(row)) for row in gradients[0]]
    together = travel([rule.built(place) for place in places], places, gradients.unbind(1))
    values = [difference(torch.stack(together, dim=1), alone)]
    if rule.elementwise:
        values.append(difference(rule.path, alone))
    return must_agree(max(values))


@check("resume from a state dict")
def _resume(rule: Subject) -> Result:
    """Stop half way, and go on with a new instance that is given the state dict of the old."""
    gradients, half = quadratic_gradients(), STEPS // 2
    place = torch.nn.Parameter(torch.zeros_like(gradients[0]))
    stopped, resumed = rule.built(place), rule.built(place)
    travel([stopped], [place], [gradients[:half]])
    with finding("state_dict() or load_state_dict()"):
        resumed.load_state_dict(copy.deepcopy(stopped.state_dict()))
    (found,) = travel([resumed], [place], [gradients[half:]], taken=half)
    return must_agree(difference(found, rule.path[half:]))


@check("stack")
def _stack(rule: Subject) -> Result:
    value = stack_difference(Bend(), rule.config, epochs=5, way=way_of(rule.config))
    return must_agree(value, tolerance=1e-9, cause="rounding, over 20 steps")
