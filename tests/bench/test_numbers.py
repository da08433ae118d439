"""How numbers are written."""

import pytest

from study.bench import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.012345, "0.0123"),
        (1.0, "1"),
        (12.345, "12.3"),
        (999.4, "999"),
        (1000.0, "1,000"),
        (12345.6, "12,346"),
    ],
)
def test_three_digits_and_all_before_the_point(value: float, text: str) -> None:
    assert numbers.short(value) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [([2.5], "2.5"), ([1.0, 9.0, 2.0], "2 [1 to 9]"), ([4.0, 1.0], "2.5 [1 to 4]")],
)
def test_the_median_with_the_range(values: list[float], text: str) -> None:
    assert numbers.spread(values) == text
