"""Tracker: the process beside the trainer that keeps its sweep, and alone knows MLflow."""

import logging
import shutil
import tempfile
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any  # what a request answers

from study.config.location import Location, without_password
from study.errors import InvalidInput, NotKept
from study.job import Job
from study.tracking.beside import ended, receive, send, start
from study.tracking.provenance import Request, sources

if TYPE_CHECKING:
    import pandas as pd

    from study.stats.comparison import Comparison
    from study.tracking.records import Ended
    from study.training.result import Trained


class Tracker:
    """A process that keeps a sweep, and that the trainer asks by its methods: one request at a time, in their order.

    It imports MLflow from the moment it is started, and then opens the store, or makes a fresh one aside: while the
    trainer imports Hydra and torch. It writes nothing before `begin`. Where the trainer is no more it ends, and says
    in the store that the sweep was killed; where it is no more itself, `keep` and `require` raise `NotKept`, and any
    other request starts another one, which goes on with the sweep.

    Attributes:
        id: the sweep's own name, once it is begun.
    """

    def __init__(self) -> None:
        self.id = ""
        self._folder = tempfile.TemporaryDirectory(prefix="study-", ignore_cleanup_errors=True)
        # no interrupt from the keyboard comes to a thread: each request is answered before the next is sent
        self._thread = ThreadPoolExecutor(1)
        self._joined: tuple[str, str, Mapping[str, str]] | None = None
        self._process, self._pipe = start("study.tracking.process")

    def prepare(self, location: Location) -> None:
        """Have a store opened, which takes a while; whether it can be is told by `begin`."""
        self._location = location
        self._prepared = self._later("prepare", location, self._folder.name)

    def begin(
        self,
        experiment: str,
        note: str,
        jobs: Sequence[Job] | None,
        request: Request,
        *,
        waits: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Make or find the parent of the sweep, below an experiment that `note` describes.

        `waits` is told, in a thread, the experiment's name where another sweep of it writes to the store: this one
        begins once that one is at its end, so that none trains what the other does.

        Raises:
            InvalidInput: no store answers there; nothing was written.
        """
        self._prepared.result()
        self._later("claim", self._location, experiment, told=waits).result()
        self._joined = experiment, request.id, request.tags
        self.id = self._ask("begin", self._location, experiment, note, jobs, request)

    def declare(self, jobs: Sequence[Job]) -> list[Job]:
        """Say on the parent which jobs are asked for, and return them as it calls them; see `Sweep.declare`."""
        declared: list[Job] = self._ask("declare", jobs)
        return declared

    def endings(self, jobs: Iterable[Job], value: str) -> "dict[tuple[str, int], Ended]":
        """Return how every finished run of some jobs ended, and with which final loss; see `Sweep.endings`."""
        found: dict[tuple[str, int], Ended] = self._ask("endings", list(jobs), value)
        return found

    def keep(
        self, trained: "Trained", written: Callable[[int], None], *, replace: bool = False
    ) -> "list[Ended]":
        """Write a stack, and return how its runs ended; `written` is told, in a thread, how many more are there.

        Raises:
            NotKept: the store fails, or the process is no more.
        """
        self.require()
        told = {
            run.job.hash: sources(run.job) for run in trained.runs
        }  # of classes that are imported here alone
        kept: list[Ended] = self._later("keep", trained, told, replace, told=written).result()
        return kept

    def require(self) -> None:
        """Do nothing where the process is there.

        Raises:
            NotKept: it is not.
        """
        if self._process.poll() is not None:
            raise self._gone()

    def fail(self, job: Job, why: str) -> None:
        """Say on the parent that a job crashed, and why."""
        self._ask("fail", job, why)

    def runs(self) -> "pd.DataFrame":
        """Return the runs of the sweep that are in the store, as `read_runs` does."""
        assert self._joined is not None
        runs: pd.DataFrame = self._ask("runs", self._location, self._joined[0])
        return runs

    def ranked(
        self,
        ended: Sequence[tuple[str, str, float]],
        settings: Mapping[str, Mapping[str, str]],
        how: "Comparison",
    ) -> list[dict[Hashable, Any]]:
        """Return settings by rank, as `study.stats.summary.ranked` does: the process has imported pandas."""
        rows: list[dict[Hashable, Any]] = self._ask("ranked", ended, settings, how)
        return rows

    def finish(self, status: str, summary: Mapping[str, float]) -> None:
        """End the parent with MLflow's status FINISHED, FAILED or KILLED."""
        self._ask("finish", status, summary)

    def close(self) -> None:
        """End the process, if it is there. What was begun and not finished was killed, as the store then says."""
        if self._joined is None:  # it has written nothing, and may be busy for another second
            self._process.kill()
        self._thread.shutdown()
        self._pipe.close()
        self._process.wait()
        self._folder.cleanup()

    def abandon(self) -> None:
        """End the process of a sweep that is not begun, and wait for nothing: this one is about to end."""
        self._process.kill()
        shutil.rmtree(self._folder.name, ignore_errors=True)

    def _ask(self, name: str, *arguments: object) -> Any:
        if self._joined is not None and self._process.poll() is not None:
            self._pipe.close()
            self._process, self._pipe = start("study.tracking.process")
            self._later("join", self._location, *self._joined).result()
        return self._later(name, *arguments).result()

    def _later(
        self, name: str, *arguments: object, told: Callable[[Any], None] = lambda _: None
    ) -> "Future[Any]":
        return self._thread.submit(self._answer, name, arguments, told)

    def _answer(self, name: str, arguments: Sequence[object], told: Callable[[Any], None]) -> object:
        """Send a request, and return its answer; what comes before that is told, or logged here."""
        try:
            send(self._pipe, (name, arguments))
            while True:
                kind, answer = receive(self._pipe)
                if kind in ("written", "waits"):
                    told(answer)
                elif kind == "logged":
                    logger, level, message = answer
                    logging.getLogger(logger).log(level, message)
                else:
                    break
        except (EOFError, OSError) as error:
            raise self._gone() from error
        if kind != "done":
            raise self._raised(kind, answer)
        return answer

    def _raised(self, kind: str, answer: Any) -> Exception:
        """Return what a request could not be answered for."""
        if kind == "refused":
            return InvalidInput(answer)
        if kind == "lost":
            return NotKept(answer)
        if kind == "failed":
            return NotKept(f"the store at {without_password(self._location.uri)} failed: {answer}; {_REMEDY}")
        return RuntimeError(f"the tracker failed:\n{answer}")

    def _gone(self) -> NotKept:
        return NotKept(f"the process that writes to the store {ended(self._process)}; {_REMEDY}")


_REMEDY = "what was written before is kept, and the same command goes on"
