"""Ranges: what a number from a config may be, each once, in words and as a test that takes anything.

A problem's fields and a rule's arguments are annotated with them (`points: Count`), and checked where it is made.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import (  # an annotation is Any object
    Annotated,
    Any,
    Literal,
    TypeGuard,
    Union,
    get_args,
    get_origin,
)

from study.errors import InvalidInput, nearest


@dataclass(frozen=True, slots=True)
class Range:
    """What a value must be.

    Attributes:
        wording: in words, as in "a whole number >= 1".
        holds: whether it is.
        choices: the words it may be, of which a wrong one is told the nearest.

    Example:
        >>> rate = Range("a number above 0", lambda value: is_number(value) and value > 0)
        >>> rate.require("optimizer.lr", 0.1)
        >>> rate.require("optimizer.lr", -0.1)
        Traceback (most recent call last):
            ...
        study.errors.InvalidInput: optimizer.lr must be a number above 0, got -0.1
    """

    wording: str
    holds: Callable[[object], bool]
    choices: tuple[str, ...] = ()

    def require(self, key: str, value: object) -> None:
        """Refuse a value outside.

        Raises:
            InvalidInput: with the key, the range and the value.
        """
        if not self.holds(value):
            near = nearest(value, self.choices, quoted=True)
            raise InvalidInput(f"{key} must be {self.wording}, got {value!r}{near}")


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


NUMBER = Range("a finite number", is_number)
POSITIVE = Range("a finite number > 0", lambda value: is_number(value) and value > 0)
NOT_NEGATIVE = Range("a finite number >= 0", lambda value: is_number(value) and value >= 0)
FRACTION = Range("a number in [0, 1)", lambda value: is_number(value) and 0 <= value < 1)
WHOLE = Range("a whole number >= 0", lambda value: is_whole(value) and value >= 0)
COUNT = Range("a whole number >= 1", lambda value: is_whole(value) and value >= 1)
SWITCH = Range("true or false", lambda value: isinstance(value, bool))
TEXT = Range("text", lambda value: isinstance(value, str))
NAMED = Range("text that is not empty", lambda value: isinstance(value, str) and value != "")


def up_to(most: int, *, least: int = 1) -> Range:
    """Return the whole numbers from `least` to `most`.

    Example:
        >>> up_to(3).wording
        'a whole number from 1 to 3'
        >>> [value for value in (0, 1, 3, 4, 2.0, True) if up_to(3).holds(value)]
        [1, 3]
    """
    wording = f"a whole number from {least} to {most}"
    return Range(wording, lambda value: is_whole(value) and least <= value <= most)


def choice(*words: str) -> Range:
    """Return the words that may be chosen from."""
    return Range(f"one of {', '.join(sorted(words))}", lambda value: value in words, words)


def numbers(count: int | None = None, each: Range = NUMBER) -> Range:
    """Return the lists of `count` values, of any but none where it is None, each of them in a range.

    Example:
        >>> numbers(2, POSITIVE).wording
        'a list of 2 finite numbers > 0'
        >>> [value for value in ([0.1, 2], [0.1], [0.1, 0], "12") if numbers(2, POSITIVE).holds(value)]
        [[0.1, 2]]
    """
    size = "one or more" if count is None else count
    kind = each.wording.removeprefix("a ").replace("number", "numbers")

    def holds(value: object) -> bool:
        if isinstance(value, str) or not isinstance(value, Sequence):
            return False
        return len(value) == (count or max(len(value), 1)) and all(map(each.holds, value))

    return Range(f"a list of {size} {kind}", holds)


def or_null(range_: Range, meaning: str = "") -> Range:
    """Return a range that takes null too."""
    wording = f"{range_.wording}, or null{meaning}"
    return Range(wording, lambda value: value is None or range_.holds(value), range_.choices)


SEED = up_to(2**53, least=0)  # up to there whole numbers are exact wherever runs go

Real = Annotated[float | int, NUMBER]
Positive = Annotated[float | int, POSITIVE]
NotNegative = Annotated[float | int, NOT_NEGATIVE]
Fraction = Annotated[float | int, FRACTION]
Count = Annotated[int, COUNT]
Text = Annotated[str, TEXT]


def require_ranges(prefix: str, annotations: Mapping[str, Any], values: Mapping[str, object]) -> None:
    """Refuse a value outside the range that its annotation names.

    Args:
        prefix: what the keys are called in a config: `problem`, `optimizer`.
        annotations: as `typing.get_type_hints(..., include_extras=True)` gives them.
        values: by the same names; a name without a value is not checked.

    Raises:
        InvalidInput: with the key, its range and the value.
    """
    for name, annotation in annotations.items():
        range_ = range_of(annotation)
        if range_ is not None and name in values:
            range_.require(f"{prefix}.{name}", values[name])


def range_of(annotation: Any) -> Range | None:
    """Return the range that an annotation names, None where it names none.

    Example:
        >>> range_of(Count | None).wording
        'a whole number >= 1, or null'
    """
    if annotation is bool:
        return SWITCH
    if get_origin(annotation) is Literal:
        return choice(*get_args(annotation))
    if get_origin(annotation) is Annotated:
        return next((note for note in annotation.__metadata__ if isinstance(note, Range)), None)
    if get_origin(annotation) in (Union, UnionType) and type(None) in get_args(annotation):
        inner = next(filter(None, map(range_of, get_args(annotation))), None)
        return inner and or_null(inner)
    return None
