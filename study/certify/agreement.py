"""Checks of what a rule claims to be: a formula, torch's own, a closed form, its stability boundary, its limit."""

import inspect
import math

import torch
from hydra.utils import get_class
from jaxtyping import Float
from torch import Tensor

from study.certify.check import Check, NotApplicable, Result, check, judge, must_agree
from study.certify.rule import STEPS, Subject, difference
from study.theory import LinearRule

_SECTIONS = 256
_VANISHED = 1e-200  # so near 0 a double soon stops moving


@check("formula in NumPy")
def _with_formula(rule: Subject) -> Result:
    claim = rule.claim
    if claim.formula is None:
        raise NotApplicable("no formula is claimed")
    value = difference(rule.path, rule.path_of(claim.formula))
    return must_agree(value, tolerance=claim.tolerance, cause=claim.cause)


@check("torch.optim")
def _with_torch(rule: Subject) -> Result:
    twin = rule.claim.twin
    if twin is None:
        raise NotApplicable("no twin in torch.optim is claimed")
    if rule.config["_target_"] == twin["_target_"]:
        raise NotApplicable("it is torch.optim's own")
    values = rule.hyperparameters()
    dialect = {key: value for key, value in rule.claim.dialect.items() if key in values}
    taken = inspect.signature(get_class(str(twin["_target_"]))).parameters
    shared = {key: value for key, value in values.items() if key in taken}
    other = Subject({**shared, **twin, "name": f"the twin of {rule.config['name']}"})
    return must_agree(difference(rule.changed(**dialect).path, other.path))


@check("closed form on quadratics")
def _closed_form(rule: Subject) -> Result:
    """Descend quadratics from flat to just stable, and compare with the powers of the theory's matrix."""
    theory = _theory(rule)
    products = torch.linspace(0.01, 0.99, 50, dtype=torch.float64) * theory.boundary
    start = torch.linspace(-2, 2, 50, dtype=torch.float64)
    found = rule.descend(products / _lr(rule), start, steps=STEPS)
    pairs = zip(products.tolist(), start.tolist(), strict=True)
    expected = torch.stack([torch.from_numpy(theory.path(p, x, steps=STEPS)) for p, x in pairs], dim=1)
    return must_agree(difference(found, expected))


@check("stability boundary")
def _boundary(rule: Subject) -> Result:
    predicted, found, tolerance = _theory(rule).boundary, boundary(rule, _lr(rule)), 1e-3
    return judge(
        abs(found / predicted - 1) <= tolerance,
        f"found {found:.3f}, predicted {predicted:.3f}",
        f"relative error ≤ {tolerance:.0e} (what has not yet died out)",
    )


def _theory(rule: Subject) -> LinearRule:
    if rule.claim.linear is None:
        raise NotApplicable("not linear in the gradient")
    kind = get_class(rule.claim.linear)
    theory: LinearRule = kind(**rule.arguments_of(kind))
    return theory


def _lr(rule: Subject) -> float:
    return float(str(rule.config["lr"]))


def boundary(rule: Subject, lr: float) -> float:
    """Return the lr times curvature at which the path stops dying out, by repeated section of (0, 8)."""
    low, high = 0.0, 8.0
    for _ in range(2):
        products = torch.linspace(low, high, _SECTIONS + 1, dtype=torch.float64)[1:-1]
        stable = _dies_out(rule, products / lr)
        first = int(stable.logical_not().nonzero()[0]) if not stable.all() else len(products)
        low, high = low + first * (high - low) / _SECTIONS, low + (first + 1) * (high - low) / _SECTIONS
    return (low + high) / 2


def _dies_out(rule: Subject, curvature: Float[Tensor, "parameter"]) -> Tensor:
    """Return for which curvatures the path ends near 0, or nearer than half way; overflow is neither."""
    places = rule.descend(curvature, torch.ones_like(curvature), steps=10 * STEPS).abs()
    half, window = len(places) // 2, len(places) // 20
    end, middle = places[-window:].amax(0), places[half - window : half].amax(0)
    return (end < middle) | (end < _VANISHED)


@check("limit of large eps")
def _with_limit(rule: Subject) -> Result:
    if rule.claim.limit is None:
        raise NotApplicable("no limit is claimed")
    value = beyond_eps(rule, rule.claim.limit, eps=1e10)
    return must_agree(value, tolerance=1e-6, cause="the root beside eps = 1e10")


def beyond_eps(rule: Subject, limit: str, *, eps: float) -> float:
    """Return how far a rule is from its limit where lr = η E, or η √E with eps inside the root; it falls like 1/E."""
    expected = rule.path_of(limit)
    divisor = math.sqrt(eps) if rule.hyperparameters().get("eps_inside_root") else eps
    return difference(rule.changed(lr=_lr(rule) * divisor, eps=eps).path, expected)


AGREEMENT: tuple[Check[Subject], ...] = (_with_formula, _with_torch, _closed_form, _boundary, _with_limit)
"""The comparisons of a rule with what it claims to be."""
