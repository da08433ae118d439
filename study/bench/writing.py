"""Write the same runs by our writer and as one would without it, each into a fresh store of MLflow's schema.

Ours writes runs, params, tags, metrics and latest metrics. A driver's own way writes the metric rows alone: the
same rows, in the same order, in one transaction. The runs that they belong to, which PostgreSQL asks for, are there
before the clock starts.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any  # connections and cursors are the driver's own

import numpy as np

from study.bench import naive_client
from study.bench.measure import Numbers
from study.config.location import Location
from study.tracking import names
from study.tracking.records import Points, StoredRun
from study.tracking.store import open_store

STEPS = 384
_BEGAN = 1_700_000_000_000  # milliseconds since 1970
_EXPERIMENT = "bench"
_COLUMNS = "run_uuid, key, value, timestamp, step, is_nan"

Row = tuple[str, str, float, int, int, bool]
Insert = Callable[[Any, list[Row]], None]


def into_sqlite(folder: Path, *, runs: int) -> Numbers:
    """Measure our writer beside the `executemany` of `sqlite3`, both with SQLite's default settings.

    Args:
        folder: for the stores, ours.db and raw.db.
        runs: how many runs of 384 losses.
    """
    stored, raw_file = made_up(runs), folder / "raw.db"
    bulk = _ours(f"sqlite:///{folder / 'ours.db'}", stored)
    _without_metrics(f"sqlite:///{raw_file}", stored)
    with closing(sqlite3.connect(raw_file)) as connection:
        raw = _theirs(connection, stored, _executemany("?"))
    return {"runs": runs, "bulk_seconds": bulk, "raw_seconds": raw, "bulk_over_raw": bulk / raw}


def into_postgresql(fresh: Callable[[], str], *, runs: int, raw: bool) -> Numbers:
    """Measure our writer beside the two ways of psycopg2: `execute_values`, and `executemany`, which is slow.

    Args:
        fresh: makes an empty database and returns its URI.
        runs: how many runs of 384 losses.
        raw: whether to measure `executemany` too.
    """
    import psycopg2  # type: ignore[import-untyped]  # here: the rest of the benchmark does without

    stored = made_up(runs)
    bulk = _ours(fresh(), stored)
    numbers = {"runs": runs, "bulk_seconds": bulk}
    for name, insert in {"raw": _executemany("%s"), "batched": _execute_values}.items():
        if name != "raw" or raw:
            uri = fresh()
            _without_metrics(uri, stored)
            with closing(psycopg2.connect(uri)) as connection:
                seconds = _theirs(connection, stored, insert)
            numbers |= {f"{name}_seconds": seconds, f"bulk_over_{name}": bulk / seconds}
    return numbers


def to_server(url: str, *, runs: int) -> Numbers:
    """Measure our writer beside MLflow's public client that writes one run after the other.

    Args:
        url: of a tracking server; the runs go to its experiments `ours` and `sequential`.
        runs: how many runs of 384 losses.
    """
    store, stored = open_store(Location.of(url)), made_up(runs)
    ways: dict[str, Callable[[str, Sequence[StoredRun]], object]] = {
        "ours": lambda experiment, some: store.backend.write(experiment, some, lambda _: None),
        "sequential": lambda experiment, some: naive_client.write(store.client, experiment, some),
    }
    seconds = {}
    for name, write in ways.items():
        write(store.experiment_id("warm-up"), stored[:1])
        experiment = store.experiment_id(name)
        began = time.perf_counter()
        write(experiment, stored)
        seconds[name] = time.perf_counter() - began
    ours, sequential = seconds["ours"], seconds["sequential"]
    return {
        "runs": runs,
        "bulk_seconds": ours,
        "sequential_seconds": sequential,
        "bulk_over_sequential": ours / sequential,
    }


def made_up(count: int) -> list[StoredRun]:
    """Return runs of 384 losses, with as many params, tags and summaries as those of the study."""
    rng, steps = np.random.default_rng(0), np.arange(STEPS)
    began, ended = _BEGAN, _BEGAN + STEPS
    times = began + steps
    params = {f"param.{index}": str(index) for index in range(13)}
    tags = {f"tag.{index}": "x" * 20 for index in range(15)} | {names.USER: "bench"}
    last = Points(steps[-1:], np.ones(1), times[-1:])
    summary = {f"{names.SUMMARY}{index}": last for index in range(5)}

    def run(name: str) -> StoredRun:
        losses = Points(steps, rng.random(STEPS), times)
        return StoredRun(name, params, tags, {**summary, names.TRAIN_LOSS: losses}, began, ended)

    return [run(f"run {index}") for index in range(count)]


def _ours(uri: str, runs: Sequence[StoredRun]) -> float:
    store = open_store(Location.of(uri))
    experiment = store.experiment_id(_EXPERIMENT)
    began = time.perf_counter()
    store.backend.write(experiment, runs, lambda _: None)
    return time.perf_counter() - began


def _without_metrics(uri: str, runs: Sequence[StoredRun]) -> None:
    _ours(uri, [replace(run, metrics={}) for run in runs])


def _theirs(connection: Any, runs: Sequence[StoredRun], insert: Insert) -> float:
    """Insert the metric rows of runs that a store holds without them, in one transaction."""
    cursor = connection.cursor()
    cursor.execute("SELECT run_uuid FROM runs ORDER BY run_uuid")  # our writer's own order
    ids = [str(run_id) for (run_id,) in cursor.fetchall()]
    rows = [row for run_id, run in zip(ids, runs, strict=True) for row in _rows(run_id, run)]
    connection.commit()
    began = time.perf_counter()
    insert(cursor, rows)
    connection.commit()
    return time.perf_counter() - began


def _rows(run_id: str, run: StoredRun) -> Iterator[Row]:
    for key, points in run.metrics.items():
        for value, at, step in zip(points.values, points.times, points.steps, strict=True):
            yield run_id, key, float(value), int(at), int(step), False


def _executemany(mark: str) -> Insert:
    marks = ", ".join([mark] * len(_COLUMNS.split()))
    statement = f"INSERT INTO metrics ({_COLUMNS}) VALUES ({marks})"
    return lambda cursor, rows: cursor.executemany(statement, rows)


def _execute_values(cursor: Any, rows: list[Row]) -> None:
    """Insert 100 rows a statement, the driver's default; with 1,000 it was not faster."""
    from psycopg2.extras import execute_values  # type: ignore[import-untyped]

    execute_values(cursor, f"INSERT INTO metrics ({_COLUMNS}) VALUES %s", rows)
