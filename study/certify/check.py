"""One line of a certificate: what was claimed, what was measured, and what follows."""

from dataclasses import dataclass
from enum import StrEnum

from jaxtyping import Float
from torch import Tensor

ROUNDING = 1e-12
"""What double precision may add up to over 100 steps, relative to the longest way gone."""

DISTINCT = 1e-3
"""What a rule that must not have a symmetry has to miss it by."""


class Verdict(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a certificate.

    Args:
        name: what was checked.
        verdict: what became of it.
        measured: the number that was found, as text; empty where there is none.
        required: what it had to be, with the cause of the tolerance; or why there is nothing to require.
    """

    name: str
    verdict: Verdict
    measured: str
    required: str


def difference(found: Float[Tensor, "*shape"], expected: Float[Tensor, "*shape"]) -> float:
    """Return max |found - expected| / max |expected|; infinite where a number is not finite."""
    if not (found.isfinite().all() and expected.isfinite().all()):
        return float("inf")
    scale = expected.abs().max().item()
    return (found - expected).abs().max().item() / scale if scale > 0 else float("inf")


def number(value: float) -> str:
    """Write a relative difference to two digits; below 1e-13 it is rounding, which no two machines share."""
    return "< 1e-13" if value < 1e-13 else f"{value:.1e}"


def must_agree(name: str, value: float, *, tolerance: float = ROUNDING, cause: str = "rounding") -> Check:
    """Require a relative difference to be at most `tolerance`, which has a `cause`."""
    verdict = Verdict.PASSED if value <= tolerance else Verdict.FAILED
    return Check(name, verdict, number(value), f"≤ {tolerance:.0e} ({cause})")


def must_differ(name: str, value: float, *, least: float = DISTINCT) -> Check:
    """Require a relative difference to be at least `least`: the rule must not have the property."""
    verdict = Verdict.PASSED if least <= value < float("inf") else Verdict.FAILED
    return Check(name, verdict, number(value), f"≥ {least:.0e} (it must not hold)")


def not_applicable(name: str, reason: str, *, measured: str = "") -> Check:
    """Say why there is nothing to require; a number may still be worth knowing."""
    return Check(name, Verdict.NOT_APPLICABLE, measured, reason)
