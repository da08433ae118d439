"""SQL backend, the fast way into a database this process can reach: MLflow's own tables.

The client costs about 50 ms for a run of 384 losses, most of it commits and object mapping. Here all runs of a
stack are one transaction, so that they are complete or absent, and points are read as columns of numbers.
"""

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from operator import itemgetter
from typing import Any  # whatever a select gives

import numpy as np
import pandas as pd
import sqlalchemy as sa
from mlflow.store.tracking.dbmodels import models
from sqlalchemy.dialects import postgresql, sqlite

from study.tracking import columns, names
from study.tracking.planner import tell_sizes
from study.tracking.records import Points, StoredRun
from study.tracking.rows import Curve, Row, insert, insert_points
from study.tracking.series import read, waits

KNOWN_REVISIONS = frozenset({"dc11669786a5"})  # of MLflow's schema, checked against this file (mlflow 3.17)

_RUNS, _PARAMS, _TAGS = models.SqlRun.__table__, models.SqlParam.__table__, models.SqlTag.__table__
_METRICS, _LATEST = models.SqlMetric.__table__, models.SqlLatestMetric.__table__
_DATASETS, _INPUTS = models.SqlDataset.__table__, models.SqlInput.__table__
_INPUT_TAGS, _EXPERIMENTS = models.SqlInputTag.__table__, models.SqlExperiment.__table__
_RUNS_AT_ONCE = 500  # runs in one statement: databases bound its parameters
_DESCRIBED = 10_000  # runs whose params, tags and summaries are rows at once: bounds their memory
_SQLITE_CACHE = 64_000  # KiB; with the default, 2,000, SQLite writes pages of its indexes again and again

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
_INPUT = ("input_uuid", "source_type", "source_id", "destination_type", "destination_id", "step")
_INPUT_TAG = ("input_uuid", "name", "value")
_TRAINING = ("mlflow.data.context", "train")

New = tuple[str, StoredRun]  # a run and its id
JobAndSeed = tuple[str, str]


def open_engine(uri: str) -> sa.Engine:
    """Return an engine that has connected once: MLflow would try for minutes before it gave up."""
    engine = sa.create_engine(uri, connect_args=waits(uri))
    if uri.startswith("sqlite"):
        cache = f"PRAGMA cache_size = -{_SQLITE_CACHE}"
        sa.event.listen(engine, "connect", lambda raw, _: raw.execute(cache))
    engine.connect().close()
    return engine


class SqlBackend:
    """What `ClientBackend` does, over a SQLite or PostgreSQL database whose schema revision is known."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def write(
        self,
        experiment_id: str,
        runs: Sequence[StoredRun],
        written: Callable[[int], None],
        *,
        replace: bool = False,
    ) -> list[str]:
        """Write finished runs in one transaction, and return their ids."""
        ids = _new_ids(len(runs))
        new, experiment = list(zip(ids, runs, strict=True)), int(experiment_id)
        with self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":  # what is there is then still so when this is written
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            if not replace:
                there = set(_there(connection, experiment, runs))
                new = [(run_id, run) for run_id, run in new if run.job_and_seed not in there]
            insert(connection, _RUNS, (*_OWN, *_SAME), _runs(connection, experiment, new))
            insert(connection, _PARAMS, _PAIR, ((i, *pair) for i, run in new for pair in run.params.items()))
            insert(connection, _TAGS, _PAIR, ((i, *pair) for i, run in new for pair in run.tags.items()))
            insert(connection, _INPUTS, _INPUT, inputs := _inputs(connection, experiment, new))
            insert(connection, _INPUT_TAGS, _INPUT_TAG, ((row[0], *_TRAINING) for row in inputs))
            insert_points(connection, _METRICS, _curves(new, slice(None)))
            insert_points(connection, _LATEST, _curves(new, slice(-1, None)))  # by the highest step
            if replace:  # last: the transaction then keeps other writers out
                _delete_others(connection, experiment, new)
        written(len(runs))
        return ids

    def analyse(self) -> None:
        """Tell a SQLite database how large its tables are, as PostgreSQL finds out by itself.

        Where another writes to it, that one does so at its end; where it may only be read, nobody does.
        """
        if self._engine.dialect.name == "sqlite":
            now = sa.create_engine(self._engine.url, connect_args={"timeout": 0}, poolclass=sa.NullPool)
            with suppress(sa.exc.DatabaseError), now.begin() as connection:
                tell_sizes(connection)

    def runs(
        self, experiment_id: str, hashes: Sequence[str], keys: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the finished runs of some jobs, newest last."""
        of_jobs, r = _finished(int(experiment_id), hashes), _RUNS.c
        columns = r.run_uuid.label("run_id"), r.name, r.start_time.label("start")
        with self._engine.connect() as connection:
            frame = _frame(connection, sa.select(*columns).where(r.run_uuid.in_(of_jobs)))
            parts = [
                _described(connection, frame.iloc[low : low + _DESCRIBED], keys)
                for low in range(0, max(len(frame), 1), _DESCRIBED)
            ]
        return pd.concat(parts).sort_values(["start", "run_id"], ignore_index=True)

    def points(self, run_ids: Sequence[str], metric: str | None = None) -> pd.DataFrame:
        """Return every recorded value but the summaries, or those of one metric."""
        uri = self._engine.url.render_as_string(hide_password=False)
        series, points = zip(*read(uri, run_ids, metric), strict=True)
        steps, values = np.concatenate(points).T
        return columns.points(run_ids, list(chain(*series)), steps.astype(np.int64), values)

    def lengths(self, run_ids: Sequence[str]) -> pd.DataFrame | None:
        """Return about how many values each run recorded of each metric: as many as it has steps, or fewer."""
        t = _LATEST.c
        query = sa.select(t.run_uuid.label("run_id"), t.key.label("metric"), (t.step + 1).label("values"))
        with self._engine.connect() as connection:
            parts = [
                _frame(connection, query.where(t.run_uuid.in_(part), t.key.not_like(f"{names.SUMMARY}%")))
                for part in _chunks(run_ids)
            ]
        return pd.concat(parts, ignore_index=True)


def _finished(experiment: int, hashes: Collection[str]) -> sa.Select[Any]:
    """Return the select of the ids of some jobs' finished runs."""
    r, t = _RUNS.c, _TAGS.c
    those = r.experiment_id == experiment, r.status == "FINISHED", r.lifecycle_stage == "active"
    of_jobs = t.key == names.JOB_HASH, t.value.in_(hashes)
    return sa.select(r.run_uuid).join(_TAGS, t.run_uuid == r.run_uuid).where(*those, *of_jobs)


def _there(
    connection: sa.Connection, experiment: int, runs: Iterable[StoredRun]
) -> dict[JobAndSeed, list[str]]:
    """Return the ids of the finished runs that have the job and the seed of one of these, by job and seed."""
    same, p = {run.job_and_seed for run in runs}, _PARAMS.c
    of_jobs = _finished(experiment, {job for job, _ in same})
    seeded = of_jobs.join(_PARAMS, p.run_uuid == _RUNS.c.run_uuid).where(p.key == names.SEED)
    seeded = seeded.where(p.value.in_({seed for _, seed in same}))  # or all runs of these jobs would come
    there: dict[JobAndSeed, list[str]] = {}
    for run_id, *key in connection.execute(seeded.add_columns(_TAGS.c.value, p.value)):
        job, seed = key
        if (job, seed) in same:
            there.setdefault((job, seed), []).append(run_id)
    return there


def _delete_others(connection: sa.Connection, experiment: int, new: Sequence[New]) -> None:
    """Delete the other finished runs that have the job and the seed of a new one: mark them, as MLflow does."""
    ids, there = {run_id for run_id, _ in new}, _there(connection, experiment, [run for _, run in new])
    old = [run_id for found in there.values() for run_id in found if run_id not in ids]
    deleted = _RUNS.update().values(lifecycle_stage="deleted", deleted_time=int(time.time() * 1000))
    for chunk in _chunks(old):
        connection.execute(deleted.where(_RUNS.c.run_uuid.in_(chunk)))


def _new_ids(count: int) -> list[str]:
    """Return ids of new runs, ascending and above all earlier ones: so each index grows at its end, twice as fast.

    Reference: Davis, Peabody and Leach 2024, RFC 9562, section 5.7: UUID version 7, milliseconds before chance.
    """
    now = time.time_ns() // 1_000_000
    return sorted(f"{now:012x}7{uuid.uuid4().hex[13:]}" for _ in range(count))


def _chunks(run_ids: Sequence[str]) -> list[Sequence[str]]:
    return [run_ids[low : low + _RUNS_AT_ONCE] for low in range(0, len(run_ids), _RUNS_AT_ONCE)]


def _described(connection: sa.Connection, runs: pd.DataFrame, keys: Sequence[str] | None) -> pd.DataFrame:
    """Return some runs beside their params, tags and latest metrics, as columns."""
    frame = runs
    for t in (_PARAMS.c, _TAGS.c, _LATEST.c):
        query = sa.select(t.run_uuid, t.key, t.value).where(t.run_uuid.in_(list(runs["run_id"])))
        rows = _frame(connection, query if keys is None else query.where(t.key.in_(keys)))
        wide = rows.pivot(index="run_uuid", columns="key", values="value")
        frame = frame.merge(wide, left_on="run_id", right_index=True, how="left")
    return frame


def _frame(connection: sa.Connection, query: sa.Select[Any]) -> pd.DataFrame:
    """Return what a query gives: the driver's own rows, column by column, in a fifth of the time of pandas."""
    with connection.execute(query) as result:
        rows = result.cursor.fetchall()
        return pd.DataFrame({key: list(map(itemgetter(i), rows)) for i, key in enumerate(result.keys())})


def _runs(connection: sa.Connection, experiment: int, new: Iterable[New]) -> Iterator[Row]:
    """Yield the rows of `runs`."""
    query = sa.select(_EXPERIMENTS.c.artifact_location).where(_EXPERIMENTS.c.experiment_id == experiment)
    location = str(connection.execute(query).scalar_one()).rstrip("/")
    for run_id, run in new:
        artifacts = f"{location}/{run_id}/artifacts"
        own = (run_id, run.name, run.tags[names.USER], run.start, run.end, artifacts, experiment)
        yield *own, *_SAME.values()


def _inputs(connection: sa.Connection, experiment: int, new: Iterable[New]) -> list[Row]:
    """Insert the datasets that are not there yet, and return the rows of `inputs`: which run trained on which.

    Many runs share one, and other writers may insert it: in one order for all, or two would wait for each other.
    """
    of_run = {run_id: dataset for run_id, run in new if (dataset := run.dataset)}
    if not of_run:
        return []
    d = _DATASETS.c
    every = [
        {"dataset_uuid": uuid.uuid4().hex, "experiment_id": experiment, "dataset_source_type": "code",
         "name": dataset.name, "digest": dataset.digest, "dataset_source": dataset.source}
        for dataset in sorted({dataset[:2]: dataset for dataset in of_run.values()}.values())
    ]  # fmt: skip
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(_DATASETS).on_conflict_do_nothing(), every)
    query = sa.select(d.name, d.digest, d.dataset_uuid).where(d.experiment_id == experiment)
    found = connection.execute(query.where(d.digest.in_([row["digest"] for row in every]))).all()
    ids = {(name, digest): dataset_id for name, digest, dataset_id in found}
    return [
        (uuid.uuid4().hex, "DATASET", ids[dataset[:2]], "RUN", run_id, 0)
        for run_id, dataset in of_run.items()
    ]


def _curves(new: Iterable[New], some: slice) -> Iterator[Curve]:
    """Yield some points of each curve."""
    for run_id, run in new:
        for key, points in run.metrics.items():
            yield run_id, key, Points(points.steps[some], points.values[some], points.times[some])
