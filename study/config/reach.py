"""Reaching a store: whether it answers, told without MLflow, whose import takes seconds."""

import os
import re
import socket
import sqlite3
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from textwrap import shorten
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from study.config.commands import sweep_command
from study.config.credentials import PASSWORD, USERNAME
from study.config.location import Location, without_password
from study.errors import InvalidInput

_SECONDS = 7  # to wait for a server: with the start of a command less than ten
_CAUSE = re.compile(
    r"\[Errno -?\d+\] [\w ]+|too many \d+ error responses|Read timed out|Remote end closed connection"
)


def require_answer(location: Location) -> None:
    """Refuse a store that cannot be had; whether it holds what it should is for MLflow to say.

    Raises:
        InvalidInput: a file that is no database or cannot be made, or a server that does not answer.
    """
    try:
        if location.database is not None:
            _open_file(location.database)
        elif location.is_sql:
            _connect(location.uri)
        else:
            _ask(location.uri)
    except (OSError, sqlite3.Error, HTTPException, ImportError) as error:
        raise no_answer(location, error) from error


def require_writable(location: Location) -> None:
    """Refuse to train into a database that may only be read.

    Raises:
        InvalidInput: its file, or the folder in which SQLite keeps its journal, cannot be written.
    """
    file = location.database
    if file and file.exists() and not all(os.access(path, os.W_OK) for path in (file, file.parent)):
        raise InvalidInput(
            f"tracking.uri must name a store that can be written, got {location.uri}, read-only"
        )


def require_runs(location: Location, experiment: str) -> None:
    """Refuse to read from a store that is not there.

    Raises:
        InvalidInput: with the command that makes it.
    """
    if not location.exists:
        remedy = f"run {sweep_command(experiment, location)} first"
        raise InvalidInput(f"the store must hold runs, got none at {location.uri}; {remedy}")


def no_answer(location: Location, error: Exception) -> InvalidInput:
    """Return the refusal of a store, with the reason in one line and without a password."""
    told = (
        f"tracking.uri must name a store that answers, got {without_password(location.uri)}: {reason(error)}"
    )
    return InvalidInput(told)


def reason(error: Exception) -> str:
    """Return why a store failed, in one line and without a password."""
    told, _, cause = (str(error).strip().splitlines() or [type(error).__name__])[0].partition(" (Caused by")
    if "error code 401" in told:
        return f"it asks for a name and a password that it knows (401); set {USERNAME} and {PASSWORD}"
    found = _CAUSE.search(cause)  # below what MLflow and two packages say of it
    return found[0] if found else without_password(shorten(told, 200, placeholder=" ..."))


def _open_file(database: Path) -> None:
    if database.exists():
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA schema_version")
        return
    folder = next(parent for parent in database.parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise PermissionError(f"no file can be made in {folder}")


def _connect(uri: str) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(uri, connect_args={"connect_timeout": _SECONDS}, poolclass=sa.NullPool)
    try:
        engine.connect().close()
    except sa.exc.SQLAlchemyError as error:
        raise ConnectionError(str(error)) from error


def _ask(uri: str) -> None:
    parts = urlsplit(uri)
    health = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=f"{parts.path.rstrip('/')}/health")
    try:
        urlopen(health.geturl(), timeout=_SECONDS).close()
    except HTTPError:
        pass  # an answer: whoever guards the store may want a password for it
    except URLError as error:
        if isinstance(error.reason, (ConnectionError, TimeoutError, socket.gaierror)):
            raise error.reason from error
