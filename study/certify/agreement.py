"""Checks of what a rule claims to be: a formula, torch's own, a closed form, its stability boundary, its limit."""

import inspect
import math

import torch
from hydra.utils import get_class

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
    found = rule.descend(products / rule.lr, start, steps=STEPS)
    pairs = zip(products.tolist(), start.tolist(), strict=True)
    expected = torch.stack([torch.from_numpy(theory.path(p, x, steps=STEPS)) for p, x in pairs], dim=1)
    return must_agree(difference(found, expected))


@check("stability boundary")
def _boundary(rule: Subject) -> Result:
    predicted, found, tolerance = _theory(rule).boundary, boundary(rule), 1e-3
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


def boundary(rule: Subject) -> float:
    """Return the lr times curvature at which the path stops dying out, by repeated section of (0, 8).

    It dies out where it ends near 0, or nearer than half way; overflow is neither.
    """
    low, width, window = 0.0, 8.0, STEPS // 2
    for _ in range(2):
        width /= _SECTIONS
        products = low + width * torch.arange(1, _SECTIONS, dtype=torch.float64)
        places = rule.descend(products / rule.lr, torch.ones_like(products), steps=10 * STEPS).abs()
        end, middle = places[-window:].amax(0), places[5 * STEPS - window : 5 * STEPS].amax(0)
        stable = (end < middle) | (end < _VANISHED)
        low += width * int(stable.cumprod(0).sum())
    return low + width / 2


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
    return difference(rule.changed(lr=rule.lr * divisor, eps=eps).path, expected)


AGREEMENT: tuple[Check[Subject], ...] = (_with_formula, _with_torch, _closed_form, _boundary, _with_limit)
"""The comparisons of a rule with what it claims to be."""
