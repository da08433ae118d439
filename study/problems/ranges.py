"""The ranges that a problem's fields must lie in; each refusal says what must hold and what came."""

from collections.abc import Sequence

from study.errors import InvalidInput
from study.ranges import is_count, is_not_negative, is_number, is_positive


def check_count(field: str, value: object) -> None:
    """Refuse anything but a whole number of at least one."""
    _require(field, value, "a whole number >= 1", holds=is_count(value))


def check_positive(field: str, value: object) -> None:
    """Refuse anything but a finite number above zero."""
    _require(field, value, "a finite number > 0", holds=is_positive(value))


def check_not_negative(field: str, value: object) -> None:
    """Refuse anything but a finite number of at least zero."""
    _require(field, value, "a finite number >= 0", holds=is_not_negative(value))


def check_number(field: str, value: object) -> None:
    """Refuse anything but a finite number."""
    _require(field, value, "a finite number", holds=is_number(value))


def check_numbers(field: str, values: object, count: int) -> None:
    """Refuse anything but a list of `count` finite numbers."""
    listed = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else []
    holds = len(listed) == count and all(map(is_number, listed))
    _require(field, values, f"a list of {count} finite numbers", holds=holds)


def _require(field: str, value: object, wording: str, *, holds: bool) -> None:
    if not holds:
        raise InvalidInput(f"problem.{field} must be {wording}, got {value!r}")
