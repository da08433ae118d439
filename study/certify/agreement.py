"""Whether a rule is what it claims to be: against a formula, torch, a closed form, its boundary and its limit."""

import inspect

import torch
from hydra.utils import get_class, get_method
from jaxtyping import Float
from torch import Tensor

from study.certify.check import (
    Check,
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


def checks(subject: Subject, claim: Claim, gradients: Path) -> list[Check]:
    """Return the comparisons of a rule with what it claims to be."""
    return [
        _with_formula(subject, claim, gradients),
        _with_torch(subject, claim, gradients),
        *_with_theory(subject, claim),
        _with_limit(subject, claim, gradients),
    ]


def _with_formula(subject: Subject, claim: Claim, gradients: Path) -> Check:
    name = "formula in NumPy"
    if claim.formula is None:
        return not_applicable(name, "no formula is claimed")
    formula = get_method(claim.formula)
    start = torch.zeros_like(gradients[0])
    expected = formula(start.numpy(), gradients.numpy(), **arguments_of(formula, subject))
    value = difference(subject.walk(gradients), torch.from_numpy(expected))
    return must_agree(name, value, tolerance=claim.tolerance, cause=claim.cause)


def _with_torch(subject: Subject, claim: Claim, gradients: Path) -> Check:
    name = "torch.optim"
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


def _with_theory(subject: Subject, claim: Claim) -> list[Check]:
    names = ("closed form on quadratics", "stability boundary")
    if claim.linear is None:
        return [not_applicable(name, "not linear in the gradient") for name in names]
    kind = get_class(claim.linear)
    theory: LinearRule = kind(**arguments_of(kind, subject))
    lr = float(str(subject.config["lr"]))
    return [_closed_form(names[0], subject, theory, lr), _boundary(names[1], subject, theory, lr)]


def _closed_form(name: str, subject: Subject, theory: LinearRule, lr: float) -> Check:
    """Descend quadratics from flat to just stable, and compare with the powers of the theory's matrix."""
    products = torch.linspace(0.01, 0.99, 50, dtype=torch.float64) * theory.boundary
    start = torch.linspace(-2, 2, 50, dtype=torch.float64)
    found = subject.descend(products / lr, start, steps=STEPS)
    pairs = zip(products.tolist(), start.tolist(), strict=True)
    expected = torch.stack([torch.from_numpy(theory.path(p, x, steps=STEPS)) for p, x in pairs], dim=1)
    return must_agree(name, difference(found, expected))


def _boundary(name: str, subject: Subject, theory: LinearRule, lr: float) -> Check:
    found, predicted, tolerance = boundary(subject, lr), theory.boundary, 1e-3
    error = abs(found / predicted - 1)
    return Check(
        name,
        Verdict.PASSED if error <= tolerance else Verdict.FAILED,
        f"found {found:.3f}, predicted {predicted:.3f}",
        f"relative error ≤ {tolerance:.0e} (what has not yet died out)",
    )


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


def _with_limit(subject: Subject, claim: Claim, gradients: Path) -> Check:
    name = "limit of large eps"
    if claim.limit is None:
        return not_applicable(name, "no limit is claimed")
    limit = get_method(claim.limit)
    value = limit(subject, gradients, **arguments_of(limit, subject))
    return must_agree(name, value, tolerance=1e-6, cause="the root beside eps = 1e10")
