"""Checks of what a rule claims to be: a formula, torch's own, a closed form, its stability boundary, its limit."""

import inspect

import torch
from hydra.utils import get_class, get_method
from jaxtyping import Float
from torch import Tensor

from study.certify.check import (
    Check,
    Stage,
    Verdict,
    difference,
    must_agree,
    not_applicable,
)
from study.certify.claim import Claim
from study.certify.rule import STEPS, Subject, arguments_of
from study.theory import LinearRule

Path = Float[Tensor, "step run parameter"]

_SECTIONS = 256
_VANISHED = 1e-200  # so near 0 a double soon stops moving


def checks(subject: Subject, claim: Claim, gradients: Path) -> Stage:
    """Return the comparisons of a rule with what it claims to be."""
    return {
        "formula in NumPy": lambda name: _with_formula(name, subject, claim, gradients),
        "torch.optim": lambda name: _with_torch(name, subject, claim, gradients),
        "closed form on quadratics": lambda name: _closed_form(name, subject, claim),
        "stability boundary": lambda name: _boundary(name, subject, claim),
        "limit of large eps": lambda name: _with_limit(name, subject, claim, gradients),
    }


def _with_formula(name: str, subject: Subject, claim: Claim, gradients: Path) -> Check:
    if claim.formula is None:
        return not_applicable(name, "no formula is claimed")
    formula = get_method(claim.formula)
    start = torch.zeros_like(gradients[0])
    expected = formula(start.numpy(), gradients.numpy(), **arguments_of(formula, subject))
    value = difference(subject.walk(gradients), torch.from_numpy(expected))
    return must_agree(name, value, tolerance=claim.tolerance, cause=claim.cause)


def _with_torch(name: str, subject: Subject, claim: Claim, gradients: Path) -> Check:
    if claim.twin is None:
        return not_applicable(name, "no twin in torch.optim is claimed")
    if subject.config["_target_"] == claim.twin["_target_"]:
        return not_applicable(name, "it is torch.optim's own")
    values = subject.hyperparameters()
    dialect = {key: value for key, value in claim.dialect.items() if key in values}
    taken = inspect.signature(get_class(str(claim.twin["_target_"]))).parameters
    shared = {key: value for key, value in values.items() if key in taken}
    twin = Subject({**shared, **claim.twin, "name": f"the twin of {subject.config['name']}"})
    return must_agree(name, difference(subject.changed(**dialect).walk(gradients), twin.walk(gradients)))


def _closed_form(name: str, subject: Subject, claim: Claim) -> Check:
    """Descend quadratics from flat to just stable, and compare with the powers of the theory's matrix."""
    theory = _theory(subject, claim)
    if theory is None:
        return not_applicable(name, "not linear in the gradient")
    products = torch.linspace(0.01, 0.99, 50, dtype=torch.float64) * theory.boundary
    start = torch.linspace(-2, 2, 50, dtype=torch.float64)
    found = subject.descend(products / _lr(subject), start, steps=STEPS)
    pairs = zip(products.tolist(), start.tolist(), strict=True)
    expected = torch.stack([torch.from_numpy(theory.path(p, x, steps=STEPS)) for p, x in pairs], dim=1)
    return must_agree(name, difference(found, expected))


def _boundary(name: str, subject: Subject, claim: Claim) -> Check:
    theory = _theory(subject, claim)
    if theory is None:
        return not_applicable(name, "not linear in the gradient")
    found, predicted, tolerance = boundary(subject, _lr(subject)), theory.boundary, 1e-3
    error = abs(found / predicted - 1)
    return Check(
        name,
        Verdict.PASSED if error <= tolerance else Verdict.FAILED,
        f"found {found:.3f}, predicted {predicted:.3f}",
        f"relative error ≤ {tolerance:.0e} (what has not yet died out)",
    )


def _theory(subject: Subject, claim: Claim) -> LinearRule | None:
    if claim.linear is None:
        return None
    kind = get_class(claim.linear)
    theory: LinearRule = kind(**arguments_of(kind, subject))
    return theory


def _lr(subject: Subject) -> float:
    return float(str(subject.config["lr"]))


def boundary(subject: Subject, lr: float) -> float:
    """Return the lr times curvature at which the path stops dying out, by repeated section of (0, 8)."""
    low, high = 0.0, 8.0
    for _ in range(2):
        products = torch.linspace(low, high, _SECTIONS + 1, dtype=torch.float64)[1:-1]
        stable = _dies_out(subject, products / lr)
        first = int(stable.logical_not().nonzero()[0]) if not stable.all() else len(products)
        low, high = low + first * (high - low) / _SECTIONS, low + (first + 1) * (high - low) / _SECTIONS
    return (low + high) / 2


def _dies_out(subject: Subject, curvature: Float[Tensor, "parameter"]) -> Tensor:
    """Return for which curvatures the path ends near 0, or nearer than half way; overflow is neither."""
    places = subject.descend(curvature, torch.ones_like(curvature), steps=10 * STEPS).abs()
    half, window = len(places) // 2, len(places) // 20
    end, middle = places[-window:].amax(0), places[half - window : half].amax(0)
    return (end < middle) | (end < _VANISHED)


def _with_limit(name: str, subject: Subject, claim: Claim, gradients: Path) -> Check:
    if claim.limit is None:
        return not_applicable(name, "no limit is claimed")
    limit = get_method(claim.limit)
    value = limit(subject, gradients, **arguments_of(limit, subject))
    return must_agree(name, value, tolerance=1e-6, cause="the root beside eps = 1e10")
