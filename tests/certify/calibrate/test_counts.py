"""Counts by hand: shares, errors, what is allowed beyond a bound, and all cases as one."""

import math

import numpy as np
import pandas as pd
import pytest

from study.certify.calibrate.counts import AT_LEAST, AT_MOST, count, counted, together


def _rows(*hits: int, bound: tuple[str, float] = (AT_MOST, 0.05), of: int = 100) -> pd.DataFrame:
    return counted([count("p", "c", np.arange(of) < hit, {"population": str(hit)}, bound) for hit in hits])


def test_one_row_may_be_two_errors_beyond_its_bound() -> None:
    """By hand: sqrt(.05 * .95 / 100) = .02179; 9 of 100 lie below .05 + 2 * .02179 = .0936, 10 do not."""
    (row,) = _rows(9).to_dict("records")
    assert (row["share"], row["error"]) == (0.09, pytest.approx(0.02179, abs=1e-5))
    assert (row["allowed"], row["kept"]) == (pytest.approx(0.09359, abs=1e-5), True)
    assert _rows(10)["kept"].tolist() == [False]


def test_the_other_side() -> None:
    """At least 95%: 91 of 100 are allowed, 90 are not."""
    assert _rows(91, bound=(AT_LEAST, 0.95))["kept"].tolist() == [True]
    assert _rows(90, bound=(AT_LEAST, 0.95))["kept"].tolist() == [False]


def test_the_worst_of_many_may_be_further_beyond() -> None:
    """Of 40 rows at their bound, one lies beyond 2 errors in 60% of cases, and beyond 3.26 in 2.3%.

    By hand: norm.sf(2) / 40 = .000569, of which norm.isf is 3.255; .05 + 3.255 * .02179 = .1209.
    """
    table = _rows(12, *[5] * 39)
    assert table["allowed"][0] == pytest.approx(0.1209, abs=1e-4)
    assert table["kept"].all()
    assert not _rows(13, *[5] * 39)["kept"].all()


def test_what_is_not_promised_is_told() -> None:
    table = counted([count("p", "c", [True, False], {"n": 3})])
    assert table[["share", "n"]].to_numpy().tolist() == [[0.5, 3]]
    assert math.isnan(table["allowed"][0])
    assert table["kept"][0] is None
    assert together(table).empty


def test_nothing_is_said_of_no_experiments() -> None:
    assert counted([count("p", "c", [], {}, (AT_MOST, 0.0)), count("p", "c", [False], {})]).shape[0] == 1


def test_all_together_see_what_no_single_one_does() -> None:
    """Forty cases of 9% each: none is beyond what it may be, all are: 9% of 4,000 against 5% +- .34."""
    table = _rows(*[9] * 40)
    assert table["kept"].all()
    (row,) = together(table).to_dict("records")
    assert (row["share"], row["cases"], row["broken"], row["kept"]) == (pytest.approx(0.09), 40, 0, False)
    assert row["error"] == pytest.approx(math.sqrt(0.05 * 0.95 / 4000))


def test_bounds_of_their_own_are_averaged_and_the_worst_is_found() -> None:
    """By hand: bounds .75 and .95, mean .85; the second lies 2 errors below its bound, the first one above."""
    high = count("p", "c", np.arange(100) < 90, {"n": 9}, (AT_LEAST, 0.95))
    low = count("p", "c", np.arange(100) < 80, {"n": 3}, (AT_LEAST, 0.75))
    table = counted([low, high])
    (row,) = together(table).to_dict("records")
    assert (row["bound"], row["share"]) == (pytest.approx(0.85), pytest.approx(0.85))
    assert row["error"] == pytest.approx(math.sqrt(100 * 0.75 * 0.25 + 100 * 0.95 * 0.05) / 200)
    assert table.loc[row["worst"], "n"] == 9
