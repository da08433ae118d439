"""The ranges that a problem's fields must lie in; each refusal says what must hold and what came."""

import math
from collections.abc import Sequence

from study.errors import InvalidInput


def check_count(field: str, value: object) -> None:
    """Refuse anything but a whole number of at least one."""
    _require(field, value, "a whole number >= 1", holds=_is_whole(value) and _at_least(value, 1))


def check_positive(field: str, value: object) -> None:
    """Refuse anything but a finite number above zero."""
    _require(
        field, value, "a finite number > 0", holds=_is_number(value) and value != 0 and _at_least(value, 0)
    )


def check_not_negative(field: str, value: object) -> None:
    """Refuse anything but a finite number of at least zero."""
    _require(field, value, "a finite number >= 0", holds=_is_number(value) and _at_least(value, 0))


def check_number(field: str, value: object) -> None:
    """Refuse anything but a finite number."""
    _require(field, value, "a finite number", holds=_is_number(value))


def check_numbers(field: str, values: object, count: int) -> None:
    """Refuse anything but a list of `count` finite numbers."""
    holds = (
        isinstance(values, Sequence)
        and not isinstance(values, str)
        and len(values) == count
        and all(map(_is_number, values))
    )
    _require(field, values, f"a list of {count} finite numbers", holds=holds)


def _require(field: str, value: object, wording: str, *, holds: bool) -> None:
    if not holds:
        raise InvalidInput(f"problem.{field} must be {wording}, got {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _at_least(value: object, minimum: int) -> bool:
    return isinstance(value, (int, float)) and value >= minimum
