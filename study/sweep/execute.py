"""Train jobs and keep their runs: what the store lacks, in stacks, the next one while the last is written."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import torch

from study.config.check import Settings
from study.errors import InvalidInput, Terminated
from study.job import Job, Run
from study.problems.base import Problem
from study.sweep.progress import Watch
from study.sweep.worker import Killed, Worker
from study.sweep.workers import PAYS, Workers, apart, count_of
from study.tracking import names
from study.tracking.records import Ended, StoredRun
from study.training.build import build_problem, device_of
from study.training.instance import RuleError
from study.training.result import Trained
from study.training.train import train_once
from study.training.ways import Ways

log = logging.getLogger(__name__)

Key = tuple[str, int]  # a run's job hash and seed
T = TypeVar("T")

_LEAST_SEEDS = 10  # in a block: a step of an optimizer takes about as long for one seed as for ten


@runtime_checkable
class Keeper(Protocol):
    """Who keeps the runs: a sweep of the store."""

    def declare(self, jobs: Sequence[Job]) -> list[Job]:
        """Take note of the jobs that are asked for, and return them under the labels they have there."""

    def endings(self, jobs: Iterable[Job], value: str) -> Mapping[Key, Ended]:
        """Return how every finished run of some jobs ended, and a final loss of it, infinite for a diverged one."""

    def keep(self, trained: Trained, written: Callable[[int], None], *, replace: bool) -> Sequence[StoredRun]:
        """Keep a stack, perhaps in the place of other runs, and return its runs; tell `written` how many more."""

    def fail(self, job: Job, error: Exception) -> None:
        """Take note of a job that crashed."""


@dataclass(slots=True)
class Outcome:
    """What became of some jobs.

    Attributes:
        losses: the evaluation loss of the last epoch by run, infinite for a diverged one.
        failures: what crashed, by job hash.
        found: how many of the runs the store held already.
        training: seconds spent in training.
        writing: seconds spent in writing, most of them while the next stack was trained.
    """

    losses: dict[Key, float] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    found: int = 0
    training: float = 0.0
    writing: float = 0.0

    def objective(self, job: Job) -> float:
        """Return the median over the job's seeds of what settings are compared by: what a sweeper minimises."""
        return float(np.median([self.losses[job.hash, seed] for seed in job.seeds]))


def execute(jobs: Sequence[Job], settings: Settings, sweep: Keeper, watch: Watch, ways: Ways) -> Outcome:
    """Train and keep every run of `jobs` that the store lacks.

    A job that crashes takes no other with it: its stack is trained again, job by job, and it is tried no more.

    Args:
        jobs: checked ones.
        settings: where and how.
        sweep: whose runs they are.
        watch: is told how far it is.
        ways: what is known of rules, and what is measured of them now.
    """
    jobs = sweep.declare(jobs)
    outcome = Outcome()
    if not settings.force:
        wanted = {(job.hash, seed) for job in jobs for seed in job.seeds}
        there = sweep.endings(jobs, names.CRITERION)
        outcome.losses = {key: run.loss for key, run in there.items() if key in wanted}
    outcome.found = len(outcome.losses)
    missing = _missing(jobs, outcome.losses)
    watch.expect(len(missing))
    torch.set_num_threads(settings.threads)
    with ThreadPoolExecutor(max_workers=1) as writer:

        def keep(trained: Trained) -> Future[None]:
            return writer.submit(_keep, sweep, trained, outcome, watch, replace=settings.force)

        _Training(settings, device_of(settings), watch, ways, outcome, keep).run(missing)
    for job in (job for job in jobs if job.hash in outcome.failures):
        sweep.fail(job, outcome.failures[job.hash])
    return outcome


def _missing(jobs: Iterable[Job], present: Mapping[Key, float]) -> list[Run]:
    """Return the runs to train: each job and seed once, and none that is there."""
    runs = {(job.hash, seed): Run(job, seed) for job in jobs for seed in job.seeds}
    return [run for key, run in runs.items() if key not in present]


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

    A sweep that is interrupted then has the same seeds of every job but for one block of them.

    Args:
        runs: those of one job side by side, and so they stay.
        max_runs: trained together at most; a block with more is cut into stacks of about one size.
    """
    jobs, seeds = {run.job.hash for run in runs}, sorted({run.seed for run in runs})
    for some in map(set, _even(seeds, max(_LEAST_SEEDS, max_runs // len(jobs)))):
        yield from _even([run for run in runs if run.seed in some], max_runs)


def _even(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Yield as few parts as `most` allows, of about one size."""
    size = math.ceil(len(items) / math.ceil(len(items) / most))
    return (items[low : low + size] for low in range(0, len(items), size))


@dataclass(frozen=True, slots=True)
class _Training:
    """The training of some jobs' runs: in this process, and in workers beside it where that pays."""

    settings: Settings
    device: torch.device
    watch: Watch
    ways: Ways
    outcome: Outcome
    keep: Callable[[Trained], "Future[None]"]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, runs: Sequence[Run]) -> None:
        """Train and keep some runs."""
        pending: Future[None] | None = None
        with Workers(
            count_of(self.settings.workers, self.settings.threads) - 1, self.settings.threads, self._elsewhere
        ) as workers:
            together = _stacks(self._apart(runs, workers), self.settings.max_runs)
            alone = ((build_problem(runs[0].job.problem), runs) for runs in workers.stacks())
            for problem, stack in chain(together, alone):
                for trained in self._train(problem, stack, workers):
                    if pending is not None:
                        pending.result()  # at most one stack is trained and one written at any time
                    pending = self.keep(trained)
            if pending is not None:
                pending.result()
        self.outcome.training += workers.waited
        for job, error in workers.killed:
            self._fail(job, error)

    def _train(self, problem: Problem, runs: Sequence[Run], workers: Workers) -> Iterator[Trained]:
        """Yield the trained stack; where it crashes, what is left of it when each job is trained alone."""
        runs = [run for run in runs if run.job.hash not in self.outcome.failures]
        if not runs:
            return
        began = time.perf_counter()
        try:
            trained = train_once(problem, runs, device=self.device, advance=self._advance, ways=self.ways)
        except Terminated:
            raise
        except (Exception, SystemExit) as error:  # whatever a problem or an optimizer from anywhere raises
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
        if isinstance(error, RuleError) and isinstance(error.__cause__, (Exception, SystemExit)):
            error = error.__cause__
        if isinstance(error, SystemExit):
            error = RuntimeError(f"it asks the process to exit with {error}")
        assert isinstance(error, Exception)
        brief = isinstance(error, (InvalidInput, Killed))
        told = str(error) if brief else f"{type(error).__name__}: {error}"
        log.error("%s crashed: %s", job.label, told, exc_info=None if brief else error)
        self.outcome.failures[job.hash] = error

    def _elsewhere(self, worker: Worker, runs: Sequence[Run]) -> bool:
        """Train and keep a stack in a worker; return whether that is done, or something was raised there."""
        trained = worker.train(runs, self.ways, self._advance)
        if trained is not None:
            self.keep(trained).result()
        return trained is not None

    def _apart(self, runs: Sequence[Run], workers: Workers) -> list[Run]:
        """Give the workers the jobs with one instance per run where that pays, and return the other runs."""
        jobs = apart(runs, self.ways, pays=PAYS if self.device.type == "cpu" else math.inf)
        workers.add(block for members in jobs for block in blocks(members, self.settings.max_runs))
        there = {members[0].job.hash for members in jobs}
        return [run for run in runs if run.job.hash not in there]

    def _advance(self, runs: float) -> None:
        with self.lock:  # the workers' threads tell it too
            self.watch.trained(runs)


def _keep(sweep: Keeper, trained: Trained, outcome: Outcome, watch: Watch, *, replace: bool) -> None:
    """Write a trained stack to the store, in the place of what it replaces."""
    began = time.perf_counter()
    kept = sweep.keep(trained, watch.written, replace=replace)
    outcome.writing += time.perf_counter() - began
    for run, record in zip(trained.runs, kept, strict=True):
        outcome.losses[run.job.hash, run.seed] = record.criterion
    labels = {run.job.label for run in trained.runs}
    name = labels.pop() if len(labels) == 1 else f"{len(labels)} settings"
    watch.finished(name, [record.status for record in kept])
