"""Stacks of a sweep: which runs are trained together, one after another, here and in workers beside this process."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, groupby
from typing import TypeVar

from study.config.check import Settings
from study.errors import CRASHES, ORDERS, InvalidInput, NotKept
from study.job import Job, Run
from study.problems.base import Problem
from study.sweep.outcome import Outcome
from study.sweep.place import place_of
from study.sweep.progress import Watch, stack_name
from study.sweep.size import seeds_at_once
from study.sweep.threads import Threads
from study.sweep.worker import Killed, Worker
from study.sweep.workers import PAYS, Workers, apart, count_of
from study.training.build import build_problem, device_of
from study.training.instance import RuleError
from study.training.memory import bounded, keep_freed
from study.training.result import Trained
from study.training.train import train_once
from study.training.ways import Ways

log = logging.getLogger(__name__)

T = TypeVar("T")

_LAST = 0.5  # where several blocks follow one another, the share of the others' seeds that the last one has


@dataclass(slots=True)
class Training:
    """The training of some jobs' runs: in this process, and in workers beside it where that pays.

    Attributes:
        settings: where and how.
        watch: is told how far it is.
        ways: what is known of rules.
        outcome: is told what became of the jobs.
        keep: has a stack written, while the next one is trained.
        require: raises `NotKept` where none can be written any more.
        single: whether the stack has rules with one instance per run, which step on one thread: what they do to whole
            tensors (a QR decomposition) may be rounded otherwise on several.
    """

    settings: Settings
    watch: Watch
    ways: Ways
    outcome: Outcome
    keep: Callable[[Trained], "Future[None]"]
    require: Callable[[], None]
    lock: threading.Lock = field(default_factory=threading.Lock)
    written: "Future[None]" = field(default_factory=Future)
    threads: Threads = field(init=False)
    single: bool = False

    def __post_init__(self) -> None:
        """Begin with nothing to be written."""
        self.threads = Threads(self.settings.threads)
        self.written.set_result(None)

    def run(self, runs: Sequence[Run]) -> "Future[None]":
        """Train and keep some runs; the last stack is perhaps still being written then."""
        keep_freed()
        each = self.settings.threads or 1
        processes = count_of(self.settings.workers, each)
        within = nullcontext() if device_of(self.settings).type == "cuda" else bounded()
        with within, self.threads.used(), Workers(processes - 1, each, self._elsewhere) as workers:
            together = _stacks(self._apart(runs, workers), self.settings.max_runs)
            alone = ((build_problem(runs[0].job.problem), runs) for runs in workers.stacks())
            for problem, stack in chain(together, alone):
                for trained in self._train(problem, stack, workers):
                    waits = time.perf_counter()
                    self.written.result()  # at most one stack is trained and one written at any time
                    self.outcome.waiting += time.perf_counter() - waits
                    self.written = self.keep(trained)
        self.outcome.training += workers.waited
        for job, error in workers.killed:
            self._fail(job, error)
        return self.written

    def _train(self, problem: Problem, runs: Sequence[Run], workers: Workers) -> Iterator[Trained]:
        """Yield the trained stack; where it crashes, what is left of it when each job is trained alone."""
        runs = [run for run in runs if run.job.hash not in self.outcome.failures]
        if not runs:
            return
        self.single = not all(
            self._is_shared(job) for job in {run.job.hash: run.job for run in runs}.values()
        )
        began, step = time.perf_counter(), partial(self._step, workers)
        self.watch.begun(stack_name(runs))
        self.threads.share(busy=True)  # for the start: the last places of a floor may differ among several
        try:
            trained = train_once(problem, runs, device=device_of(self.settings), advance=step, ways=self.ways)
        except (*ORDERS, NotKept):
            raise
        except CRASHES as error:  # whatever a problem or an optimizer from anywhere raises
            alone = [list(members) for _, members in groupby(runs, key=lambda run: run.job.hash)]
            if len(alone) > 1:
                for members in alone:
                    yield from self._train(problem, members, workers)
            else:
                self._fail(runs[0].job, error)
            return
        self.outcome.training += time.perf_counter() - began
        if trained is None:  # some jobs are to be driven in another way, as is now known
            yield from self._train(problem, self._apart(runs, workers), workers)
        else:
            yield trained

    def _fail(self, job: Job, error: BaseException) -> None:
        """Take note of a job that crashed, and say so."""
        if isinstance(error, RuleError) and error.__cause__ is not None:
            error = error.__cause__
        if isinstance(error, SystemExit):
            error = RuntimeError(f"it asks the process to exit with {error}").with_traceback(
                error.__traceback__
            )
        elif isinstance(error, KeyboardInterrupt):
            error = RuntimeError("it raises KeyboardInterrupt").with_traceback(error.__traceback__)
        assert isinstance(error, Exception)
        if isinstance(error, (InvalidInput, Killed)):
            log.error("%s crashed: %s", job.label, error)
        else:
            told = " ".join(str(error).split())
            where = place_of(error)  # none is of a mistake in this package, which needs its whole way
            shown = None if where and not log.isEnabledFor(logging.DEBUG) else error  # hydra.verbose=study
            log.error("%s crashed: %s: %s%s", job.label, type(error).__name__, told, where, exc_info=shown)
        self.outcome.failures[job.hash] = error

    def _elsewhere(self, worker: Worker, runs: Sequence[Run]) -> bool:
        """Train and keep a stack in a worker; return whether that is done, or something was raised there."""
        self.watch.begun(stack_name(runs))
        trained = worker.train(runs, self.ways, self._advance)
        if trained is not None:
            self.keep(trained).result()
        return trained is not None

    def _apart(self, runs: Sequence[Run], workers: Workers) -> list[Run]:
        """Give the workers the jobs with one instance per run where that pays, and return the other runs."""
        jobs = apart(runs, self.ways, pays=PAYS if device_of(self.settings).type == "cpu" else math.inf)
        workers.add(block for members in jobs for block in blocks(members, self.settings.max_runs))
        there = {members[0].job.hash for members in jobs}
        return [run for run in runs if run.job.hash not in there]

    def _is_shared(self, job: Job) -> bool:
        """Whether a rule has one instance for all runs, as far as is known."""
        way = self.ways.tried(job)
        return way is None or way.shared

    def _step(self, workers: Workers, runs: float) -> None:
        """Tell of a step that was made here."""
        self._share(workers)
        self._advance(runs)

    def _share(self, workers: Workers) -> None:
        """Take the cores that nobody else uses now."""
        self.threads.share(busy=self.single or workers.busy or not self.written.done())

    def _advance(self, runs: float) -> None:
        self.require()
        with self.lock:  # the workers' threads tell it too
            self.watch.trained(runs)


def _stacks(runs: Iterable[Run], max_runs: int) -> Iterator[tuple[Problem, Sequence[Run]]]:
    """Yield runs that can be trained together: of one problem, as many epochs, one batch size and as many moments.

    The longest first: a rule that is measured along them is known for fewer epochs too.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        job = run.job
        groups.setdefault(repr((job.problem, job.epochs, job.batch_size, job.eval_moments)), []).append(run)
    for group in sorted(groups.values(), key=lambda group: -group[0].job.epochs):
        problem = build_problem(group[0].job.problem)
        for block in blocks(group, max_runs):
            yield problem, block


def blocks(runs: Sequence[Run], max_runs: int) -> Iterator[Sequence[Run]]:
    """Yield stacks of at most `max_runs`: all jobs at some seeds, then all jobs at the next ones.

    A sweep that is interrupted then has the same seeds of every job but for one block of them. The last block is
    the least, as nothing is trained while it is written.

    Args:
        runs: those of one job side by side, and so they stay.
        max_runs: trained together at most; a block with more is cut into stacks of about one size.
    """
    jobs, seeds = {run.job.hash for run in runs}, sorted({run.seed for run in runs})
    for some in map(set, _parts(seeds, seeds_at_once(len(jobs), max_runs), last=_LAST)):
        yield from _parts([run for run in runs if run.seed in some], max_runs)


def _parts(items: Sequence[T], most: int, *, last: float = 1.0) -> Iterator[Sequence[T]]:
    """Yield as few parts as `most` allows, of one size but for the last, which has about a share of it."""
    parts = math.ceil(len(items) / most)
    size = min(most, math.ceil(len(items) / (parts - 1 + (last if parts > 1 else 1))))
    return (items[low : low + size] for low in range(0, len(items), size))
