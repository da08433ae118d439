"""Checks of a part, what they find, and how they are made in turn.

The code of a part under test is called inside `finding`, so that what it raises fails the check that met it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from study.errors import CRASHES, ORDERS, InvalidInput

ROUNDING = 1e-12
"""What double precision may add up to over 400 steps, relative to the longest way gone."""

DISTINCT = 1e-3
"""What a rule that must not have a symmetry has to miss it by."""


class Verdict(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found, and what it had to be."""

    verdict: Verdict
    measured: str  # a number, or what is wrong; empty where there is neither
    required: str  # with the cause of the tolerance; or why there is nothing to require


Part = TypeVar("Part")
Check = tuple[str, Callable[[Part], Result]]
"""One check of a part: its name, and what it finds."""


class Broken(Exception):
    """The code of the part under test fails: a finding about the part, not an error of the checks."""


class NotApplicable(Exception):
    """There is nothing to require of this part, for the reason that is given."""


def check(name: str) -> Callable[[Callable[[Part], Result]], Check[Part]]:
    """Make a check of a function that returns what it finds."""
    return lambda find: (name, find)


def must_hold(name: str, required: str) -> Callable[[Callable[[Part], Iterable[str]]], Check[Part]]:
    """Make a check of a function that yields all that is wrong, of which the first is said."""

    def made(faults: Callable[[Part], Iterable[str]]) -> Check[Part]:
        def find(part: Part) -> Result:
            fault = next(iter(faults(part)), "")
            return judge(not fault, fault, required)

        return name, find

    return made


def judge(passed: bool, measured: str, required: str) -> Result:
    """Return that a check has passed, or failed."""
    return Result(Verdict.PASSED if passed else Verdict.FAILED, measured, required)


def must_agree(
    value: float, *, tolerance: float = ROUNDING, cause: str = "rounding", least: float = 1e-13
) -> Result:
    """Require a relative difference to be at most `tolerance`, which has a `cause`; `least` as for `number`."""
    return judge(value <= tolerance, number(value, least=least), f"≤ {tolerance:.0e} ({cause})")


def must_all_agree(
    values: Mapping[str, float], *, tolerance: float, cause: str, least: float = 1e-13
) -> Result:
    """Require what differs in each case to be at most `tolerance`; if not, the case of the largest is said."""
    case = max(values, key=lambda case: values[case])
    result = must_agree(values[case], tolerance=tolerance, cause=cause, least=least)
    passed = result.verdict is Verdict.PASSED
    return result if passed else judge(False, f"{result.measured}, {case}", result.required)


def must_differ(value: float) -> Result:
    """Require a relative difference to be finite and distinct: the rule must not have the property."""
    return judge(DISTINCT <= value < float("inf"), number(value), f"≥ {DISTINCT:.0e} (it must not hold)")


def number(value: float, *, least: float = 1e-13) -> str:
    """Write a relative difference to two digits; what is below `least` is rounding, which no two machines share."""
    return f"< {least:.0e}" if value < least else f"{value:.1e}"


@contextmanager
def finding(what: str) -> Iterator[None]:
    """Turn whatever the code of a part raises into a finding of one line that begins with `what` was tried.

    Raises:
        Broken: it raised, or tried to end the process.
        InvalidInput: as it raised it: it asks for something that is not here.
    """
    try:
        yield
    except (InvalidInput, Broken, *ORDERS):
        raise
    except CRASHES as error:
        lines = str(error).strip().splitlines() or [""]
        raise Broken(f"{what} raises {type(error).__name__}: {lines[0][:200]}".rstrip(": ")) from error


def in_turn(part: Part, *stages: Iterable[Check[Part]]) -> dict[str, Result]:
    """Return what each check finds, by its name; stage by stage, as nothing is tried that stands on what failed."""
    found: dict[str, Result] = {}
    for stage in stages:
        if any(result.verdict is Verdict.FAILED for result in found.values()):
            above = Result(Verdict.NOT_APPLICABLE, "", "stands on what failed above")
            found |= {name: above for name, _ in stage}
        else:
            found |= {name: _attempt(find, part) for name, find in stage}
    return found


def _attempt(find: Callable[[Part], Result], part: Part) -> Result:
    try:
        return find(part)
    except Broken as error:
        return judge(False, str(error), "no error")
    except NotApplicable as reason:
        return Result(Verdict.NOT_APPLICABLE, "", str(reason))
