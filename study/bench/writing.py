"""Write the same runs by our writer and as one would without it, each into a fresh store of MLflow's schema.

Ours writes runs, params, tags, metrics and latest metrics. A driver's own way writes the metric rows alone: the
same rows, in the same order, in one transaction. The runs that they belong to, which PostgreSQL asks for, are there
before the clock starts.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any  # cursors are the driver's own

import numpy as np
import sqlalchemy as sa

from study.bench import naive
from study.bench.programs import Numbers
from study.config.location import Location
from study.tracking import names
from study.tracking.records import Points, StoredRun
from study.tracking.store import open_store

STEPS = 384
_BEGAN = 1_700_000_000_000  # milliseconds since 1970
_COLUMNS = "run_uuid, key, value, timestamp, step, is_nan"

Row = tuple[str, str, float, int, int, bool]
Insert = Callable[[Any, list[Row]], None]


def into_sqlite(folder: Path, *, runs: int) -> Numbers:
    """Measure our writer (ours.db) beside the `executemany` of `sqlite3` (raw.db), with SQLite's default settings."""
    stores = iter(f"sqlite:///{folder / name}" for name in ("ours.db", "raw.db"))
    return _into(lambda: next(stores), {"raw": _executemany("?")}, made_up(runs))


def into_postgresql(fresh: Callable[[], str], *, runs: int, raw: bool) -> Numbers:
    """Measure our writer beside the two ways of psycopg2: `execute_values`, and `executemany`, which is slow.

    Args:
        fresh: makes an empty database and returns its URI.
        runs: how many are written.
        raw: whether to measure `executemany` too.
    """
    slow = {"raw": _executemany("%s")} if raw else {}
    return _into(fresh, slow | {"batched": _execute_values}, made_up(runs))


def to_server(url: str, *, runs: int) -> Numbers:
    """Measure our writer beside MLflow's public client, into experiments `ours` and `sequential` of a server."""
    store, stored = open_store(Location.of(url)), made_up(runs)
    ways: dict[str, Callable[[str, Sequence[StoredRun]], object]] = {
        "ours": lambda experiment, some: store.backend.write(experiment, some, lambda _: None),
        "sequential": lambda experiment, some: naive.write(store.client, experiment, some),
    }
    seconds = {}
    for name, write in ways.items():
        write(store.experiment_id("warm-up"), stored[:1])
        seconds[name] = _seconds(partial(write, store.experiment_id(name), stored))
    return _numbers(stored, seconds.pop("ours"), seconds)


def made_up(count: int) -> list[StoredRun]:
    """Return runs of 384 losses, with as many params, tags and summaries as those of the study."""
    rng, steps = np.random.default_rng(0), np.arange(STEPS)
    times, ended = _BEGAN + steps, _BEGAN + STEPS
    params = {f"param.{index}": str(index) for index in range(12)}
    tags = {f"tag.{index}": "x" * 20 for index in range(14)} | {
        names.USER: "bench",
        names.JOB_HASH: "made up",
    }
    last = Points(steps[-1:], np.ones(1), times[-1:])
    summary = {f"{names.SUMMARY}{index}": last for index in range(5)}
    losses = [{names.TRAIN_LOSS: Points(steps, rng.random(STEPS), times)} for _ in range(count)]
    return [
        StoredRun(f"run {index}", {**params, names.SEED: f"{index}"}, tags, summary | curve, _BEGAN, ended)
        for index, curve in enumerate(losses)
    ]


def _into(fresh: Callable[[], str], ways: Mapping[str, Insert], runs: Sequence[StoredRun]) -> Numbers:
    bulk = _ours(fresh(), runs)
    return _numbers(runs, bulk, {name: _theirs(fresh(), runs, insert) for name, insert in ways.items()})


def _numbers(runs: Sequence[StoredRun], bulk: float, others: Mapping[str, float]) -> Numbers:
    seconds = {f"{name}_seconds": spent for name, spent in others.items()}
    ratios = {f"bulk_over_{name}": bulk / spent for name, spent in others.items()}
    return {"runs": len(runs), "bulk_seconds": bulk} | seconds | ratios


def _seconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def _ours(uri: str, runs: Sequence[StoredRun]) -> float:
    store = open_store(Location.of(uri))
    experiment = store.experiment_id("bench")
    return _seconds(lambda: store.backend.write(experiment, runs, lambda _: None))


def _theirs(uri: str, runs: Sequence[StoredRun], insert: Insert) -> float:
    """Insert the metric rows of runs, which the store holds without them, in one transaction."""
    _ours(uri, [replace(run, metrics={}) for run in runs])
    engine = sa.create_engine(Location.of(uri).uri, poolclass=sa.NullPool)
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT run_uuid FROM runs ORDER BY run_uuid")  # our writer's own order
        ids = [str(run_id) for (run_id,) in cursor.fetchall()]
        rows = [row for run_id, run in zip(ids, runs, strict=True) for row in _rows(run_id, run)]
        connection.commit()

        def inserted() -> None:
            insert(cursor, rows)
            connection.commit()

        return _seconds(inserted)


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
