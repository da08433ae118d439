"""Notices and what is missing, from sweeps that lack something by construction."""

from dataclasses import replace

import pandas as pd

from study.certify.sweeps import parabola_sweep
from study.frames import SweepFrames
from study.report.notices import MOST_ROWS, missing_table, notices


def _sweep(
    asked: list[tuple[str, int, int, str]], *, status: str = "FINISHED", overrides: tuple[str, ...] = ()
) -> SweepFrames:
    sweep = parabola_sweep(seeds=1, steps=32)
    frame = pd.DataFrame(asked, columns=["label", "asked", "present", "failed"])
    return replace(sweep, asked=frame, overrides=overrides, info={**sweep.info, "status": status})


def test_a_whole_plain_sweep_needs_none() -> None:
    sweep = _sweep([("sgd", 5, 5, ""), ("adam", 5, 5, "")])
    assert notices(sweep) == []
    assert missing_table(sweep) is None


def test_overrides_are_named() -> None:
    (told,) = notices(_sweep([("sgd", 5, 5, "")], overrides=("seeds=5", "optimizer.lr=100")))
    assert "seeds=5, optimizer.lr=100 was asked for beside it" in told


def test_an_interrupted_sweep_says_how_much_of_it_is_there() -> None:
    sweep = _sweep([("sgd", 100, 100, ""), ("adam", 100, 20, "")], status="KILLED")
    (told,) = notices(sweep)
    assert told.startswith("This sweep is not whole: 120 of 200 runs are here; it was interrupted.")
    table = missing_table(sweep)
    assert table is not None
    assert table.rows == [{"setting": "adam", "asked": "100", "present": "20", "missing": "80"}]


def test_what_crashed_is_told_with_its_reason() -> None:
    told = notices(_sweep([("sgd", 5, 5, ""), ("mine", 5, 0, "ValueError: x"), ("other", 5, 0, "y")]))
    assert told[-1] == "2 of 3 settings crashed: mine (ValueError: x), and 1 more."


def test_settings_that_lack_as_many_seeds_are_counted_where_there_are_many() -> None:
    """As after an interruption: all have the first blocks of seeds, and some the one that was in the making."""
    settings = [(f"adam lr={lr}", 60, 30, "") for lr in range(MOST_ROWS)]
    table = missing_table(_sweep([*settings, ("sgd", 60, 40, ""), ("nag", 60, 30, "")], status="KILLED"))
    assert table is not None
    assert [list(row.values()) for row in table.rows] == [
        [f"{MOST_ROWS + 1} settings", "60", "30", "30"],
        ["sgd", "60", "40", "20"],
    ]
    assert table.note == "No setting has all its seeds."


def test_the_table_is_short_whatever_is_missing() -> None:
    table = missing_table(_sweep([(f"adam lr={lr}", 99, lr, "") for lr in range(3 * MOST_ROWS)]))
    assert table is not None
    assert len(table.rows) == MOST_ROWS
    assert table.note.startswith(f"And {2 * MOST_ROWS} rows more.")


def test_where_all_lack_the_same_none_is_called_less_certain() -> None:
    (even,) = notices(_sweep([("sgd", 60, 30, ""), ("adam", 60, 30, "")], status="KILLED"))
    (uneven,) = notices(_sweep([("sgd", 60, 40, ""), ("adam", 60, 30, "")], status="KILLED"))
    assert ("less certain" in even, "less certain" in uneven) == (False, True)
