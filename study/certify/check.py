"""Checks and their verdicts, passed, failed or not applicable: one line each, and how they are run.

The code of a part under test is called inside `finding`, so that what it raises fails the check that met it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from jaxtyping import Float
from torch import Tensor

from study.errors import InvalidInput

ROUNDING = 1e-12
"""What double precision may add up to over 100 steps, relative to the longest way gone."""

Part = TypeVar("Part")

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


def number(value: float, *, least: float = 1e-13) -> str:
    """Write a relative difference to two digits; what is below `least` is rounding, which no two machines share."""
    return f"< {least:.0e}" if value < least else f"{value:.1e}"


def must_agree(
    name: str,
    value: float,
    *,
    tolerance: float = ROUNDING,
    cause: str = "rounding",
    least: float = 1e-13,
) -> Check:
    """Require a relative difference to be at most `tolerance`, which has a `cause`; `least` as for `number`."""
    verdict = Verdict.PASSED if value <= tolerance else Verdict.FAILED
    return Check(name, verdict, number(value, least=least), f"≤ {tolerance:.0e} ({cause})")


def must_differ(name: str, value: float, *, least: float = DISTINCT) -> Check:
    """Require a relative difference to be at least `least`: the rule must not have the property."""
    verdict = Verdict.PASSED if least <= value < float("inf") else Verdict.FAILED
    return Check(name, verdict, number(value), f"≥ {least:.0e} (it must not hold)")


def not_applicable(name: str, reason: str, *, measured: str = "") -> Check:
    """Say why there is nothing to require; a number may still be worth knowing."""
    return Check(name, Verdict.NOT_APPLICABLE, measured, reason)


def must_hold(name: str, faults: Iterable[str], *, required: str, measured: str = "") -> Check:
    """Require that nothing is wrong; the first thing that is stands in the place of what was measured."""
    fault = next(iter(faults), None)
    verdict = Verdict.PASSED if fault is None else Verdict.FAILED
    return Check(name, verdict, measured if fault is None else fault, required)


Stage = Mapping[str, Callable[[str], Check]]
"""Checks by name, each of which is called with its name."""


def holding(part: Part, table: Mapping[str, tuple[Callable[[Part], Iterable[str]], str]]) -> Stage:
    """Return the checks of a table: by name, what yields all that is wrong with a part, and what must hold."""

    def stage(faults: Callable[[Part], Iterable[str]], required: str) -> Callable[[str], Check]:
        return lambda name: must_hold(name, faults(part), required=required)

    return {name: stage(faults, required) for name, (faults, required) in table.items()}


class Broken(Exception):
    """The code of the part under test fails: a finding about the part, not an error of the checks."""


@contextmanager
def finding(what: str) -> Iterator[None]:
    """Turn whatever the code of a part raises into a finding of one line.

    Args:
        what: what is tried inside, as in `step()`.

    Raises:
        Broken: it raised, or tried to end the process.
        InvalidInput: as it raised it: it asks for something that is not here.
    """
    try:
        yield
    except (InvalidInput, Broken):
        raise
    except (Exception, SystemExit) as error:
        lines = str(error).strip().splitlines() or [""]
        raise Broken(f"{what} raises {type(error).__name__}: {lines[0][:200]}".rstrip(": ")) from error


def in_turn(*stages: Stage) -> tuple[Check, ...]:
    """Make checks, each called with its name, stage by stage: nothing is tried that stands on what failed."""
    done: list[Check] = []
    for stage in stages:
        if any(check.verdict is Verdict.FAILED for check in done):
            done += [not_applicable(name, "stands on what failed above") for name in stage]
        else:
            done += [_attempt(name, check) for name, check in stage.items()]
    return tuple(done)


def _attempt(name: str, check: Callable[[str], Check]) -> Check:
    try:
        return check(name)
    except Broken as error:
        return Check(name, Verdict.FAILED, str(error), "no error")
