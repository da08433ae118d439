"""Certify a problem: its data and start, its loss, and that a stack trains it as a plain loop does."""

from collections.abc import Mapping

import torch

from study.certify import draws, losses
from study.certify.certificate import Certificate
from study.certify.check import ROUNDING, Check, in_turn, must_agree
from study.certify.specimen import SEEDS, Specimen, row
from study.certify.stacked import stack_difference
from study.training.build import build_problem

_FIRST_STEP = 0.01
"""How far plain gradient descent goes at first, relative to how far the start is from 0, or to 1 if that is more."""


def certify_problem(config: Mapping[str, object]) -> Certificate:
    """Check one problem.

    Args:
        config: the `problem` node.

    Raises:
        InvalidInput: the problem cannot be built, or its data cannot be had here.
    """
    specimen = Specimen(build_problem(config))
    checks = in_turn(
        *draws.stages(specimen),
        *losses.stages(specimen),
        {"stack": lambda name: _stack(name, specimen)},
    )
    return Certificate("problem", str(config["name"]), config, checks)


def _stack(name: str, specimen: Specimen) -> Check:
    problem = specimen.problem
    descent = {"name": "sgd", "_target_": "torch.optim.SGD", "lr": _rate(specimen)}
    value = stack_difference(problem, descent, epochs=2)
    tolerance = ROUNDING if problem.dtype == torch.float64 else 1e-5
    return must_agree(name, value, tolerance=tolerance, cause="sums in another order", least=tolerance)


def _rate(specimen: Specimen) -> float:
    """Return a learning rate that suits the size of parameters and gradient."""
    model, data = specimen.started(SEEDS[0])
    gradient = specimen.gradient(model, data)
    start = row(model.parameters())
    length = specimen.problem.gradient_scale * float(gradient.norm())
    return _FIRST_STEP * max(1.0, float(start.norm())) / length
