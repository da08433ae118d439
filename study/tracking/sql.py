"""SQL backend, the fast way into a database this process can reach: MLflow's own tables.

The client costs about 50 ms for a run of 384 losses, most of it commits and object mapping. Here all runs of a
stack are one transaction, so that they are complete or absent, and all points of a sweep are one select.
"""

import io
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, repeat
from operator import attrgetter, itemgetter
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

from study.tracking import names
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

_SAME = {  # of every run, as MLflow's client writes it: the source is in its tags
    "source_type": "UNKNOWN",
    "source_name": "",
    "source_version": "",
    "entry_point_name": "",
    "status": "FINISHED",
    "lifecycle_stage": "active",
}
_OWN = ("run_uuid", "name", "user_id", "start_time", "end_time", "artifact_uri", "experiment_id")
_PAIR = ("run_uuid", "key", "value")
_POINT = ("run_uuid", "key", "value", "timestamp", "step", "is_nan")

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
            _insert(connection, _RUNS, (*_OWN, *_SAME), _runs(connection, pairs, int(experiment_id)))
            for table, of in ((_PARAMS, attrgetter("params")), (_TAGS, attrgetter("tags"))):
                _insert(
                    connection, table, _PAIR, ((i, *item) for i, run in pairs for item in of(run).items())
                )
            _insert(connection, _METRICS, _POINT, _points(pairs, slice(None)))
            _insert(connection, _LATEST, _POINT, _points(pairs, slice(-1, None)))  # by the highest step
            if replace:  # last: the transaction then keeps other writers out
                _delete_others(connection, int(experiment_id), pairs)
        written(len(runs))
        return ids

    @override
    def runs(
        self, experiment_id: str, hashes: Sequence[str], keys: Sequence[str] | None = None
    ) -> pd.DataFrame:
        of_jobs, r = _finished(int(experiment_id), hashes), _RUNS.c
        columns = r.run_uuid.label("run_id"), r.name, r.start_time.label("start")
        with self._engine.connect() as connection:
            frame = _frame(connection, sa.select(*columns).where(r.run_uuid.in_(of_jobs)))
            for table in (_PARAMS, _TAGS, _LATEST):
                part = _wide(connection, table, of_jobs, keys)
                frame = frame.merge(part, left_on="run_id", right_index=True, how="left")
        return frame.sort_values(["start", "run_id"], ignore_index=True)

    @override
    def points(self, run_ids: Sequence[str]) -> pd.DataFrame:
        m = _METRICS.c
        columns = m.run_uuid.label("run_id"), m.key.label("metric"), m.step, m.value
        query = sa.select(*columns).where(~m.key.startswith(names.SUMMARY))
        chunks = _chunks(run_ids) or [[]]
        with self._engine.connect() as connection:
            parts = [_frame(connection, query.where(m.run_uuid.in_(chunk))) for chunk in chunks]
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
    return _frame(connection, query).pivot(index="run_uuid", columns="key", values="value")


def _frame(connection: sa.Connection, query: sa.Select[Any]) -> pd.DataFrame:
    """Return what a query gives: the driver's own rows, column by column, in a fifth of the time of pandas."""
    with connection.execute(query) as result:
        rows = result.cursor.fetchall()
        return pd.DataFrame({key: list(map(itemgetter(i), rows)) for i, key in enumerate(result.keys())})


def _runs(
    connection: sa.Connection, pairs: Iterable[tuple[str, StoredRun]], experiment_id: int
) -> Iterator[Row]:
    """Yield the rows of `runs`."""
    query = sa.select(_EXPERIMENTS.c.artifact_location).where(_EXPERIMENTS.c.experiment_id == experiment_id)
    location = str(connection.execute(query).scalar_one()).rstrip("/")
    for run_id, run in pairs:
        artifacts = f"{location}/{run_id}/artifacts"
        own = (run_id, run.name, run.tags[names.USER], run.start, run.end, artifacts, experiment_id)
        yield *own, *_SAME.values()


def _points(pairs: Iterable[tuple[str, StoredRun]], some: slice) -> Iterator[Row]:
    """Yield the rows of `metrics` and `latest_metrics`: some of each curve's points."""
    for run_id, run in pairs:
        for key, points in run.metrics.items():
            columns = (part[some].tolist() for part in (points.values, points.times, points.steps))
            yield from zip(repeat(run_id), repeat(key), *columns, repeat(False), strict=False)


def _insert(connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows by the fastest means of the database's own driver."""
    copies = connection.dialect.name == "postgresql"
    load, most = (_copy, _COPIED) if copies else (_execute, _VALUES // len(columns))
    rows = iter(rows)
    while chunk := list(islice(rows, most)):
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
