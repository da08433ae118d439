"""SQL backend, the fast way into a database this process can reach: MLflow's own tables.

The client costs about 50 ms for a run of 384 losses, most of it commits and object mapping. Here all runs of a
stack are one transaction, so that they are complete or absent, and all points of a sweep are one select.
"""

import io
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Any  # rows hold whatever their columns take

import pandas as pd
import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import (
    SqlExperiment,
    SqlLatestMetric,
    SqlMetric,
    SqlParam,
    SqlRun,
    SqlTag,
)
from typing_extensions import override

from study.tracking import names, rows
from study.tracking.backend import Backend
from study.tracking.records import StoredRun

KNOWN_REVISIONS = frozenset({"dc11669786a5"})
"""Revisions of MLflow's schema whose tables this file was checked against (mlflow 3.17)."""

_RUNS, _METRICS, _LATEST = SqlRun.__table__, SqlMetric.__table__, SqlLatestMetric.__table__
_PARAMS, _TAGS, _EXPERIMENTS = SqlParam.__table__, SqlTag.__table__, SqlExperiment.__table__
_RUNS_READ = 500  # runs in one select: databases bound a statement's parameters, and Python's rows are large
_COPIED = 50_000  # rows handed to PostgreSQL at once: bounds their memory
_VALUES = 12_000  # values in one statement of SQLite, whose own limit is 32,766
_SQLITE_CACHE = 200_000  # KiB; with the default, 2,000, SQLite writes pages of its indexes again and again

Row = tuple[Any, ...]


def open_engine(uri: str) -> sa.Engine:
    """Return an engine for a database with MLflow's schema."""
    if not uri.startswith("sqlite"):
        return sa.create_engine(uri, connect_args={"connect_timeout": 10})  # seconds
    engine = sa.create_engine(uri, connect_args={"timeout": 60})  # seconds to wait for another writer
    sa.event.listen(engine, "connect", lambda raw, _: raw.execute(f"PRAGMA cache_size = -{_SQLITE_CACHE}"))
    return engine


def schema_revision(engine: sa.Engine) -> str | None:
    """Return the revision of MLflow's schema in a database."""
    with engine.connect() as connection:
        revision: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return revision


class SqlBackend(Backend):
    """`Backend` over a SQLite or PostgreSQL database whose schema revision is known."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @override
    def write(
        self,
        experiment_id: str,
        runs: Sequence[StoredRun],
        written: Callable[[int], None],
        *,
        replace: bool = False,
    ) -> list[str]:
        ids = sorted(uuid.uuid4().hex for _ in runs)  # in order, each index grows at one end: twice as fast
        pairs = list(zip(ids, runs, strict=True))
        with self._engine.begin() as connection:
            location = _artifact_location(connection, int(experiment_id))
            _insert(connection, _RUNS, [rows.of_runs(pairs, int(experiment_id), location)])
            _insert(connection, _PARAMS, (rows.of_pairs(i, run.params) for i, run in pairs))
            _insert(connection, _TAGS, (rows.of_pairs(i, run.tags) for i, run in pairs))
            _insert(connection, _METRICS, chain.from_iterable(rows.of_points(*pair) for pair in pairs))
            _insert(connection, _LATEST, chain.from_iterable(rows.of_latest(*pair) for pair in pairs))
            if replace:  # last: the transaction then keeps other writers out
                _delete_others(connection, int(experiment_id), pairs)
        written(len(runs))
        return ids

    @override
    def runs(
        self, experiment_id: str, hashes: Sequence[str], keys: Sequence[str] | None = None
    ) -> pd.DataFrame:
        of_jobs = _finished(int(experiment_id), hashes)
        with self._engine.connect() as connection:
            columns = _RUNS.c.run_uuid.label("run_id"), _RUNS.c.name, _RUNS.c.start_time.label("start")
            query = sa.select(*columns).where(_RUNS.c.run_uuid.in_(of_jobs))
            frame = _frame(connection, query, ["run_id", "name", "start"])
            parts = [_wide(connection, table, of_jobs, keys) for table in (_PARAMS, _TAGS, _LATEST)]
        for part in parts:
            frame = frame.merge(part, on="run_id", how="left")
        return frame.sort_values(["start", "run_id"], ignore_index=True)

    @override
    def points(self, run_ids: Sequence[str]) -> pd.DataFrame:
        m = _METRICS.c
        query = sa.select(m.run_uuid, m.key, m.step, m.value).where(~m.key.startswith(names.SUMMARY))
        with self._engine.connect() as connection:
            parts = [
                _frame(connection, query.where(m.run_uuid.in_(chunk)), ["run_id", "metric", "step", "value"])
                for chunk in _chunks(run_ids) or [[]]
            ]
        return pd.concat(parts, ignore_index=True)


def _finished(experiment_id: int, hashes: Sequence[str]) -> sa.Select[Any]:
    """Return the select of the ids of some jobs' finished runs."""
    return (
        sa.select(_RUNS.c.run_uuid)
        .join(_TAGS, _TAGS.c.run_uuid == _RUNS.c.run_uuid)
        .where(
            _RUNS.c.experiment_id == experiment_id,
            _RUNS.c.status == "FINISHED",
            _RUNS.c.lifecycle_stage == "active",
            _TAGS.c.key == names.JOB_HASH,
            _TAGS.c.value.in_(hashes),
        )
    )


def _delete_others(
    connection: sa.Connection, experiment_id: int, pairs: Sequence[tuple[str, StoredRun]]
) -> None:
    """Delete the other finished runs that have the job and the seed of one of `pairs`: mark them, as MLflow does."""
    new, same = {run_id for run_id, _ in pairs}, {run.job_and_seed for _, run in pairs}
    query = (
        _finished(experiment_id, sorted({job for job, _ in same}))
        .add_columns(_TAGS.c.value, _PARAMS.c.value)
        .join(_PARAMS, _PARAMS.c.run_uuid == _RUNS.c.run_uuid)
        .where(_PARAMS.c.key == names.SEED)
    )
    found = connection.execute(query).all()
    old = [run_id for run_id, job, seed in found if (job, seed) in same and run_id not in new]
    deleted = _RUNS.update().values(lifecycle_stage="deleted", deleted_time=int(time.time() * 1000))
    for chunk in _chunks(old):
        connection.execute(deleted.where(_RUNS.c.run_uuid.in_(chunk)))


def _chunks(run_ids: Sequence[str]) -> list[Sequence[str]]:
    return [run_ids[low : low + _RUNS_READ] for low in range(0, len(run_ids), _RUNS_READ)]


def _wide(
    connection: sa.Connection, table: sa.Table, of_jobs: sa.Select[Any], keys: Sequence[str] | None
) -> pd.DataFrame:
    query = sa.select(table.c.run_uuid, table.c.key, table.c.value).where(table.c.run_uuid.in_(of_jobs))
    if keys is not None:
        query = query.where(table.c.key.in_(keys))
    rows = _frame(connection, query, ["run_id", "key", "value"])
    return rows.pivot(index="run_id", columns="key", values="value").rename_axis(columns=None).reset_index()


def _frame(connection: sa.Connection, query: sa.Select[Any], columns: Sequence[str]) -> pd.DataFrame:
    """Return what a query gives: the driver's own rows, column by column, in a fifth of the time of pandas."""
    with connection.execute(query) as result:
        rows = result.cursor.fetchall()
    values = {column: list(map(itemgetter(place), rows)) for place, column in enumerate(columns)}
    return pd.DataFrame(values)


def _artifact_location(connection: sa.Connection, experiment_id: int) -> str:
    query = sa.select(_EXPERIMENTS.c.artifact_location).where(_EXPERIMENTS.c.experiment_id == experiment_id)
    return str(connection.execute(query).scalar_one()).rstrip("/")


def _insert(connection: sa.Connection, table: sa.Table, blocks: Iterable[rows.Columns]) -> None:
    """Insert blocks of rows, all with the same columns, by the fastest means of the database's own driver."""
    blocks = iter(blocks)
    first = next(blocks, None)
    if first is None:
        return
    columns = list(first)
    every = chain.from_iterable(
        zip(*(block[name] for name in columns), strict=False)  # repeats never end
        for block in chain([first], blocks)
    )
    load, most = (
        (_copy, _COPIED) if connection.dialect.name == "postgresql" else (_execute, _VALUES // len(columns))
    )
    while chunk := list(islice(every, most)):
        load(connection, table, columns, chunk)


def _execute(connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: list[Row]) -> None:
    """Insert rows by one statement.

    `executemany` gives the interpreter's lock away and takes it back at every row: a thread that trains beside it
    then waits a thousand times as often.
    """
    marks = ", ".join([f"({', '.join('?' * len(columns))})"] * len(rows))
    insert = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {marks}"
    connection.exec_driver_sql(insert, tuple(chain.from_iterable(rows)))


def _copy(connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: list[Row]) -> None:
    """Load rows by PostgreSQL's COPY, in its text format: tabs between, backslashes before what means something."""
    text = "\n".join("\t".join(map(_copy_text, row)) for row in rows)
    cursor: Any = connection.connection.cursor()  # the driver's own: `copy_expert` is psycopg2's
    cursor.copy_expert(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN", io.StringIO(text))


def _copy_text(value: object) -> str:
    if value is None:
        return r"\N"
    return str(value).translate(_ESCAPES)


_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
