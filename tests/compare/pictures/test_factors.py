"""Axes of factors, by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from study.compare.pictures.factors import MOST, in_decades, reach, ticks, written


def _frame(*estimates: float) -> pd.DataFrame:
    return pd.DataFrame({"low": estimates, "estimate": estimates, "high": estimates})


def test_natural_logarithms_become_decades() -> None:
    """Ln 100 is two of them."""
    decades = in_decades(_frame(math.log(100), -math.inf).assign(problem="p"))
    assert decades.to_numpy() == pytest.approx(np.array([[2.0] * 3, [-math.inf] * 3]))


@pytest.mark.parametrize(
    ("estimates", "left", "right"),
    [
        ([0.0], -0.5, 0.5),
        ([-0.1, 0.2], -0.5, 0.5),
        ([0.6], -0.5, 1.0),
        ([-1.7, 0.2], -1.7, 0.5),
        ([math.inf, -math.inf], -0.5, 0.5),
        ([], -0.5, 0.5),
        ([-9.0, -9.0], -MOST, 0.5),
        ([-9.0, *[0.1] * 19], -2.0, 0.5),  # one of twenty does not press the others together
        ([-9.0, *[-3.0] * 9, *[0.1] * 10], -3.0, 0.5),
    ],
)
def test_an_axis_goes_as_far_as_most_values_need(estimates: list[float], left: float, right: float) -> None:
    """And 8% of that further, at both ends."""
    low, high = reach(_frame(*estimates))
    room = 0.08 * (right - left)
    assert (low, high) == pytest.approx((left - room, right + room))


@pytest.mark.parametrize("left", [-6.3, -2.4, -0.55])
@pytest.mark.parametrize("right", [0.55, 1.1, 6.3])
@pytest.mark.parametrize("most", [3, 4, 5, 9])
def test_every_axis_has_a_few_numbers_and_1_among_them(left: float, right: float, most: int) -> None:
    chosen = ticks(left, right, most)
    assert 2 <= len(chosen) <= most
    assert min(abs(at) for at in chosen) < 1e-12
    assert all(left <= at <= right for at in chosen)


@pytest.mark.parametrize("value", [1.0, 0.3, 0.012, 250.0, 3e-9, 9.96e7, 1e-5, 5e9])
def test_a_written_factor_can_be_read_back(value: float) -> None:
    """To a digit, which is 5% where that is a 9."""
    text = written(math.log10(value)).translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    number = text.removeprefix("×").replace("·10", "e")
    read = float(f"1e{number[2:]}") if number.startswith("10-") or number in ("108", "109") else float(number)
    assert read == pytest.approx(value, rel=0.05)
