"""A stack is written as one transaction: a writer that dies in it leaves nothing behind."""

import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from study.config.location import Location
from study.tracking.records import Points, StoredRun
from study.tracking.sql import SqlBackend
from study.tracking.store import open_store

ROWS = ("runs", "metrics", "latest_metrics", "params", "tags")

DIES = """
import os, signal, sys
import numpy as np
import sqlalchemy as sa
from study.config.location import Location
from study.tracking.records import StoredRun
from study.tracking.records import Points
from study.tracking.store import open_store

uri, experiment = sys.argv[1:]
store = open_store(Location.of(uri))
curve = Points(np.arange(5000), np.arange(5000.0), np.arange(5000))
runs = [StoredRun(f"run {i}", {"seed": "0"}, {"mlflow.user": "me"}, {"train/loss": curve}, 0, 1) for i in range(30)]
# SQLAlchemy tells this after the last row went in, before the database is told to commit
sa.event.listen(sa.Engine, "commit", lambda connection: os.kill(os.getpid(), signal.SIGKILL))
store.backend.write(experiment, runs, lambda _: None)
"""


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_nothing(uri: str, tmp_path: Path) -> None:
    _is_empty_after_a_kill(uri)
    with sqlite3.connect(tmp_path / "mlflow.db") as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_nothing_in_postgresql(request: pytest.FixtureRequest) -> None:
    _is_empty_after_a_kill(request.getfixturevalue("postgresql")())


def _is_empty_after_a_kill(uri: str) -> None:
    store = open_store(Location.of(uri))
    experiment = store.experiment_id("killed")
    done = subprocess.run([sys.executable, "-c", DIES, uri, experiment], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert _counts(store.location.uri) == dict.fromkeys(ROWS, 0)
    store.backend.write(experiment, [_run("after", [1.0])], lambda _: None)
    (found,) = store.client.search_runs([experiment])
    assert found.info.run_name == "after"


@pytest.mark.parametrize("runs_at_once", [1, 2, 3, 4])
def test_no_point_is_lost_where_one_reading_ends(
    runs_at_once: int, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.tracking.series._RUNS_READ", runs_at_once)
    store = open_store(Location.of(uri))
    experiment = store.experiment_id("parts")
    store.backend.write(experiment, [_run(str(n), [float(n), n + 0.5]) for n in range(3)], lambda _: None)
    names = {run.info.run_id: run.info.run_name for run in store.client.search_runs([experiment])}
    points = store.backend.points(list(names))
    read = sorted(
        (names[run], step, value) for run, step, value in points[["run_id", "step", "value"]].values
    )
    assert read == [(str(n), step, n + step / 2) for n in range(3) for step in (0, 1)]
    assert store.backend.points([]).empty


def test_a_writer_that_fails_leaves_nothing_and_says_nothing(uri: str) -> None:
    store = open_store(Location.of(uri))
    twice = Points(
        np.array([0, 0]), np.array([1.0, 1.0]), np.array([5, 5])
    )  # one point cannot be there twice
    broken = StoredRun("broken", {}, {"mlflow.user": "me"}, {"train/loss": twice}, 0, 1)
    told: list[int] = []
    with pytest.raises(sa.exc.IntegrityError):
        store.backend.write(store.experiment_id("failed"), [_run("fine", [1.0]), broken], told.append)
    assert told == []
    assert _counts(store.location.uri) == dict.fromkeys(ROWS, 0)


def test_ids_ascend_from_stack_to_stack(uri: str) -> None:
    """So that each index grows at its end: RFC 9562 gives version 7 the milliseconds since 1970 in front."""
    store = open_store(Location.of(uri))
    experiment, began = store.experiment_id("ids"), int(time.time() * 1000)
    ids = []
    for stack in range(3):
        ids += store.backend.write(
            experiment, [_run(f"{stack} {i}", [1.0]) for i in range(20)], lambda _: None
        )
        time.sleep(0.002)
    assert ids == sorted(ids)
    assert len(set(ids)) == 60
    found = [uuid.UUID(hex=run_id) for run_id in ids]
    assert {(run_id.version, run_id.variant) for run_id in found} == {(7, uuid.RFC_4122)}
    assert all(began <= run_id.int >> 80 <= time.time() * 1000 for run_id in found)


def test_nothing_to_write_is_nothing_written(uri: str) -> None:
    store = open_store(Location.of(uri))
    assert isinstance(store.backend, SqlBackend)
    store.backend.write(store.experiment_id("none"), [], lambda _: None)
    assert _counts(store.location.uri) == dict.fromkeys(ROWS, 0)


@pytest.mark.slow
def test_stacks_larger_than_one_chunk_arrive_whole(uri: str) -> None:
    store = open_store(Location.of(uri))
    store.backend.write(
        store.experiment_id("large"), [_run(f"r{i}", range(20_001)) for i in range(6)], lambda _: None
    )
    assert _counts(store.location.uri) == {
        "runs": 6, "metrics": 6 * 20_001, "latest_metrics": 6, "params": 0, "tags": 6,
    }  # fmt: skip


def _run(name: str, values: list[float] | range) -> StoredRun:
    steps = np.arange(len(values))
    curve = Points(steps, np.array(values, dtype=float), steps)
    return StoredRun(name, {}, {"mlflow.user": "me"}, {"train/loss": curve}, 0, 1)


def _counts(uri: str) -> dict[str, int]:
    engine = sa.create_engine(uri)
    with engine.connect() as connection:
        counts = {
            table: connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() for table in ROWS
        }
    engine.dispose()
    return counts
