"""What a rule remembers, and of whom: of each element alone, of each run alone, and all of it in its state."""

import copy

import torch
from jaxtyping import Float
from torch import Tensor

from study.certify.check import Check, difference, must_agree, must_differ
from study.certify.rule import STEPS, Subject

Path = Float[Tensor, "step run parameter"]


def checks(subject: Subject, gradients: Path) -> list[Check]:
    """Return whether elements, runs and time are kept apart as the trainer needs it."""
    return [_elements(subject, gradients), _runs(subject, gradients), _resume(subject, gradients)]


def _elements(subject: Subject, gradients: Path) -> Check:
    """Walk as one tensor, and as one tensor per element: the same exactly if the rule is elementwise."""
    alone = [subject.walk(element[:, None]) for element in gradients.flatten(1).unbind(1)]
    value = difference(torch.cat(alone, dim=1).reshape(gradients.shape), subject.walk(gradients))
    if subject.elementwise:
        return must_agree("elements are independent", value)
    return must_differ("elements mix, as declared", value)


def _runs(subject: Subject, gradients: Path) -> Check:
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
    return must_agree("runs are independent", max(values))


def _resume(subject: Subject, gradients: Path) -> Check:
    """Stop half way, and go on with a new instance that is given the state dict of the old."""
    walker = subject.start(torch.zeros_like(gradients[0]))
    half = STEPS // 2
    for g in gradients[:half]:
        walker.step(g)
    resumed = subject.start(walker.theta.detach())
    resumed.optimizer.load_state_dict(copy.deepcopy(walker.optimizer.state_dict()))
    found = torch.stack([resumed.step(g) for g in gradients[half:]])
    return must_agree("resume from a state dict", difference(found, subject.walk(gradients)[half:]))
