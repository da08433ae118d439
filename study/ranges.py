"""What a number from a config may be: predicates that take anything, because a config may hold anything."""

import math
from typing import TypeGuard


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number of at least zero."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_count(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number of at least one."""
    return is_whole(value) and value >= 1


def is_positive(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number above zero."""
    return is_number(value) and value > 0


def is_not_negative(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number of at least zero."""
    return is_number(value) and value >= 0


def is_fraction(value: object) -> TypeGuard[float]:
    """Whether a value is a number in [0, 1)."""
    return is_number(value) and 0 <= value < 1
