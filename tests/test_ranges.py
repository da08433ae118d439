"""Each range refuses what lies outside it, with the value in the message, and nothing else."""

import math
from collections.abc import Sequence
from typing import Annotated, Any

import pytest

from study import ranges
from study.errors import InvalidInput
from study.ranges import COUNT, NOT_NEGATIVE, NUMBER, POSITIVE, Range, numbers, or_null, range_of, up_to


@pytest.mark.parametrize(
    ("range_", "right", "wrong"),
    [
        (COUNT, [1, 10**9], [0, -1, 1.0, 2.5, True, "3", None]),
        (ranges.WHOLE, [0, 1], [-1, 0.0, False, "0", None]),
        (POSITIVE, [1, 1e-300, 2.5], [0, 0.0, -1.0, math.nan, math.inf, True, "1", None]),
        (NOT_NEGATIVE, [0, 0.0, 2.5], [-1e-300, math.nan, math.inf, False, "1", None]),
        (NUMBER, [0, -2.5, 1e300], [math.nan, -math.inf, True, "1", None, [1.0]]),
        (ranges.FRACTION, [0, 0.0, 0.999], [1, 1.0, -0.1, math.nan, "0", None]),
        (ranges.SWITCH, [True, False], [0, 1, "true", None]),
        (up_to(3), [1, 2, 3], [0, 4, 2.0, True, None]),
        (
            numbers(2),
            [(1, 2.5), [0, 0]],
            [[1.0], [1.0, 2.0, 3.0], [1.0, "2"], [1.0, math.nan], "12", 3.0, None],
        ),
        (numbers(), [(1,), [0, 0.5, -2]], [[], (), [True], "1", {1: 2}, None]),
        (numbers(2, POSITIVE), [(1, 2)], [(0, 1), (1, -1), (1,)]),
        (or_null(COUNT), [1, None], [0, "null", False]),
    ],
)
def test_ranges(range_: Range, right: Sequence[object], wrong: Sequence[object]) -> None:
    for value in right:
        range_.require("field", value)
    for value in wrong:
        with pytest.raises(InvalidInput) as caught:
            range_.require("field", value)
        assert str(caught.value) == f"field must be {range_.wording}, got {value!r}"


@pytest.mark.parametrize(
    ("range_", "wording"),
    [
        (numbers(2), "a list of 2 finite numbers"),
        (numbers(), "a list of one or more finite numbers"),
        (numbers(2, POSITIVE), "a list of 2 finite numbers > 0"),
        (up_to(1503), "a whole number from 1 to 1503"),
        (or_null(COUNT, " for all data"), "a whole number >= 1, or null for all data"),
    ],
)
def test_wordings(range_: Range, wording: str) -> None:
    assert range_.wording == wording


@pytest.mark.parametrize(
    ("annotation", "right", "wrong"),
    [
        (ranges.Count, 1, 0),
        (ranges.Count | None, None, 0),
        (None | ranges.Positive, 0.5, 0.0),
        (Annotated[Sequence[float], "a note", numbers(1)], [1.0], []),
    ],
)
def test_an_annotation_names_a_range(annotation: Any, right: object, wrong: object) -> None:
    range_ = range_of(annotation)
    assert range_ is not None
    assert range_.holds(right)
    assert not range_.holds(wrong)


@pytest.mark.parametrize("annotation", [int, float | None, Annotated[int, "a note"], str, "Count", None])
def test_other_annotations_name_none(annotation: Any) -> None:
    assert range_of(annotation) is None
