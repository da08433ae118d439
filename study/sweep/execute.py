"""Train jobs and keep their runs: what the store lacks, in stacks, the next one while the last is written."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import torch

from study.config.check import Settings
from study.job import Job, Run
from study.problems.base import Problem
from study.randomness import Source
from study.sweep.progress import Watch
from study.tracking import names
from study.tracking.records import records
from study.tracking.sweeps import Sweep
from study.training.build import build_problem, device_of
from study.training.result import Trained
from study.training.train import train

log = logging.getLogger(__name__)

Key = tuple[str, int]  # a run's job hash and seed


@dataclass(slots=True)
class Outcome:
    """What became of some jobs.

    Attributes:
        losses: the last epoch's mean loss by run, infinite for a diverged one.
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
        """Return the median over the job's seeds of the last epoch's mean loss: what a sweeper minimises."""
        return float(np.median([self.losses[job.hash, seed] for seed in job.seeds]))


def execute(jobs: Sequence[Job], settings: Settings, sweep: Sweep, watch: Watch) -> Outcome:
    """Train and keep every run of `jobs` that the store lacks.

    A job that crashes takes no other with it: its stack is trained again, job by job.

    Args:
        jobs: checked ones.
        settings: where and how.
        sweep: whose runs they are.
        watch: is told how far it is.
    """
    jobs = sweep.declare(jobs)
    outcome = Outcome()
    if not settings.force:
        wanted = {(job.hash, seed) for job in jobs for seed in job.seeds}
        outcome.losses = {key: loss for key, loss in sweep.finished(jobs).items() if key in wanted}
    outcome.found = len(outcome.losses)
    stacks = list(_stacks(_missing(jobs, outcome.losses), settings.max_runs))
    for part in stacks:
        watch.expect(runs=len(part.runs), steps=len(part.runs) * part.steps)
    device = device_of(settings)
    torch.set_num_threads(settings.threads)
    with ThreadPoolExecutor(max_workers=1) as writer:
        pending: Future[None] | None = None
        for part in stacks:
            for trained in _train(part, device, outcome, watch):
                if pending is not None:
                    pending.result()  # at most one stack is trained and one written at any time
                pending = writer.submit(_keep, sweep, trained, outcome, watch, replace=settings.force)
        if pending is not None:
            pending.result()
    for job in (job for job in jobs if job.hash in outcome.failures):
        sweep.fail(job, outcome.failures[job.hash])
    return outcome


@dataclass(frozen=True, slots=True)
class _Planned:
    """Runs that can be trained together: one problem, one number of epochs, one batch size."""

    problem: Problem
    runs: tuple[Run, ...]

    @property
    def steps(self) -> int:
        """Updates of each run."""
        run = self.runs[0]
        points = len(self.problem.data(Source(self.problem.name, run.seed)).inputs)
        return run.job.epochs * -(-points // (run.job.batch_size or points))

    def by_job(self) -> Iterator["_Planned"]:
        """Yield the runs of each job for themselves."""
        for _, runs in groupby(self.runs, key=lambda run: run.job.hash):
            yield _Planned(self.problem, tuple(runs))


def _missing(jobs: Iterable[Job], present: Mapping[Key, float]) -> list[Run]:
    """Return the runs to train: each job and seed once, and none that is there."""
    runs = {(job.hash, seed): Run(job, seed) for job in jobs for seed in job.seeds}
    return [run for key, run in runs.items() if key not in present]


def _stacks(runs: Iterable[Run], max_runs: int) -> Iterator[_Planned]:
    """Group runs whose tensors have the same shapes, at most `max_runs` together, jobs side by side."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        job = run.job
        groups.setdefault(repr((job.problem, job.epochs, job.batch_size)), []).append(run)
    for group in groups.values():
        problem = build_problem(group[0].job.problem)
        count = -(-len(group) // max_runs)
        size = -(-len(group) // count)  # as many stacks as needed, of one size
        for low in range(0, len(group), size):
            yield _Planned(problem, tuple(group[low : low + size]))


def _train(part: _Planned, device: torch.device, outcome: Outcome, watch: Watch) -> Iterator[Trained]:
    """Yield the trained stack; where it crashes, what is left of it when each job is trained alone."""
    began = time.perf_counter()
    try:
        trained = train(part.problem, part.runs, device=device, advance=watch.trained)
    except Exception as error:  # whatever a problem or an optimizer from anywhere raises
        alone = list(part.by_job())
        if len(alone) > 1:
            for one in alone:
                yield from _train(one, device, outcome, watch)
            return
        job = part.runs[0].job
        log.error("%s crashed: %s: %s", job.label, type(error).__name__, error, exc_info=True)
        outcome.failures[job.hash] = error
        return
    outcome.training += time.perf_counter() - began
    yield trained


def _keep(sweep: Sweep, trained: Trained, outcome: Outcome, watch: Watch, *, replace: bool) -> None:
    """Write a trained stack to the store, in the place of what it replaces."""
    began = time.perf_counter()
    kept = list(records(trained))
    sweep.keep_final(trained, sweep.write(kept, watch.written, replace=replace))
    outcome.writing += time.perf_counter() - began
    for record in kept:
        outcome.losses[record.run.job.hash, record.run.seed] = record.last_epoch_loss
    for label, members in groupby(kept, key=lambda record: record.run.job.label):
        statuses = [record.status for record in members]
        watch.finished(label, len(statuses), statuses.count(names.DIVERGED))
