"""The fast way into a database this process can reach: MLflow's own tables, through SQLAlchemy Core.

The client costs about 50 ms for a run of 384 losses, most of it commits and object mapping. Here all runs of a
stack are one transaction, so that they are complete or absent, and all points of a sweep are one select.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any  # rows of SQLAlchemy Core are dictionaries of whatever the column takes

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

from study.tracking import names
from study.tracking.backend import StoredRun

KNOWN_REVISIONS = frozenset({"dc11669786a5"})
"""Revisions of MLflow's schema whose tables this file was checked against (mlflow 3.17)."""

_RUNS, _METRICS, _LATEST = SqlRun.__table__, SqlMetric.__table__, SqlLatestMetric.__table__
_PARAMS, _TAGS, _EXPERIMENTS = SqlParam.__table__, SqlTag.__table__, SqlExperiment.__table__
_CHUNK = 20_000  # rows per executemany: bounds the memory of their dictionaries

Row = dict[str, Any]


def schema_revision(engine: sa.Engine) -> str | None:
    """Return the revision of MLflow's schema in a database."""
    with engine.connect() as connection:
        revision: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return revision


class SqlBackend:
    """`Backend` over a SQLite or PostgreSQL database whose schema revision is known."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def write(self, experiment_id: str, runs: Sequence[StoredRun], written: Callable[[int], None]) -> None:
        ids = [uuid.uuid4().hex for _ in runs]
        with self._engine.begin() as connection:
            query = sa.select(_EXPERIMENTS.c.artifact_location).where(
                _EXPERIMENTS.c.experiment_id == int(experiment_id)
            )
            location = connection.execute(query).scalar_one()
            pairs = list(zip(ids, runs, strict=True))
            _insert(connection, _RUNS, (_run_row(i, r, experiment_id, location) for i, r in pairs))
            _insert(connection, _PARAMS, (row for i, r in pairs for row in _pairs(i, r.params)))
            _insert(connection, _TAGS, (row for i, r in pairs for row in _pairs(i, r.tags)))
            _insert(connection, _METRICS, (row for i, r in pairs for row in _metric_rows(i, r)))
            _insert(connection, _LATEST, (row for i, r in pairs for row in _latest_rows(i, r)))
        written(len(runs))

    def runs(
        self, experiment_id: str, hashes: Sequence[str], keys: Sequence[str] | None = None
    ) -> pd.DataFrame:
        of_jobs = (
            sa.select(_RUNS.c.run_uuid)
            .join(_TAGS, _TAGS.c.run_uuid == _RUNS.c.run_uuid)
            .where(
                _RUNS.c.experiment_id == int(experiment_id),
                _RUNS.c.status == "FINISHED",
                _RUNS.c.lifecycle_stage == "active",
                _TAGS.c.key == names.JOB_HASH,
                _TAGS.c.value.in_(hashes),
            )
        )
        with self._engine.connect() as connection:
            columns = _RUNS.c.run_uuid.label("run_id"), _RUNS.c.name, _RUNS.c.start_time.label("start")
            frame = pd.DataFrame(
                connection.execute(sa.select(*columns).where(_RUNS.c.run_uuid.in_(of_jobs))).all(),
                columns=["run_id", "name", "start"],
            )
            parts = [_wide(connection, table, of_jobs, keys) for table in (_PARAMS, _TAGS, _LATEST)]
        for part in parts:
            frame = frame.merge(part, on="run_id", how="left")
        return frame.sort_values(["start", "run_id"], ignore_index=True)

    def points(self, run_ids: Sequence[str]) -> pd.DataFrame:
        m = _METRICS.c
        query = sa.select(m.run_uuid, m.key, m.step, m.value).where(~m.key.startswith("summary/"))
        rows: list[Any] = []
        with self._engine.connect() as connection:
            for low in range(0, len(run_ids), 500):  # databases bound the parameters of one statement
                chunk = run_ids[low : low + 500]
                rows += connection.execute(query.where(m.run_uuid.in_(chunk))).all()
        return pd.DataFrame(rows, columns=["run_id", "metric", "step", "value"])


def _wide(
    connection: sa.Connection, table: sa.Table, of_jobs: sa.Select[Any], keys: Sequence[str] | None
) -> pd.DataFrame:
    query = sa.select(table.c.run_uuid, table.c.key, table.c.value).where(table.c.run_uuid.in_(of_jobs))
    if keys is not None:
        query = query.where(table.c.key.in_(keys))
    rows = pd.DataFrame(connection.execute(query).all(), columns=["run_id", "key", "value"])
    return rows.pivot(index="run_id", columns="key", values="value").rename_axis(columns=None).reset_index()


def _insert(connection: sa.Connection, table: sa.Table, rows: Iterator[Row]) -> None:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            connection.execute(table.insert(), chunk)
            chunk = []
    if chunk:
        connection.execute(table.insert(), chunk)


def _run_row(run_id: str, run: StoredRun, experiment_id: str, location: str) -> Row:
    return {
        "run_uuid": run_id,
        "name": run.name,
        "source_type": "UNKNOWN",  # as the client writes it: the source is in the tags
        "source_name": "",
        "entry_point_name": "",
        "user_id": run.tags[names.USER],
        "status": "FINISHED",
        "start_time": run.start,
        "end_time": run.end,
        "deleted_time": None,
        "source_version": "",
        "lifecycle_stage": "active",
        "artifact_uri": f"{location.rstrip('/')}/{run_id}/artifacts",
        "experiment_id": int(experiment_id),
    }


def _pairs(run_id: str, values: Mapping[str, str]) -> Iterator[Row]:
    for key, value in values.items():
        yield {"run_uuid": run_id, "key": key, "value": value}


def _metric_rows(run_id: str, run: StoredRun) -> Iterator[Row]:
    for key, points in run.metrics.items():
        columns = points.values.tolist(), points.times.tolist(), points.steps.tolist()
        for value, timestamp, step in zip(*columns, strict=True):
            yield _metric_row(run_id, key, value, timestamp, step)


def _latest_rows(run_id: str, run: StoredRun) -> Iterator[Row]:
    """MLflow calls the value of the highest step the latest."""
    for key, points in run.metrics.items():
        if len(points.steps):
            last = int(points.steps.argmax())
            value, timestamp, step = points.values[last], points.times[last], points.steps[last]
            yield _metric_row(run_id, key, float(value), int(timestamp), int(step))


def _metric_row(run_id: str, key: str, value: float, timestamp: int, step: int) -> Row:
    return {
        "run_uuid": run_id,
        "key": key,
        "value": value,
        "timestamp": timestamp,
        "step": step,
        "is_nan": False,  # records hold finite values alone
    }
