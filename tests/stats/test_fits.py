"""Fitted curves against hand arithmetic."""

import pandas as pd
import pytest

from study.stats.fits import knows_target, median_errors, median_fit

DATA = pd.DataFrame({"x": [0.0, 2.0], "y": [0.5, 4.0], "clean": [0.0, 4.0]})
FITS = pd.DataFrame({
    "label": "a", "seed": [0, 0, 1, 1, 2, 2], "x": [0.0, 1.0] * 3, "prediction": [1.0, 2.0, 2.0, 4.0, 9.0, 2.0],
})  # fmt: skip


def test_median_over_seeds_at_each_x() -> None:
    """Medians of 1, 2, 9 and of 2, 4, 2."""
    assert median_fit(FITS)["prediction"].tolist() == [2.0, 2.0]


def test_distance_to_the_interpolated_target() -> None:
    """The target is 0 at 0 and 2 at 1; root mean squares sqrt(1/2), 2, sqrt(81/2), their median 2."""
    assert median_errors(FITS, DATA) == {"a": pytest.approx(2.0, rel=1e-15)}


def test_whether_there_is_a_target() -> None:
    """Where it equals what was trained on, there is none to draw."""
    assert knows_target(DATA)
    assert not knows_target(DATA.assign(clean=DATA["y"]))
