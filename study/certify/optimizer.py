"""Certify an optimizer: what it claims to be, its symmetries and memory, and that a stack trains as a loop does."""

import copy
from collections.abc import Callable, Mapping
from typing import Any  # the tolerance of must_agree, and its cause

import torch
from torch import Tensor

from study.certify.agreement import AGREEMENT
from study.certify.check import (
    Check,
    Result,
    Verdict,
    check,
    finding,
    in_turn,
    judge,
    must_agree,
    must_differ,
    number,
)
from study.certify.rule import STEPS, Claim, Path, Subject, Walker, difference, generator, quadratic_gradients
from study.certify.stacked import Bend, stack_difference
from study.training.build import is_elementwise

_GREAT = 2.0**30
"""Gradients so much larger than usual drown eps; a power of two, so that scaling rounds nothing."""


def certify_optimizer(config: Mapping[str, object], claim: Claim) -> dict[str, Result]:
    """Check one rule, the `optimizer` node of a config.

    Raises:
        InvalidInput: the rule cannot be built, or lacks a hyperparameter of what it claims to be.
    """
    rule = Subject(config, claim)
    rule.hyperparameters()  # builds it: what cannot be built is refused, no finding
    symmetries = _translation, _permutation, _sign_flip, _rotation, _loss_scale
    return in_turn(rule, [_steps], [*AGREEMENT, *symmetries, *separation(rule)])


def separation(rule: Subject) -> list[Check[Subject]]:
    """Return the checks that the trainer stands on: elements, runs and time are kept apart, in a stack too."""
    elements = "elements are independent" if is_elementwise(rule.config) else "elements mix, as declared"
    return [(elements, _elements), _runs, _resume, _stack]


@check("steps")
def _steps(rule: Subject) -> Result:
    return judge(True, str(len(rule.path)), "without an error, from gradients alone")


@check("translation")
def _translation(rule: Subject) -> Result:
    """Start elsewhere: θ_0 + c gives θ_t + c. As far as the path is long, so that c rounds no more than it."""
    path = rule.path
    moved = torch.randn(path[0].shape, generator=generator(), dtype=path.dtype) * path.abs().max()
    value = difference(rule.walk(quadratic_gradients(), start=moved) - moved, path)
    return _as_claimed(rule.claim.translation, value)


@check("permutation")
def _permutation(rule: Subject) -> Result:
    """Shuffle the elements of the whole tensor: P g gives P θ."""
    order = torch.randperm(rule.path[0].numel(), generator=generator())
    value = _transformed(rule, lambda values: values.flatten(1)[:, order].reshape(values.shape))
    return _as_claimed(is_elementwise(rule.config) or None, value, unless="mixes elements, as declared")


@check("sign flip")
def _sign_flip(rule: Subject) -> Result:
    """Mirror some coordinates: S g gives S θ."""
    signs = 1 - 2 * torch.randint(2, rule.path[0].shape, generator=generator()).to(rule.path.dtype)
    return _as_claimed(rule.claim.sign_flip, _transformed(rule, lambda values: values * signs))


@check("rotation")
def _rotation(rule: Subject) -> Result:
    """Turn the axes of each run: Q g gives Q θ."""
    turn = rotation(rule.path.shape[-1])
    return _as_claimed(rule.claim.rotation, _transformed(rule, lambda values: values @ turn.T))


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
    return _as_claimed(rule.claim.scale, value, tolerance=1e-6, cause="eps")


def _transformed(rule: Subject, transform: Callable[[Path], Path]) -> float:
    return difference(rule.walk(transform(quadratic_gradients())), transform(rule.path))


def _as_claimed(
    claimed: bool | None, value: float, *, unless: str = "not claimed", **tolerance: Any
) -> Result:
    if claimed is None:
        return Result(Verdict.NOT_APPLICABLE, number(value), unless)
    return must_agree(value, **tolerance) if claimed else must_differ(value)


def _elements(rule: Subject) -> Result:
    """Walk as one tensor, and as one tensor per element: the same exactly if the rule is elementwise."""
    alone = [rule.walk(element[:, None]) for element in quadratic_gradients().flatten(1).unbind(1)]
    value = difference(torch.cat(alone, dim=1).reshape(rule.path.shape), rule.path)
    return _as_claimed(is_elementwise(rule.config), value)


@check("runs are independent")
def _runs(rule: Subject) -> Result:
    """Step one instance per run in turn; each must go where it goes alone, and so must its row of a stack."""
    gradients = quadratic_gradients()
    alone = torch.stack([rule.walk(row) for row in gradients.unbind(1)], dim=1)
    walkers = [Walker(rule.config, torch.zeros_like(row)) for row in gradients[0]]
    steps = [[walker.step(g) for walker, g in zip(walkers, step, strict=True)] for step in gradients]
    values = [difference(torch.stack([torch.stack(step) for step in steps]), alone)]
    if is_elementwise(rule.config):
        values.append(difference(rule.path, alone))
    return must_agree(max(values))


@check("resume from a state dict")
def _resume(rule: Subject) -> Result:
    """Stop half way, and go on with a new instance that is given the state dict of the old."""
    gradients, half = quadratic_gradients(), STEPS // 2
    walker = Walker(rule.config, torch.zeros_like(gradients[0]))
    for g in gradients[:half]:
        walker.step(g)
    resumed = Walker(rule.config, walker.theta.detach())
    with finding("state_dict() or load_state_dict()"):
        resumed.optimizer.load_state_dict(copy.deepcopy(walker.optimizer.state_dict()))
    found = torch.stack([resumed.step(g) for g in gradients[half:]])
    return must_agree(difference(found, rule.path[half:]))


@check("stack")
def _stack(rule: Subject) -> Result:
    value = stack_difference(Bend(), rule.config, epochs=5)
    return must_agree(value, tolerance=1e-9, cause="rounding, over 20 steps")
