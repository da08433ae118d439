"""Claim of an experiment: of its sweeps in one store one at a time writes, so that none trains what another does.

The system releases a claim with the process that holds it, however that ends: nobody has to tidy up after a kill.
"""

import os
import platform
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Protocol, runtime_checkable

import sqlalchemy as sa
from filelock import FileLock, Timeout

from study.config.location import Location
from study.tracking.series import waits


@runtime_checkable
class Claim(Protocol):
    """What one process has at a time, until it releases it or is no more."""

    @property
    def holder(self) -> str:
        """Among whom it is one at a time: a digest of a machine's folder of locks, empty where no other can write."""

    def taken(self) -> bool:
        """Take it, if nobody has it, and return whether this process does; never wait."""

    def release(self) -> None:
        """Leave it to others."""


def claim_of(location: Location, experiment: str) -> Claim:
    """Return the claim of an experiment: a lock of PostgreSQL's own, else of a file.

    The file is beside a SQLite database. A tracking server offers no lock: there it is one of this machine's, so that
    sweeps from two machines at once are not kept apart: no request of its tells whether a value was set or only
    overwritten, so that two could take one lease. They waste time and no more: what both trained is deleted but for
    the newest, at each sweep's start and end (`Sweep.endings`).

    Raises:
        OSError: no file can be made there.
        sqlalchemy.exc.SQLAlchemyError: no PostgreSQL answers there.
    """
    if location.is_sql and location.database is None:
        return _Advisory(location.uri, experiment)
    folder = _folder(location)
    folder.mkdir(parents=True, exist_ok=True)
    return _File(folder / f"{_digest(experiment)}.lock", holder_of(location))


def holder_of(location: Location) -> str:
    """Return what `Claim.holder` is in a store, which is not asked."""
    return "" if location.is_sql else _digest(f"{platform.node()} {_folder(location).parent}")


def _folder(location: Location) -> Path:
    """Return where the locks of a store are that has none of its own."""
    if location.database is not None:
        return location.database.with_suffix(".locks")
    return Path(tempfile.gettempdir()) / f"study-{os.getuid()}" / _digest(location.uri)


class _File:
    """A lock of a file, which the system drops with its process."""

    def __init__(self, path: Path, holder: str) -> None:
        self._lock = FileLock(path, thread_local=False)
        self.holder = holder

    def taken(self) -> bool:
        if not self._lock.is_locked:  # it counts how often it was acquired
            with suppress(Timeout):
                self._lock.acquire(timeout=0)
        return self._lock.is_locked

    def release(self) -> None:
        self._lock.release()


class _Advisory:
    """An advisory lock of PostgreSQL, which the server drops with its connection.

    Reference: PostgreSQL documentation, section 13.3.5, Advisory Locks.
    """

    holder = ""

    def __init__(self, uri: str, experiment: str) -> None:
        engine = sa.create_engine(
            uri, connect_args=waits(uri), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT"
        )
        self._connection = engine.connect()  # it may be none that answers, which is told here
        self._key = int(_digest(f"study sweep {experiment}"), 16) - 2**63  # a signed number of 64 bits
        self._has = False

    def taken(self) -> bool:
        if self._connection.closed:
            self._connection = self._connection.engine.connect()
        if not self._has:
            query = sa.select(sa.func.pg_try_advisory_lock(self._key))
            self._has = bool(self._connection.scalar(query))
        return self._has

    def release(self) -> None:
        if self._has:
            with suppress(sa.exc.SQLAlchemyError):  # the server is no more, nor is the lock
                self._connection.execute(sa.select(sa.func.pg_advisory_unlock(self._key)))
        self._connection.close()  # alone it would end the session and its locks, but some time later
        self._has = False


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
