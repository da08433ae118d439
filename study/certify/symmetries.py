"""Checks of symmetries: a moved origin, shuffled, mirrored or turned axes, another unit of the loss."""

import torch
from jaxtyping import Float
from torch import Tensor

from study.certify.check import (
    ROUNDING,
    Check,
    Stage,
    difference,
    must_agree,
    must_differ,
    not_applicable,
    number,
)
from study.certify.claim import Claim
from study.certify.gradients import generator, rotation
from study.certify.rule import Subject

Path = Float[Tensor, "step run parameter"]

_GREAT = 2.0**30
"""Gradients so much larger than usual drown eps; a power of two, so that scaling rounds nothing."""


def checks(subject: Subject, claim: Claim, gradients: Path) -> Stage:
    """Return what becomes of the path when the gradients it is made from are transformed."""
    return {
        "translation": lambda name: _judge(name, claim.translation, _translation(subject, gradients)),
        "permutation": lambda name: _permutation(name, subject, gradients),
        "sign flip": lambda name: _judge(name, claim.sign_flip, _sign_flip(subject, gradients)),
        "rotation": lambda name: _judge(name, claim.rotation, _rotation(subject, gradients)),
        "loss scale": lambda name: _judge(
            name, claim.scale, _scale(subject, gradients), tolerance=1e-6, cause="eps"
        ),
    }


def _judge(
    name: str, claimed: bool | None, value: float, *, tolerance: float = ROUNDING, cause: str = "rounding"
) -> Check:
    if claimed is None:
        return not_applicable(name, "not claimed", measured=number(value))
    return must_agree(name, value, tolerance=tolerance, cause=cause) if claimed else must_differ(name, value)


def _translation(subject: Subject, gradients: Path) -> float:
    """Start elsewhere: θ_0 + c gives θ_t + c. As far as the path is long, so that c rounds no more than it."""
    path = subject.walk(gradients)
    moved = torch.randn(path[0].shape, generator=generator(), dtype=path.dtype) * path.abs().max()
    return difference(subject.walk(gradients, start=moved) - moved, path)


def _permutation(name: str, subject: Subject, gradients: Path) -> Check:
    """Shuffle the elements of the whole tensor: P g gives P θ."""
    path = subject.walk(gradients)
    order = torch.randperm(path[0].numel(), generator=generator())
    value = difference(subject.walk(_shuffled(gradients, order)), _shuffled(path, order))
    if not subject.elementwise:
        return not_applicable(name, "mixes elements, as declared", measured=number(value))
    return must_agree(name, value)


def _shuffled(values: Path, order: Tensor) -> Path:
    return values.flatten(1)[:, order].reshape(values.shape)


def _sign_flip(subject: Subject, gradients: Path) -> float:
    """Mirror some coordinates: S g gives S θ."""
    signs = 1 - 2 * torch.randint(2, gradients[0].shape, generator=generator()).to(gradients.dtype)
    return difference(subject.walk(gradients * signs), subject.walk(gradients) * signs)


def _rotation(subject: Subject, gradients: Path) -> float:
    """Turn the axes of each run: Q g gives Q θ."""
    turn = rotation()
    return difference(subject.walk(gradients @ turn.T), subject.walk(gradients) @ turn.T)


def _scale(subject: Subject, gradients: Path) -> float:
    """Measure the loss in another unit: 1024 g gives the same θ as g, both too large for eps to matter."""
    return difference(subject.walk(gradients * _GREAT * 1024), subject.walk(gradients * _GREAT))
