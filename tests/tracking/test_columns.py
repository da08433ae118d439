"""Points as columns, against a plain loop over rows: each value is of its run, its metric and its step."""

import random
import sqlite3
import subprocess
import zlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from study.config.location import Location
from study.errors import InvalidInput
from study.tracking import columns
from study.tracking.records import Points, StoredRun
from study.tracking.sql import SqlBackend
from study.tracking.store import open_store

Row = tuple[str, str, int, float]

RUNS = ["d", "a", "c", "b"]
HELD = {
    ("a", "train/loss"): [0, 1, 2],
    ("a", "eval/loss"): [0, 32],
    ("b", "train/loss"): [0],  # it broke at once, before it was evaluated
    ("b", "summary/diverged_step"): [0],
    ("d", "param/x1"): [7, 8, 9],  # of another problem; "c" has nothing
    ("d", "train/loss"): [2**40, 2**40 + 1],
}


def _rows(held: dict[tuple[str, str], list[int]]) -> list[Row]:
    """Return a row per point, whose value says whose it is."""
    return [
        (run, key, at, zlib.crc32(f"{run} {key} {at}".encode()) / 7)
        for (run, key), steps in held.items()
        for at in steps
    ]


def _expected(rows: Sequence[Row], run_ids: Sequence[str]) -> list[Row]:
    kept = [row for row in rows if row[0] in run_ids and not row[1].startswith("summary/")]
    return sorted(kept, key=lambda row: (run_ids.index(row[0]), *row[1:3]))


def _read(frame: pd.DataFrame) -> list[Row]:
    assert list(frame) == ["run_id", "metric", "step", "value"]
    return list(zip(*(frame[column].tolist() for column in frame), strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_series_in_any_order_and_their_steps_in_any_order(seed: int) -> None:
    order = random.Random(seed)
    shuffled = {
        key: order.sample(steps, len(steps)) for key, steps in order.sample(list(HELD.items()), len(HELD))
    }
    rows = _rows(shuffled)
    series = [(*key, len(steps)) for key, steps in shuffled.items()]
    found = columns.points(
        RUNS, series, np.array([row[2] for row in rows]), np.array([row[3] for row in rows])
    )
    assert _read(found) == _expected(rows, RUNS)
    assert list(found["run_id"].cat.categories) == RUNS
    assert list(found["metric"].cat.categories) == ["eval/loss", "param/x1", "train/loss"]


def test_points_of_one_step_stay_in_their_order() -> None:
    found = columns.points(["a"], [("a", "lr", 3)], np.array([1, 0, 1]), np.array([0.3, 0.2, 0.1]))
    assert _read(found) == [("a", "lr", 0, 0.2), ("a", "lr", 1, 0.3), ("a", "lr", 1, 0.1)]


def test_negative_steps_are_steps() -> None:
    found = columns.points(["a", "b"], [("b", "lr", 2), ("a", "lr", 1)], np.array([5, -5, 0]), np.arange(3.0))
    assert _read(found) == [("a", "lr", 0, 2.0), ("b", "lr", -5, 1.0), ("b", "lr", 5, 0.0)]


def test_nothing_is_empty_columns_of_the_same_kinds() -> None:
    for series in ([], [("a", "summary/floor", 1)]):
        found = columns.points(["a"], series, np.zeros(len(series), dtype=np.int64), np.zeros(len(series)))
        assert [str(kind) for kind in found.dtypes] == ["category", "category", "int64", "float64"]
        assert found.empty


@pytest.mark.parametrize("count", [1, 3])
def test_numbers_that_do_not_fit_the_series_are_refused(count: int) -> None:
    with pytest.raises(InvalidInput, match=f"must hold as many points as counted, {count}, got 2"):
        columns.points(["a"], [("a", "lr", count)], np.arange(2), np.arange(2.0))


@pytest.fixture
def mixed(uri: str) -> tuple[SqlBackend, list[Row]]:
    """Return a store whose rows lie in no order, those of runs asked for between those of others."""
    store = open_store(Location.of(uri))
    assert isinstance(store.backend, SqlBackend)
    held = HELD | {(other, "train/loss"): [0, 1, 2] for other in ("aa", "cc")}
    rows = random.Random(0).sample(_rows(held), sum(map(len, held.values())))
    one = Points(np.zeros(1, dtype=np.int64), np.zeros(1), np.zeros(1, dtype=np.int64))
    run = StoredRun("run", {}, {"mlflow.user": "me"}, {"lr": one}, 0, 1)
    ids = store.backend.write(store.experiment_id("mixed"), [run] * 6, lambda _: None)
    given = dict(zip(["a", "b", "c", "d", "aa", "cc"], ids, strict=True))
    with sa.create_engine(uri).begin() as connection:
        connection.execute(sa.text("DELETE FROM metrics"))
        insert = "INSERT INTO metrics (run_uuid, key, step, value, timestamp, is_nan) VALUES (:r, :k, :s, :v, :t, 0)"
        for time, (name, key, step, value) in enumerate(rows):
            connection.execute(
                sa.text(insert), {"r": given[name], "k": key, "s": step, "v": value, "t": -time}
            )
    return store.backend, [(given[name], key, step, value) for name, key, step, value in rows]


@pytest.mark.parametrize("runs_at_once", [1, 2, 500])
def test_a_database_may_hold_rows_in_any_order_and_runs_of_others_between(
    runs_at_once: int, mixed: tuple[SqlBackend, list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.tracking.series._RUNS_READ", runs_at_once)
    backend, rows = mixed
    ids = sorted({row[0] for row in rows})
    for asked in (ids[:4], ids[3:], ids[::-2], ids[:1]):
        assert _read(backend.points(asked)) == _expected(rows, asked)


@pytest.mark.slow
def test_a_second_process_reads_its_share_of_many_runs(
    mixed: tuple[SqlBackend, list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.tracking.series._ALONE", 2)
    backend, rows = mixed
    ids = sorted({row[0] for row in rows})
    assert _read(backend.points(ids)) == _expected(rows, ids)


def test_a_second_process_that_fails_leaves_no_half_of_the_points(
    mixed: tuple[SqlBackend, list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.tracking.series._ALONE", 2)
    monkeypatch.setattr("study.tracking.series.__file__", "/nowhere.py")
    backend, rows = mixed
    with pytest.raises(subprocess.CalledProcessError):
        backend.points(sorted({row[0] for row in rows}))


def test_a_point_added_while_they_are_read_is_noticed(mixed: tuple[SqlBackend, list[Row]], uri: str) -> None:
    backend, rows = mixed
    written: list[object] = []

    def add(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        """Add a point once the database has told how many there are."""
        if statement.startswith("SELECT metrics.step"):
            with sqlite3.connect(uri.removeprefix("sqlite:///")) as other:
                columns = "key, value, timestamp, run_uuid, step + 1000, is_nan"
                written.append(other.execute(f"INSERT INTO metrics SELECT {columns} FROM metrics LIMIT 1"))

    sa.event.listen(sa.Engine, "before_cursor_execute", add)
    try:
        with pytest.raises(
            InvalidInput, match=r"must hold as many points as counted, .* read; run the command again"
        ):
            backend.points(sorted({row[0] for row in rows}))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", add)
    assert written
