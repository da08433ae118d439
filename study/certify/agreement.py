"""Checks of what a rule claims to be: a formula, torch's own, a closed form, its stability boundary, its limit."""

import inspect
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import chain, combinations

import torch
from hydra.utils import get_class

from study.certify.check import Check, NotApplicable, Result, check, judge, must_agree, must_all_agree
from study.certify.rule import Path, Subject, difference, quadratic_gradients
from study.errors import InvalidInput
from study.theory import LinearRule

SCALES = (1.0, 1e-6, 1e6)
"""What gradients are multiplied by: some rules clip what is large, or lose what is small."""

_SECTIONS = 256
_STEPS = 100  # down a quadratic
_VANISHED = 1e-200  # so near 0 a double soon stops moving


def _from_formula(rule: Subject, gradients: Path) -> float:
    if rule.claim.formula is None:
        raise NotApplicable("no formula is claimed")
    rule.must_be_as_claimed()
    return difference(rule.walk(gradients), rule.path_of(rule.claim.formula, gradients))


def _from_twin(rule: Subject, gradients: Path) -> float:
    twin, dialect = rule.claim.twin, rule.claim.dialect
    if twin is None:
        raise NotApplicable("no twin in torch.optim is claimed")
    if rule.config["_target_"] == twin["_target_"]:
        raise NotApplicable("it is torch.optim's own")
    kind, values = get_class(str(twin["_target_"])), rule.hyperparameters()
    rule.must_be_known("torch.optim", kind, fixed=dialect)
    taken = inspect.signature(kind).parameters
    shared = {key: value for key, value in values.items() if key in taken}
    other = Subject({**shared, **twin, "name": f"the twin of {rule.config['name']}"})
    spoken = rule.changed(**{key: value for key, value in dialect.items() if key in values})
    return difference(spoken.walk(gradients), other.walk(gradients))


_Oracle = Callable[[Subject, Path], float]
"""How far a rule is from where it should go along some gradients."""


def _compared(name: str, oracle: _Oracle) -> Check[Subject]:
    def find(rule: Subject) -> Result:
        found = {f"of gradients × {s:g}": oracle(rule, s * quadratic_gradients()) for s in SCALES}
        return must_all_agree(found, tolerance=rule.claim.tolerance, cause=rule.claim.cause)

    return name, find


@check("options switched on")
def _options(rule: Subject) -> Result:
    """Switch on what is off, alone and in pairs, and compare where the formula or the twin knows it."""
    off = [key for key, value in rule.hyperparameters().items() if _is_off(value)]
    found: dict[str, float] = {}
    known: set[str] = set()
    for names in chain(combinations(off, 1), combinations(off, 2)):
        switched = rule.changed(
            **{name: True if rule.hyperparameters()[name] is False else 0.1 for name in names}
        )
        for told, oracle in (("from the formula", _from_formula), ("from torch.optim", _from_twin)):
            with suppress(NotApplicable, InvalidInput):  # not known, or not to be had together
                found[f"with {' and '.join(names)}, {told}"] = oracle(switched, quadratic_gradients())
                known.update(names)
    unknown = ", ".join(name for name in off if name not in known)
    if not found:
        raise NotApplicable(f"neither formula nor twin knows {unknown}" if off else "none is off")
    result = must_all_agree(found, tolerance=rule.claim.tolerance, cause=rule.claim.cause)
    unseen = f"; not tried: {unknown}" if unknown else ""
    return replace(result, required=f"{result.required}, with {', '.join(sorted(known))}{unseen}")


def _is_off(value: object) -> bool:
    return isinstance(value, (int, float)) and not value


@check("closed form on quadratics")
def _closed_form(rule: Subject) -> Result:
    """Descend quadratics from flat to just stable, and compare with the powers of the theory's matrix."""
    theory = _theory(rule)
    products = torch.linspace(0.01, 0.99, 50, dtype=torch.float64) * theory.boundary
    start = torch.linspace(-2, 2, 50, dtype=torch.float64)
    found = rule.descend(products / rule.lr, start, steps=_STEPS)
    pairs = zip(products.tolist(), start.tolist(), strict=True)
    expected = torch.stack([torch.from_numpy(theory.path(p, x, steps=_STEPS)) for p, x in pairs], dim=1)
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
        raise NotApplicable("no path on quadratics is claimed")
    rule.must_be_as_claimed()
    kind = get_class(rule.claim.linear)
    theory: LinearRule = kind(**rule.arguments_of(kind))
    return theory


def boundary(rule: Subject) -> float:
    """Return the lr times curvature at which the path stops dying out, by repeated section of (0, 8).

    It dies out where it ends near 0, or nearer than half way; overflow is neither.
    """
    low, width, window = 0.0, 8.0, _STEPS // 2
    for _ in range(2):
        width /= _SECTIONS
        products = low + width * torch.arange(1, _SECTIONS, dtype=torch.float64)
        places = rule.descend(products / rule.lr, torch.ones_like(products), steps=10 * _STEPS).abs()
        end, middle = places[-window:].amax(0), places[5 * _STEPS - window : 5 * _STEPS].amax(0)
        stable = (end < middle) | (end < _VANISHED)
        low += width * int(stable.cumprod(0).sum())
    return low + width / 2


@check("limit of large eps")
def _with_limit(rule: Subject) -> Result:
    if rule.claim.limit is None:
        raise NotApplicable("no limit is claimed")
    rule.must_be_as_claimed()
    value = beyond_eps(rule, rule.claim.limit, eps=1e10)
    return must_agree(value, tolerance=1e-6, cause="the root beside eps = 1e10")


def beyond_eps(rule: Subject, limit: str, *, eps: float) -> float:
    """Return how far a rule is from its limit where lr = η E, or η √E with eps inside the root; it falls like 1/E."""
    expected = rule.path_of(limit)
    divisor = math.sqrt(eps) if rule.hyperparameters().get("eps_inside_root") else eps
    return difference(rule.changed(lr=rule.lr * divisor, eps=eps).path, expected)


AGREEMENT: tuple[Check[Subject], ...] = (
    _compared("formula in NumPy", _from_formula),
    _compared("torch.optim", _from_twin),
    _options,
    _closed_form,
    _boundary,
    _with_limit,
)
"""The comparisons of a rule with what it claims to be."""
