"""Checks of a rule's memory: elementwise or not, runs apart from one another, all of it in the state dict."""

import copy

import torch
from jaxtyping import Float
from torch import Tensor

from study.certify.check import Check, Stage, difference, finding, must_agree, must_differ
from study.certify.rule import STEPS, Subject

Path = Float[Tensor, "step run parameter"]


def checks(subject: Subject, gradients: Path) -> Stage:
    """Return whether elements, runs and time are kept apart as the trainer needs it."""
    elements = "elements are independent" if subject.elementwise else "elements mix, as declared"
    return {
        elements: lambda name: _elements(name, subject, gradients),
        "runs are independent": lambda name: _runs(name, subject, gradients),
        "resume from a state dict": lambda name: _resume(name, subject, gradients),
    }


def _elements(name: str, subject: Subject, gradients: Path) -> Check:
    """Walk as one tensor, and as one tensor per element: the same exactly if the rule is elementwise."""
    alone = [subject.walk(element[:, None]) for element in gradients.flatten(1).unbind(1)]
    value = difference(torch.cat(alone, dim=1).reshape(gradients.shape), subject.walk(gradients))
    return must_agree(name, value) if subject.elementwise else must_differ(name, value)


def _runs(name: str, subject: Subject, gradients: Path) -> Check:
    """Step one instance per run in turn; each must go where it goes alone, and so must its row of a stack."""
    rows = gradients.unbind(1)
    alone = torch.stack([subject.walk(row) for row in rows], dim=1)
    walkers = [subject.start(torch.zeros_like(row[0])) for row in rows]
    in_turn = torch.stack(
        [torch.stack([walker.step(g) for walker, g in zip(walkers, step, strict=True)]) for step in gradients]
    )
    values = [difference(in_turn, alone)]
    if subject.elementwise:
        values.append(difference(subject.walk(gradients), alone))
    return must_agree(name, max(values))


def _resume(name: str, subject: Subject, gradients: Path) -> Check:
    """Stop half way, and go on with a new instance that is given the state dict of the old."""
    walker = subject.start(torch.zeros_like(gradients[0]))
    half = STEPS // 2
    for g in gradients[:half]:
        walker.step(g)
    resumed = subject.start(walker.theta.detach())
    with finding("state_dict() or load_state_dict()"):
        resumed.optimizer.load_state_dict(copy.deepcopy(walker.optimizer.state_dict()))
    found = torch.stack([resumed.step(g) for g in gradients[half:]])
    return must_agree(name, difference(found, subject.walk(gradients)[half:]))
