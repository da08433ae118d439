"""Train jobs and keep their runs: what the store lacks, in stacks, the next one while the last is written."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from study import cli
from study.config.check import Settings
from study.job import Job, Run
from study.sweep.outcome import Key, Outcome
from study.sweep.progress import Watch, stack_name
from study.tracking import names
from study.tracking.records import Ended
from study.training.result import Trained

if TYPE_CHECKING:
    from study.training.ways import Ways


@runtime_checkable
class Keeper(Protocol):
    """Who keeps the runs: a sweep of the store."""

    def declare(self, jobs: Sequence[Job]) -> list[Job]:
        """Take note of the jobs that are asked for, and return them under the labels they have there."""

    def endings(self, jobs: Iterable[Job], value: str) -> Mapping[Key, Ended]:
        """Return how every finished run of some jobs ended, and a final loss of it, infinite for a diverged one."""

    def keep(self, trained: Trained, written: Callable[[int], None], *, replace: bool) -> Sequence[Ended]:
        """Keep a stack, perhaps in the place of other runs, and return how it ended; tell `written` how many more."""

    def require(self) -> None:
        """Raise `NotKept` where nothing can be kept any more."""

    def fail(self, job: Job, why: str) -> None:
        """Take note of a job that crashed."""


def execute(
    jobs: Sequence[Job], settings: Settings, sweep: Keeper, watch: Watch, ways: "Ways | None" = None
) -> Outcome:
    """Train and keep every run of `jobs` that the store lacks; where it lacks none, torch is not imported.

    A job that crashes takes no other with it: its stack is trained again, job by job, and it is tried no more.

    Args:
        jobs: checked ones.
        settings: where and how.
        sweep: whose runs they are.
        watch: is told how far it is.
        ways: what is known of rules, and what is measured of them now; None is what lies beside the store.

    Raises:
        NotKept: the store fails.
    """
    jobs = sweep.declare(jobs)
    outcome = Outcome()
    if not settings.force:
        wanted = {(job.hash, seed) for job in jobs for seed in job.seeds}
        there = sweep.endings(jobs, names.CRITERION)
        outcome.losses = {key: run.loss for key, run in there.items() if key in wanted}
    outcome.found = len(outcome.losses)
    of = {job.hash: job for job in jobs}
    watch.ended((of[hash_], loss) for (hash_, _), loss in outcome.losses.items())
    missing = _missing(jobs, outcome.losses)
    watch.expect(len(missing))
    if missing:
        with cli.importing():  # torch, where the jobs were not checked now
            from study.sweep.remembered import ways_of
            from study.sweep.stacks import Training
        ways = ways_of(settings.location) if ways is None else ways
        with ThreadPoolExecutor(max_workers=1) as writer:

            def keep(trained: Trained) -> Future[None]:
                return writer.submit(_keep, sweep, trained, outcome, watch, replace=settings.force)

            Training(settings, watch, ways, outcome, keep, sweep.require).run(missing).result()
    for job in (job for job in jobs if job.hash in outcome.failures):
        error = outcome.failures[job.hash]
        sweep.fail(job, f"{type(error).__name__}: {error}")
    return outcome


def _missing(jobs: Iterable[Job], present: Mapping[Key, float]) -> list[Run]:
    """Return the runs to train: each job and seed once, and none that is there."""
    runs = {(job.hash, seed): Run(job, seed) for job in jobs for seed in job.seeds}
    return [run for key, run in runs.items() if key not in present]


def _keep(sweep: Keeper, trained: Trained, outcome: Outcome, watch: Watch, *, replace: bool) -> None:
    """Write a trained stack to the store, in the place of what it replaces."""
    began = time.perf_counter()
    outcome.idle += max(0.0, began - outcome.last)
    watch.writing(len(trained.runs))
    kept = sweep.keep(trained, watch.written, replace=replace)
    outcome.last = time.perf_counter()
    outcome.first = min(outcome.first, outcome.last)
    outcome.writing += outcome.last - began
    for run, ended in zip(trained.runs, kept, strict=True):
        outcome.losses[run.job.hash, run.seed] = ended.loss
    watch.ended((run.job, ended.loss) for run, ended in zip(trained.runs, kept, strict=True))
    watch.finished(stack_name(trained.runs), [ended.status for ended in kept])
