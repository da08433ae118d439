"""The process that keeps a sweep: it opens the store and writes what the trainer sends, one request after another.

It alone knows MLflow, and never torch. `study.tracking.tracker` is its other end, and says what the requests are.
"""

import logging
import os
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any  # a row of a frame

import pandas as pd
import sqlalchemy as sa
from mlflow.exceptions import MlflowException
from typing_extensions import override

from study.cli import importing
from study.config.commands import sync_command
from study.config.location import Location
from study.config.reach import no_answer, reason
from study.errors import InvalidInput, NotKept
from study.job import Job
from study.stats.comparison import Comparison
from study.stats.summary import ranked
from study.tracking import names, spool, sweeps
from study.tracking.beside import receive, send
from study.tracking.claim import Claim, claim_of, holder_of
from study.tracking.deliver import deliver
from study.tracking.provenance import Request
from study.tracking.records import Ended
from study.tracking.store import open_store
from study.tracking.sweeps import Sweep
from study.training.result import Trained

_STORE = (MlflowException, sa.exc.SQLAlchemyError, OSError)
log = logging.getLogger(__name__)

_AGAIN = 0.1  # seconds between two looks whether another sweep has ended


def serve(pipe: int) -> None:
    """Do what comes through a pipe until it is closed: all that the process does."""
    with Connection(pipe) as trainer:
        own = _Process(trainer)
        logging.getLogger().addHandler(_Forward(own.tell))
        with suppress(EOFError, OSError):
            while True:
                name, arguments = receive(trainer)
                own.tell(*own.answer(name, arguments))
        own.leave()
    os._exit(0)  # all is committed, and what is imported would take long to take down


class _Forward(logging.Handler):
    """Leaves what is logged to the trainer, where a person reads it."""

    def __init__(self, tell: Callable[[str, object], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    @override
    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            self._tell("logged", (record.name, record.levelno, record.getMessage()))


class _Process:
    """What it does, by the names of the requests."""

    def __init__(self, trainer: Connection) -> None:
        self._trainer, self._lock = trainer, threading.Lock()
        self._fresh: bytes | None = None
        self._asked = ""
        self._claim: Claim | None = None
        self._sweep: Sweep | None = None
        self._ended: Sweep | None = None
        self._standing: Callable[[], None] = lambda: None
        self._began = time.monotonic()

    def tell(self, kind: str, what: object) -> None:
        """Send something to the trainer, from whichever thread."""
        with self._lock:
            send(self._trainer, (kind, what))

    def answer(self, name: str, arguments: Sequence[object]) -> tuple[str, object]:
        """Return the answer to a request; what the store could not do is one too."""
        try:
            return "done", getattr(self, name)(*arguments)
        except InvalidInput as error:
            return "refused", str(error)
        except NotKept as error:
            return "lost", str(error)
        except _STORE as error:
            return "failed", reason(error) + self._waiting()
        except Exception:  # a mistake in this package, whatever it is
            return "broken", traceback.format_exc()

    def leave(self) -> None:
        """Say in the store how the sweep's settings stand, if it ended.

        Or that it was killed, where the trainer is no more and nobody asked for it again.
        """
        with suppress(*_STORE):
            self._standing()
        if self._ended is not None:
            self._ended.store.backend.analyse()
        if self._sweep is not None:
            with suppress(*_STORE):
                run = self._sweep.store.client.get_run(self._sweep.run_id)
                if run.data.tags.get(names.ASKED) == self._asked:
                    self._sweep.finish("KILLED", {"wall_seconds": time.monotonic() - self._began})

    def prepare(self, location: Location, folder: str) -> None:
        """Open a store, or make what is to be a fresh database in a folder: it is put in its place by `begin`.

        A server is asked nothing before it is certain that there is a sweep: opening may be making there.
        """
        if location.database is None:
            return
        with importing():  # opening imports the other half of MLflow
            if location.database.exists():
                open_store(location)
                return
            aside = Path(folder) / "fresh.db"
            try:
                open_store(Location.of(f"sqlite:///{aside}"))
                self._fresh = aside.read_bytes()
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def claim(self, location: Location, experiment: str) -> None:
        try:
            claim = claim_of(location, experiment)
            if not claim.taken():
                self.tell("waits", experiment)
            while not claim.taken():
                if self._trainer.poll(_AGAIN):  # it is no more
                    raise EOFError
        except (sa.exc.SQLAlchemyError, ImportError, OSError) as error:
            raise no_answer(location, error) from error
        self._claim = claim

    def begin(
        self,
        location: Location,
        experiment: str,
        note: str,
        jobs: Sequence[Job] | None,
        request: Request,
    ) -> str:
        store = open_store(location, self._fresh)
        store.describe(experiment, note)
        self._asked = request.id
        holder = self._claim.holder if self._claim else ""
        if self._claim:
            sweeps.end_abandoned(store, store.experiment_id(experiment), holder)
        self._sweep = sweeps.begin(store, experiment, jobs, request.of(holder))
        self._deliver()
        return self._sweep.id

    def join(self, location: Location, experiment: str, asked: str, tags: Mapping[str, str]) -> None:
        self._asked = asked
        own = Request(id=asked, tags=tags).of(holder_of(location))
        self._sweep = sweeps.find(open_store(location), experiment, asked, own.tags)

    def declare(self, jobs: Sequence[Job]) -> list[Job]:
        return self._own.declare(jobs)

    def endings(self, jobs: Iterable[Job], value: str) -> dict[tuple[str, int], Ended]:
        self._deliver()
        return self._own.endings(jobs, value)

    def keep(self, trained: Trained, sources: Mapping[str, Mapping[str, str]], replace: bool) -> list[Ended]:
        # where the trainer is no more: whoever asks for the sweep again must not meet this stack too
        if self._trainer.poll():
            raise EOFError
        written = partial(self.tell, "written")
        return self._own.keep(trained, written, replace=replace, told=lambda job: sources[job.hash])

    def fail(self, job: Job, why: str) -> None:
        self._own.fail(job, why)

    def runs(self, location: Location, experiment: str) -> pd.DataFrame:
        from study.tracking.reader import read_runs

        return read_runs(experiment, sweep=self._own.id, store=location)

    def ranked(
        self,
        ended: Sequence[tuple[str, str, float]],
        settings: Mapping[str, Mapping[str, str]],
        how: Comparison,
    ) -> list[dict[Hashable, Any]]:
        rows = ranked(ended, settings, how)
        if self._ended is not None:  # nobody waits for it: it is written once all is told
            self._standing = partial(self._ended.stand, rows, how.value)
        return rows

    def finish(self, status: str, summary: Mapping[str, float]) -> None:
        self._own.finish(status, summary)
        self._sweep, self._ended = None, self._sweep
        if self._claim:
            self._claim.release()

    def _deliver(self) -> None:
        """Write what waits for the store: it may be back."""
        done = deliver(self._own.store, self._own.experiment_id, but=self._own.run_id)
        if done.runs:
            log.warning("%d runs that waited for the store are delivered", done.runs)

    def _waiting(self) -> str:
        """Return what is to be said of stacks that wait for the store."""
        waits = self._sweep is not None and spool.waiting(*self._sweep.place)
        return f"; what it lacks waits in {spool.FOLDER}, and {sync_command()} delivers it" if waits else ""

    @property
    def _own(self) -> Sweep:
        if self._sweep is None:
            raise RuntimeError("a sweep must be begun first")
        return self._sweep
