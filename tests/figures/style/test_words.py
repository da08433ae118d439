"""Numbers and counts in words."""

import pandas as pd
import pytest

from study.figures.style.words import contained, diverged_of, interval_name, number, seeds_of, some


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123456, "0.0123"), (float("inf"), "∞"), (-float("inf"), "−∞"), (0.0, "0")]
)
def test_numbers_in_words(value: float, text: str) -> None:
    """Three digits; infinity is a sign."""
    assert number(value) == text


def test_seeds_in_words() -> None:
    """Equal counts, unequal counts, one label."""
    runs = pd.DataFrame({"label": ["a", "a", "b"], "seed": [0, 1, 0]})
    assert seeds_of(runs) == "1 to 2 seeds each"
    assert seeds_of(runs[:2]) == "2 seeds"
    assert seeds_of(runs[1:]) == "1 seed each"


def test_many_items_are_counted() -> None:
    assert some(["a", "b"]) == "a; b"
    assert some(list("abcdefghij"), most=2) == "a; b; and 8 more"


def test_no_progress_in_words() -> None:
    """After those that diverged."""
    runs = pd.DataFrame({"label": list("aab"), "status": ["no_progress", "ok", "diverged"]})
    assert diverged_of(runs) == (
        " 1 of 3 runs diverged (b: 1) and count as infinite. 1 of 3 runs made no progress (a: 1): they end no lower "
        "than at their start, or than a constant."
    )


def test_divergence_in_words() -> None:
    """By label, or by how many of them there are; nothing where none did."""
    runs = pd.DataFrame({"label": list("aab"), "status": ["diverged", "ok", "diverged"]})
    assert diverged_of(runs) == " 2 of 3 runs diverged (a: 1, b: 1) and count as infinite."
    assert diverged_of(runs[1:2]) == ""
    many = pd.DataFrame({"label": list("abcdefg"), "status": "diverged"})
    assert diverged_of(many) == " 7 of 7 runs diverged (7 settings) and count as infinite."


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([25, 25], "exact interval of the median (order statistics 8 and 18 of 25): 95.7%"),
        ([3], "minimum to maximum: 75%"),
        ([1, 5], "minimum to maximum: 93.8%"),
        ([25, 10, 1], "exact interval of the median (order statistics 2 and 9 of 10, 8 and 18 of 25): "
         "97.9% (n = 10) and 95.7% (n = 25)"),
        ([2, 3, 4, 25], "exact interval of the median (order statistics of 2 to 25): 50% or more"),
    ],
)  # fmt: skip
def test_intervals_in_words(counts: list[int], said: str) -> None:
    """What they are and how often they are right, for each number of seeds as far as one can read it."""
    assert interval_name(counts, 0.95) == f"{said} of such intervals contain the median over all seeds"
    assert interval_name(counts, 0.95).endswith(contained(counts, 0.95))
