"""What is measured, how often, and what a person sees of it."""

import re
from pathlib import Path

import pytest

from study.bench import plan, servers
from study.bench.plan import Part
from study.bench.programs import Numbers


def nowhere(line: str) -> None:
    """Show no progress."""


class Counted:
    """A program that measures how often it has been run, each time in an empty folder."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> Numbers:
        assert not list(folder.iterdir())
        (folder / "mlflow.db").touch()
        self.times += 1
        return {"runs": 52, "seconds": 0.5 * self.times}


def test_every_part_is_repeated_and_keeps_every_number() -> None:
    several = [Part("ours", f"ours at {size}", Counted(), one_of_several=True) for size in (1, 2)]
    results = plan.measure([Part("one", "the one", Counted()), *several], 3, write=nowhere)
    numbers = {"runs": [52, 52, 52], "seconds": [0.5, 1.0, 1.5]}
    assert results == {"one": numbers, "ours": [numbers, numbers]}


def test_a_part_whose_server_is_absent_is_left_out_with_the_reason() -> None:
    def absent(_folder: Path) -> Numbers:
        raise servers.Absent("psycopg2 is not installed")

    lines: list[str] = []
    after = Counted()
    results = plan.measure(
        [Part("sql", "into SQL", absent), Part("after", "after", after)], 2, write=lines.append
    )
    assert results["sql"] == {"not_measured": "psycopg2 is not installed"}
    assert after.times == 2
    assert lines[1].endswith("] 1/2 into SQL: not measured: psycopg2 is not installed\n")


def test_each_repetition_is_announced_before_it_begins_in_an_empty_folder() -> None:
    seen: list[str] = []

    def once(folder: Path) -> Numbers:
        assert not list(folder.iterdir())
        (folder / "left").touch()
        seen.append("measured")
        return {"seconds": len(seen), "runs": 1}

    results = plan.measure([Part("one", "one", once)], 2, write=lambda line: seen.append(line[-4:-1]))
    assert seen == ["1/2", "measured", "2/2", "measured"]
    assert results == {"one": {"seconds": [2, 4], "runs": [1, 1]}}


def test_a_program_that_fails_ends_the_measurement() -> None:
    def broken(_folder: Path) -> Numbers:
        raise RuntimeError("study.train failed")

    with pytest.raises(RuntimeError, match=r"study\.train failed"):
        plan.measure([Part("ours", "ours", broken)], 1, write=nowhere)


def test_progress_tells_the_time_the_part_and_the_repetition() -> None:
    clock = iter([100.0, 100.9, 161.0, 3800.0, 3801.0])
    parts = [Part("a", "first", Counted()), Part("b", "second", Counted())]
    lines: list[str] = []
    plan.measure(parts, 2, write=lines.append, clock=lambda: next(clock))
    assert lines == [
        "[  0:00] 1/2 first: repetition 1/2\n",
        "[  1:01] 1/2 first: repetition 2/2\n",
        "[ 61:40] 2/2 second: repetition 1/2\n",
        "[ 61:41] 2/2 second: repetition 2/2\n",
    ]


def test_the_plan_holds_every_program_and_every_store() -> None:
    parts = plan.parts([2, 192])
    assert {part.key for part in parts} == {
        *("tutorial", "naive", "joblib", "ours", "alone", "headline", "own", "start", "answers"),
        *("writing", "writing_postgresql", "writing_server"),
    }
    assert [part.name for part in parts if part.key == "ours"] == ["ours at 104 runs", "ours at 9,984 runs"]
    sizes = [re.findall(r"[\d,]+", part.name) for part in parts if part.key == "writing_postgresql"]
    assert sizes == [["104"], ["1,040"]]
