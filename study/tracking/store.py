"""A store: where runs are kept, how it is opened, and the experiments in it."""

import logging
import os
import tempfile
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # two lines per run of a server
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")  # a dead server would block a call for minutes
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")

import sqlalchemy as sa
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException

from study.config.credentials import sign_in
from study.config.location import Location
from study.config.reach import no_answer
from study.tracking import names, ui_state
from study.tracking.client import ClientBackend
from study.tracking.fresh import keep_fresh, kept_fresh
from study.tracking.moved import follow
from study.tracking.sql import KNOWN_REVISIONS, SqlBackend, open_engine

Backend = SqlBackend | ClientBackend

_NOTE_LENGTH = 5000  # MLflow's limit of an experiment's tag
_REFUSALS = {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS", "INVALID_STATE"}


@dataclass(frozen=True, slots=True)
class Store:
    """An open store."""

    location: Location
    client: MlflowClient  # for all that happens once per sweep
    backend: Backend  # for all that happens once per run

    def experiment_id(self, name: str) -> str:
        """Return the id of an experiment, made if it is not there yet."""
        found = self.client.get_experiment_by_name(name)
        if found is None:
            place = self.location.artifacts and f"{self.location.artifacts}/{name}"
            own = {ui_state.TAG: ui_state.STATE}
            try:
                return str(self.client.create_experiment(name, artifact_location=place, tags=own))
            except MlflowException:  # another process was faster
                found = self.client.get_experiment_by_name(name)
                if found is None:
                    raise
        return str(found.experiment_id)

    def experiments(self) -> list[Experiment]:
        """Return the study's own experiments; others may lie in the same store."""
        return [found for found in self.client.search_experiments() if ui_state.TAG in found.tags]

    def describe(self, experiment: str, note: str) -> None:
        """Say what an experiment is about, as markdown, and how MLflow's UI opens it."""
        experiment_id = self.experiment_id(experiment)
        note = ui_state.described(experiment_id, note)[:_NOTE_LENGTH]
        for key, value in ((names.NOTE, note), (ui_state.TAG, ui_state.STATE)):
            self.client.set_experiment_tag(experiment_id, key, value)


def open_store(location: Location, fresh: bytes | None = None) -> Store:
    """Open a store, made and migrated if it is a fresh database.

    Args:
        location: where.
        fresh: what such a SQLite database holds, if it was made elsewhere before.

    Raises:
        InvalidInput: no store answers there.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)  # one line per migration of a fresh store
    # likewise; an error is raised as well, and what is asked once more is not told
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    try:
        with _alone(location):
            new = location.database if location.database and not location.database.exists() else None
            if new and (fresh := fresh or kept_fresh()):
                _place(fresh, new)
            engine = open_engine(location.uri) if location.is_sql else None
            sign_in(location.uri)
            client = MlflowClient(location.uri)
            client.search_experiments(max_results=1)
            if new and not fresh:
                keep_fresh(new)
            if engine is not None and location.database is not None:
                follow(engine, location)
    except (MlflowException, sa.exc.SQLAlchemyError, ImportError, OSError) as error:
        raise no_answer(location, error) from error
    return Store(location, client, _backend(client, engine))


def is_away(error: Exception) -> bool:
    """Whether a store that was asked is away for a while, and has not refused what it was asked."""
    if isinstance(error, MlflowException):
        return error.error_code not in _REFUSALS
    if isinstance(error, sa.exc.SQLAlchemyError):
        return isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError))
    return isinstance(error, OSError) and not isinstance(error, BrokenPipeError)  # that is the trainer's end


def _place(fresh: bytes, database: Path) -> None:
    """Write a database, which is there as a whole or not at all."""
    aside = database.with_suffix(".fresh")
    aside.write_bytes(fresh)
    aside.replace(database)


def _backend(client: MlflowClient, engine: sa.Engine | None) -> Backend:
    if engine is None:
        return ClientBackend(client, parallel=True)
    with engine.connect() as connection:
        revision = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if revision in KNOWN_REVISIONS:
        return SqlBackend(engine)
    engine.dispose()
    known = ", ".join(sorted(KNOWN_REVISIONS))
    told = f"the store's schema revision {revision} is not one of {known}: writing through MLflow's client"
    warnings.warn(f"{told}, which is slower", stacklevel=3)
    return ClientBackend(client, parallel=False)


def _alone(location: Location) -> AbstractContextManager[object]:
    """Keep other processes out: a fresh database does not survive two that make it. A server sees to it itself."""
    if location.database:
        lock = location.database.with_suffix(".lock")
        lock.parent.mkdir(parents=True, exist_ok=True)
    elif location.is_sql:
        lock = Path(tempfile.gettempdir()) / f"study-{sha256(location.uri.encode()).hexdigest()[:16]}.lock"
    else:
        return nullcontext()
    return (
        FileLock(lock) if os.access(lock.parent, os.W_OK) else nullcontext()
    )  # or nothing can be made there
