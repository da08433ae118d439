"""Each range refuses what lies outside it, with the value in the message, and nothing else."""

import math
from collections.abc import Callable

import pytest

from study.errors import InvalidInput
from study.problems import ranges


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (ranges.check_count, [1, 10**9], [0, -1, 1.0, 2.5, True, "3", None]),
        (ranges.check_positive, [1, 1e-300, 2.5], [0, 0.0, -1.0, math.nan, math.inf, True, "1", None]),
        (ranges.check_not_negative, [0, 0.0, 2.5], [-1e-300, math.nan, math.inf, False, "1", None]),
        (ranges.check_number, [0, -2.5, 1e300], [math.nan, -math.inf, True, "1", None, [1.0]]),
    ],
)
def test_ranges(check: Callable[[str, object], None], right: list[object], wrong: list[object]) -> None:
    for value in right:
        check("field", value)
    for value in wrong:
        with pytest.raises(InvalidInput) as caught:
            check("field", value)
        assert str(caught.value).startswith("problem.field must be a ")
        assert str(caught.value).endswith(f", got {value!r}")


def test_numbers() -> None:
    ranges.check_numbers("field", (1, 2.5), 2)
    for wrong in ([1.0], [1.0, 2.0, 3.0], [1.0, "2"], [1.0, math.nan], "12", 3.0, None):
        with pytest.raises(InvalidInput, match=r"problem\.field must be a list of 2 finite numbers, got "):
            ranges.check_numbers("field", wrong, 2)
