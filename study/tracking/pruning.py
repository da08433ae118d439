"""Pruning a database: what no sweep that stays asks for is found, counted, and deleted in one transaction."""

import shutil
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any  # rows hold whatever their columns take

import numpy as np
import sqlalchemy as sa

from study.config.location import Location
from study.errors import InvalidInput
from study.tracking import names
from study.tracking.claim import claim_of
from study.tracking.sql import SqlBackend, open_engine
from study.tracking.store import open_store
from study.tracking.sweeps import job_rows
from study.tracking.unasked import Going, RunRow, SweepRow, decide

_DAMAGE = (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile)  # of a file of arrays
_OF_RUNS = ("metrics", "latest_metrics", "params", "tags")
_GOING = sa.table("going", sa.column("run_uuid"))


@contextmanager
def opened(location: Location, *, alone: bool) -> Iterator["Pruner"]:
    """Open a database of MLflow's for pruning; what is not deleted by the end is as before.

    Args:
        location: where.
        alone: keep sweeps out meanwhile, of every experiment: they would wait for a lock, and then give up.

    Raises:
        InvalidInput: its schema is not one that is known here, or a sweep is writing to it.
    """
    store = open_store(location)
    if not isinstance(store.backend, SqlBackend):
        raise InvalidInput(
            "the store must have a schema that is known here to be pruned; mlflow gc takes any"
        )
    engine = open_engine(location.uri)
    claims = []
    try:
        for experiment in store.experiments() if alone else ():
            claims.append(claim_of(location, experiment.name))
            if not claims[-1].taken():
                raise InvalidInput(
                    f"no sweep must be writing to the store, got one of {experiment.name}; wait for it, or end it"
                )
        with engine.connect() as connection:
            if alone and location.database:
                connection.exec_driver_sql(
                    "BEGIN IMMEDIATE"
                )  # what is found is then still so when it is deleted
            yield Pruner(connection, location)
    finally:
        engine.dispose()
        for claim in claims:
            claim.release()


class Pruner:
    """Reads and deletes through one connection to a database.

    Args:
        connection: in a transaction.
        location: of the database.
    """

    def __init__(self, connection: sa.Connection, location: Location) -> None:
        self._connection, self._location = connection, location

    def experiments(self) -> dict[str, int]:
        """Return the ids of the experiments that hold sweeps of the study's, by name."""
        query = f"""
            SELECT DISTINCT e.name, e.experiment_id FROM experiments e
            JOIN runs r ON r.experiment_id = e.experiment_id
            JOIN tags k ON k.run_uuid = r.run_uuid AND k.key = '{names.KIND}' ORDER BY e.name
        """
        return dict(map(tuple, self._rows(query)))

    def going(
        self, experiment: str, experiment_id: int, *, keep: int | None = None, before: datetime | None = None
    ) -> Going:
        """Return what goes of an experiment, as `decide` does, with the files of its artifacts."""
        sweeps, runs = list(self._sweeps(experiment_id)), list(self._runs(experiment_id))
        going = decide(experiment, sweeps, runs, keep=keep, before=before)
        folders = {sweep.run_id: sweep.folder for sweep in sweeps if sweep.folder}
        whole = [folders[run_id] for run_id in going.sweeps if run_id in folders]
        parts = [
            file for run_id in going.left if run_id in folders for file in _stacks(folders[run_id], going)
        ]
        return Going(experiment, going.sweeps, going.runs, going.superseded, going.left, [*whole, *parts])

    def mark(self, every: Iterable[Going]) -> None:
        """Take note, in a table of this connection's own, of all that goes: `rows` and `delete` are about that."""
        self._connection.execute(sa.text("CREATE TEMPORARY TABLE going (run_uuid VARCHAR(32) PRIMARY KEY)"))
        ids = [{"run_uuid": run_id} for going in every for run_id in going.ids]
        if ids:
            self._connection.execute(_GOING.insert(), ids)

    def rows(self) -> dict[str, tuple[int, int]]:
        """Return how many rows of each table go, and how many there are."""
        counts = {}
        # SQLite counts by reading a whole index, minutes for many GB; its last row's number is at once there, and is
        # the count but where other programs have deleted rows
        every = "coalesce(max(rowid), 0)" if self._location.database else "count(*)"
        for table in ("runs", *_OF_RUNS):
            goes = f"SELECT count(*) FROM {table} WHERE run_uuid IN (SELECT run_uuid FROM going)"
            ((count,),), ((all_,),) = self._rows(goes), self._rows(f"SELECT {every} FROM {table}")
            counts[table] = (count, all_)
        return counts

    def bytes(self) -> int:
        """Return how large the database is."""
        if self._location.database:
            return self._location.database.stat().st_size
        ((size,),) = self._rows("SELECT pg_database_size(current_database())")
        return int(size)

    def delete(self, files: Iterable[Path]) -> int:
        """Delete all that is marked, and files once that is done; return by how many bytes the database shrank.

        SQLite's file is written anew for it. PostgreSQL's stay as they are: it uses the room again by itself.
        """
        before = self.bytes()
        self._delete()
        self._connection.commit()
        remove(files)
        raw: Any = self._connection.connection.dbapi_connection
        if self._location.database:
            raw.execute("VACUUM")
        return before - self.bytes()

    def _delete(self) -> None:
        """Delete rows: points first, so that no row is ever without its run."""
        inputs = "FROM inputs WHERE destination_type = 'RUN' AND destination_id"
        go, stay = (f"{inputs} {test} (SELECT run_uuid FROM going)" for test in ("IN", "NOT IN"))
        for statement in (
            *(f"DELETE FROM {table} WHERE run_uuid IN (SELECT run_uuid FROM going)" for table in _OF_RUNS),
            f"DELETE FROM datasets WHERE dataset_uuid IN (SELECT source_id {go})"
            f" AND dataset_uuid NOT IN (SELECT source_id {stay})",
            f"DELETE FROM input_tags WHERE input_uuid IN (SELECT input_uuid {go})",
            f"DELETE {go}",
            "DELETE FROM runs WHERE run_uuid IN (SELECT run_uuid FROM going)",
        ):
            self._connection.execute(sa.text(statement))

    def _sweeps(self, experiment_id: int) -> Iterator[SweepRow]:
        tags: dict[str, dict[str, str]] = defaultdict(dict)
        own = f"""
            SELECT r.run_uuid FROM runs r JOIN tags k ON k.run_uuid = r.run_uuid
            AND k.key = '{names.KIND}' AND k.value = 'sweep' WHERE r.experiment_id = {experiment_id}
        """
        for run_id, key, value in self._rows(
            f"SELECT run_uuid, key, value FROM tags WHERE run_uuid IN ({own})"
        ):
            tags[run_id][key] = value
        query = f"SELECT run_uuid, artifact_uri, status, lifecycle_stage FROM runs WHERE run_uuid IN ({own})"
        for run_id, artifacts, status, stage in self._rows(query):
            told = tags[run_id]
            wanted = {(job.hash, str(seed)) for job in job_rows(told) for seed in job.seeds}
            yield SweepRow(
                run_id,
                told.get(names.ASKED, told[names.SWEEP]),
                frozenset(wanted),
                _own_folder(run_id, artifacts or ""),
                running=status == "RUNNING",
                deleted=stage == "deleted",
            )

    def _runs(self, experiment_id: int) -> Iterator[RunRow]:
        query = f"""
            SELECT r.run_uuid, h.value, s.value, p.value, r.start_time, r.status, r.lifecycle_stage FROM runs r
            JOIN tags k ON k.run_uuid = r.run_uuid AND k.key = '{names.KIND}' AND k.value = 'run'
            JOIN tags h ON h.run_uuid = r.run_uuid AND h.key = '{names.JOB_HASH}'
            LEFT JOIN params s ON s.run_uuid = r.run_uuid AND s.key = '{names.SEED}'
            LEFT JOIN tags p ON p.run_uuid = r.run_uuid AND p.key = '{names.PARENT}'
            WHERE r.experiment_id = {experiment_id}
        """
        for run_id, job, seed, parent, start, status, stage in self._rows(query):
            finished = status == "FINISHED" and seed is not None
            yield RunRow(run_id, (job, seed or ""), parent or "", start or 0, finished, stage == "deleted")

    def _rows(self, query: str) -> Sequence[Sequence[Any]]:
        return self._connection.execute(sa.text(query)).all()


def size(files: Iterable[Path]) -> int:
    """Return how many bytes files and folders hold."""
    each = [part for path in files for part in ([path] if path.is_file() else path.rglob("*"))]
    return sum(part.lstat().st_size for part in each if part.is_file())


def remove(files: Iterable[Path]) -> None:
    """Remove files and folders, what is no longer there too."""
    for path in files:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _own_folder(run_id: str, artifacts: str) -> Path | None:
    """Return the folder of a run's artifacts that is named by it, where it is one of this machine."""
    folder = Path(artifacts.removeprefix("file://")).parent
    return folder if folder.is_absolute() and folder.name == run_id and folder.is_dir() else None


def _stacks(folder: Path, going: Going) -> Iterator[Path]:
    """Yield the files of stacks of a sweep that stays of which every run goes; what is damaged or older stays."""
    for file in sorted((folder / "artifacts" / names.FINAL).glob("*.npz")):
        with suppress(*_DAMAGE), np.load(file) as archive:
            if set(archive["run_id"].tolist()) <= set(going.runs):
                yield file


def share(rows: Mapping[str, tuple[int, int]]) -> float:
    """Return which part of a database goes, by its points, which are nearly all of it.

    >>> share({"metrics": (50, 200), "runs": (1, 2)})
    0.25
    """
    count, all_ = rows["metrics"]
    return count / max(all_, 1)
