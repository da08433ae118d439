"""A large store is read by the right index, as SQLite itself explains, and a small one says what is in it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import sqlalchemy as sa

from study.config.location import Location
from study.tracking.planner import tell_sizes
from study.tracking.records import Points, StoredRun
from study.tracking.store import open_store

SORTED = """
SELECT DISTINCT runs.run_uuid, m.value FROM runs LEFT OUTER JOIN (
  SELECT value, run_uuid FROM latest_metrics WHERE key = 'summary/excess'
) AS m ON runs.run_uuid = m.run_uuid WHERE runs.experiment_id IN (1) ORDER BY m.value, runs.start_time DESC LIMIT 100
"""  # as MLflow 3.17 asks for runs sorted by a metric
CHART = "SELECT * FROM metrics WHERE run_uuid = 'a' AND key = 'train/loss' ORDER BY timestamp, step, value"


@pytest.fixture
def database(uri: str) -> Iterator[sqlite3.Connection]:
    """Return a database of three runs that says how large it is."""
    store = open_store(Location.of(uri))
    curve = Points(np.arange(40), np.arange(40.0), np.arange(40))
    runs = [StoredRun(f"{n}", {"seed": f"{n}"}, {"mlflow.user": "me"}, {"lr": curve}, 0, 1) for n in range(3)]
    store.backend.write(store.experiment_id("planned"), runs, lambda _: None)
    store.backend.analyse()
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection:
        yield connection


def test_the_numbers_are_those_of_analyze(database: sqlite3.Connection) -> None:
    """Against SQLite's own ANALYZE of all rows, as far as one knows without: rows, and those of a run and a key."""
    told = dict(database.execute("SELECT idx, stat FROM sqlite_stat1"))
    database.execute("ANALYZE")
    for index, own in database.execute("SELECT idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL"):
        if index in told:
            assert told[index].split()[:2] == own.split()[:2], index
    assert {"index_metrics_run_uuid_key_step", "sqlite_autoindex_metrics_1"} <= told.keys()


def test_where_another_writes_nobody_waits(database: sqlite3.Connection) -> None:
    file = database.execute("PRAGMA database_list").fetchone()[2]
    store = open_store(Location.of(f"sqlite:///{file}"))
    database.execute("DELETE FROM sqlite_stat1")
    database.commit()
    database.execute("BEGIN IMMEDIATE")
    store.backend.analyse()
    database.rollback()
    assert database.execute("SELECT count(*) FROM sqlite_stat1").fetchone() == (0,)


def test_what_mlflow_asks_is_planned_for_many_runs(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of 100,000 runs: no run is compared with each other one, and no chart reads the values of other runs."""
    file = database.execute("PRAGMA database_list").fetchone()[2]
    sizes = {
        "runs": 100_000,
        "metrics": 40_000_000,
        "latest_metrics": 1_000_000,
        "params": 10**6,
        "tags": 10**6,
    }
    monkeypatch.setattr("study.tracking.planner._rows", lambda _, table: sizes[table])
    with sa.create_engine(f"sqlite:///{file}").begin() as connection:
        tell_sizes(connection)
    with closing(sqlite3.connect(file)) as fresh:  # statistics are read where a connection is opened
        (chart,) = (row[3] for row in fresh.execute(f"EXPLAIN QUERY PLAN {CHART}") if "metrics" in row[3])
        assert "index_metrics_run_uuid_key_step" in chart
        steps = [row[3] for row in fresh.execute(f"EXPLAIN QUERY PLAN {SORTED}")]
        assert not [step for step in steps if step.startswith("SCAN m")], steps
