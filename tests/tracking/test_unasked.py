"""What no sweep that stays asks for, decided by hand here."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from study.tracking.unasked import RunRow, SweepRow, decide

OLD, NEW, LAST = "2024-01-01_10-00-00-000000", "2024-02-01_10-00-00-000000", "2024-03-01_10-00-00-000000"
A, B, C = ("a", "0"), ("b", "0"), ("c", "0")


def _sweep(name: str, asked: str, *wanted: tuple[str, str], **other: bool) -> SweepRow:
    return SweepRow(name, asked, frozenset(wanted), None, **other)


def _run(name: str, key: tuple[str, str], parent: str, start: int = 0, **other: bool) -> RunRow:
    return RunRow(name, key, parent, start, **other)


TWO = [_sweep("S", OLD, A, B), _sweep("T", NEW, A, C)]
BEFORE = {"before": datetime(2024, 1, 15)}


@pytest.mark.parametrize(
    ("every", "runs", "how", "swept", "gone", "left"),
    [
        pytest.param(TWO, ["a:S", "b:S", "c:T"], {}, "", "", "", id="nothing unasked"),
        pytest.param(TWO, ["a:S", "b:S", "c:T"], {"keep": 1}, "", "b:S", "S", id="a newer one shows a"),
        pytest.param(TWO, ["a:T", "b:S", "c:T"], {"keep": 1}, "S", "b:S", "", id="it has its own"),
        pytest.param(TWO, ["a:S", "b:S", "c:T"], {"keep": 0}, "S T", "a:S b:S c:T", "", id="all"),
        pytest.param(TWO, ["a:S", "b:S", "c:T"], BEFORE, "", "b:S", "S", id="by age"),
        pytest.param(TWO, ["b:S"], {"before": datetime(2023, 1, 1)}, "", "", "", id="too young"),
        pytest.param(TWO[::-1], ["b:S"], {"keep": 1}, "S", "b:S", "", id="by when it was asked for"),
        pytest.param([_sweep("S", "my id", B)], ["b:S"], BEFORE, "", "", "", id="an id that tells no age"),
        pytest.param([_sweep("S", OLD, B, running=True)], ["b:S"], {"keep": 0}, "", "", "", id="it goes on"),
        pytest.param(
            [_sweep("S", OLD, B, deleted=True)], ["b:S"], {}, "", "", "S", id="deleted, runs are not"
        ),
        pytest.param(
            [_sweep("S", OLD, B, deleted=True)], ["b:S"], {"keep": 1}, "S", "b:S", "", id="and kept 1"
        ),
        pytest.param(
            [*TWO, _sweep("U", LAST)], ["a:S", "c:T"], {"keep": 1}, "S T", "a:S c:T", "", id="empty"
        ),
    ],
)
def test_what_goes(
    every: Sequence[SweepRow], runs: Sequence[str], how: dict[str, object], swept: str, gone: str, left: str
) -> None:
    """A run is written as its job and the sweep that trained it, and is called so."""
    rows = [_run(text, (text[0], "0"), text[2:]) for text in runs]
    going = decide("x", every, rows, **how)  # type: ignore[arg-type]
    assert (list(going.sweeps), sorted(going.runs), list(going.left)) == (
        swept.split(),
        gone.split(),
        left.split(),
    )


def test_of_a_job_and_seed_that_is_there_twice_the_newest_stays() -> None:
    runs = [
        _run("later", A, "S", 2),
        _run("first", A, "S", 1),
        _run("forced away", A, "S", 0, deleted=True),
        _run("newest, deleted by hand", B, "S", 9, deleted=True),
        _run("b", B, "S", 3),
        _run("half written", A, "S", 5, finished=False),
    ]
    going = decide("x", [_sweep("S", OLD, A, B)], runs)
    assert sorted(going.runs) == ["first", "forced away", "newest, deleted by hand"]
    assert (going.superseded, going.sweeps, going.left) == (3, [], [])
