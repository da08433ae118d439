"""Train runs again, and compare each with what is tracked: nothing is written to any store."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rich.console import Console

from study.config.check import Settings
from study.job import Job
from study.reproduce.difference import TOLERANCES, Compared, Verdict, compared
from study.sweep.execute import execute
from study.sweep.outcome import Key
from study.sweep.progress import Display, Watch
from study.sweep.remembered import ways_of
from study.tracking import names
from study.tracking.kept import KeptRun
from study.tracking.records import Ended, records
from study.training.result import Trained

_ALONE = 10  # runs that are tried alone too, at most: each costs a training of its own

Pair = tuple[Job, KeptRun]
"""A run, and the job at its seed."""


@dataclass(slots=True)
class Comparison:
    """Who is handed the trained runs in the place of a store: it compares them with those that are tracked.

    Attributes:
        tracked: runs, by their job's hash and seed.
        results: of those that were compared, by their id.
        failed: what a job crashed with, by its hash.
    """

    tracked: Mapping[Key, Sequence[KeptRun]]
    results: dict[str, Compared] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether every run is identical or within tolerance."""
        worst = max((result.verdict for result in self.results.values()), default=Verdict.DIFFERENT)
        return not self.failed and worst is not Verdict.DIFFERENT

    def declare(self, jobs: Sequence[Job]) -> list[Job]:
        """Take the jobs as they are called."""
        return list(jobs)

    def endings(self, _jobs: Iterable[Job], _value: str) -> Mapping[Key, Ended]:
        """Say that none is there: all are trained."""
        return {}

    def keep(self, trained: Trained, written: Callable[[int], None], *, replace: bool) -> Sequence[Ended]:
        """Compare a stack; of a run that was compared before, keep what is nearer."""
        assert not replace
        tolerance, ended = TOLERANCES[trained.train_loss.dtype.name], []
        for run, now in zip(trained.runs, records(trained, {}, told=lambda _: {}), strict=True):
            for tracked in self.tracked.get((run.job.hash, run.seed), ()):
                result = compared(tracked, now, tolerance=tolerance)
                before = self.results.get(tracked.run_id, result)
                self.results[tracked.run_id] = min(before, result, key=lambda each: each.verdict)
            ended.append(Ended(now.status, now.criterion))
        written(len(ended))
        return ended

    def require(self) -> None:
        """Nothing is kept that could fail."""

    def fail(self, job: Job, why: str) -> None:
        """Take note of a job that crashed."""
        self.failed[job.hash] = why


def train_again(
    pairs: Sequence[Pair], settings: Settings, device: str | None, console: Console
) -> Comparison:
    """Train runs again, and compare them.

    A batched product of one matrix is rounded otherwise than one of many: a run that would be alone in its stack has
    its next seed beside it, and the few that are not identical then are trained alone once more.

    Args:
        pairs: the runs.
        settings: how.
        device: where; None is where each was trained.
        console: for the progress.
    """
    tracked: dict[Key, list[KeptRun]] = defaultdict(list)
    for job, run in pairs:
        tracked[job.hash, job.seeds.start].append(run)
    comparison, display = Comparison(tracked), Display(console, then=("comparing", "compared"))
    ways = ways_of(settings.location, kept=False)
    with display.live():
        for there, some in _by_device(pairs, device).items():
            here = replace(settings, device=there)
            execute(_in_company([job for job, _ in some]), here, comparison, display, ways)
            left = [job for job, run in some if _is_near(comparison.results.get(run.run_id))]
            for job in left if len(left) <= _ALONE else ():
                execute([job], here, comparison, Watch(), ways)
    return comparison


def _by_device(pairs: Iterable[Pair], device: str | None) -> Mapping[str, list[Pair]]:
    groups: dict[str, list[Pair]] = defaultdict(list)
    for job, run in pairs:
        groups[device or run.tags.get(names.DEVICE, "cpu")].append((job, run))
    return groups


def _in_company(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs, and of each that has no other of its shape the next seed."""
    shapes = [repr((job.problem, job.epochs, job.batch_size, job.eval_moments)) for job in jobs]
    runs = {(shape, job.hash, job.seeds.start) for shape, job in zip(shapes, jobs, strict=True)}
    count = Counter(shape for shape, *_ in runs)
    more = [_next(job) for shape, job in zip(shapes, jobs, strict=True) if count[shape] == 1]
    return [*jobs, *more]


def _next(job: Job) -> Job:
    return replace(job, seeds=range(job.seeds.stop, job.seeds.stop + 1))


def _is_near(result: Compared | None) -> bool:
    """Whether a run is of the same data, start and order, but not to the last bit what is tracked."""
    return result is not None and not result.receipts and result.verdict is not Verdict.IDENTICAL
