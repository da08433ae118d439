"""Size of a sweep: how much of memory and disk it takes at most, told before anything is trained or written."""

import math
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.override_parser.types import Override

from study.config.location import Location
from study.errors import InvalidInput
from study.job import Job
from study.training.memory import POINTS_AT_ONCE

if TYPE_CHECKING:
    from study.training.needs import Needs
    from study.training.trial import Pace

MOST_JOBS = 10_000
"""Of one multirun: each is composed and checked."""

# bytes; each is measured, and then rounded up by a tenth
_ROW = 290  # of a recorded value in SQLite, with its index
_RUN = 9_000  # of all else that is kept of a run: params, tags, summaries
_ASKED = (
    8_000  # of memory, of each run that is asked for: 100,360 take 1.7 GB, and most of it is what was freed
)
_VALUE = 420  # of memory, of a recorded value of a stack: one is trained while one is written
_BASE = 650_000_000  # of memory, of two processes that have imported what they need

_STATE = 12  # numbers of a rule and its driver for each parameter
_PASSES = 3  # as much as a gradient keeps: what it keeps, its own, and what is on its way
_FORWARD = 2  # likewise of an evaluation
_MOMENTS = 520  # of a witness
_LOOK = 44  # bytes of a witness for each moment and parameter
_LEAST_SEEDS = 10  # in a stack: a step of an optimizer takes about as long for one seed as for ten

_SLOW, _LONG = 0.1, 600  # seconds of a step of one run, and of a sweep: from here on it is told

_LARGE = (5_000, 1_000_000_000, 2_000_000_000)  # runs, bytes of the store, of memory: from here on it is told


@dataclass(frozen=True, slots=True)
class Size:
    """How large a sweep is.

    Attributes:
        runs: to be trained.
        values: that are recorded of them.
        memory: bytes that it takes at most at any time.
    """

    runs: int
    values: int
    memory: int

    @property
    def disk(self) -> int:
        """Bytes that a SQLite database grows by."""
        return self.runs * _RUN + self.values * _ROW

    @property
    def told(self) -> str | None:
        """What to expect, in a line; None of a sweep of a usual size."""
        if all(
            value < large for value, large in zip((self.runs, self.disk, self.memory), _LARGE, strict=True)
        ):
            return None
        return (
            f"to train: {self.runs:,} runs with {self.values:,} recorded values, up to {in_bytes(self.disk)} in the "
            f"store and {in_bytes(self.memory)} of memory"
        )


Missing = Sequence[tuple[Job, int]]
"""Jobs, and how many runs of each are to be trained."""


def missing_of(jobs: Iterable[Job], there: Iterable[tuple[str, str]]) -> Missing:
    """Return how many runs of each job are to be trained, where some are there: by job's hash and seed."""
    seeds: dict[str, list[int]] = {}
    for job, seed in there:
        seeds.setdefault(job, []).append(int(seed))
    return [
        (job, len(job.seeds) - sum(seed in job.seeds for seed in seeds.get(job.hash, ()))) for job in jobs
    ]


def least(missing: Missing) -> Size:
    """Return the size of the runs that are missing, as far as it is known with no look at their problems."""
    runs = sum(count for _, count in missing)
    values = sum(count * (2 * job.epochs + 1) for job, count in missing)
    return Size(runs, values, _ASKED * runs)


def size_of(missing: Missing, needs: Mapping[str, "Needs"], max_runs: int) -> Size:
    """Return the size of the runs that are missing.

    Args:
        missing: of each job.
        needs: of a run, by the hash of its job; of some it may not be known.
        max_runs: that are trained together at most.
    """
    known = [(job, count) for job, count in missing if count and job.hash in needs]
    groups: dict[str, list[tuple[Job, int]]] = {}
    for job, count in known:
        groups.setdefault(repr((job.problem, job.epochs, job.batch_size)), []).append((job, count))
    runs = sum(count for _, count in missing)
    values = sum(count * _values(job, needs[job.hash]) for job, count in known)
    stacks = (_stack(group, needs, max_runs) for group in groups.values())
    return Size(runs, values, _BASE + _ASKED * runs + max(stacks, default=0))


def long_told(
    missing: Missing, needs: Mapping[str, "Needs"], paces: Mapping[str, "Pace"], processes: int
) -> str | None:
    """Return how long a sweep takes at least whose rules, or problems, are slow; None where they are not.

    Of a usual step next to nothing is left where many runs are trained together: that is told while it trains.

    Args:
        missing: of each job.
        needs: of a run, by the hash of its job.
        paces: of a step, likewise; of some it may not be known.
        processes: that train at once where each run has a rule of its own.
    """
    slow = [
        (pace, _steps(job, needs[job.hash]) * (1 if pace.shared else count), job)
        for job, count in missing
        if count and job.hash in needs and (pace := paces.get(job.hash)) and pace.seconds >= _SLOW
    ]
    at_least = sum(pace.seconds * steps / (1 if pace.shared else processes) for pace, steps, _ in slow)
    if at_least < _LONG:
        return None
    pace, steps, job = max(slow, key=lambda one: one[0].seconds * one[1])
    return (
        f"this sweep will take {in_time(at_least)} or more: a step of {job.label} takes {pace.seconds:.1f} s, "
        f"and {steps:,} are to be made"
    )


def _values(job: Job, needs: "Needs") -> int:
    """Return how many values are recorded of a run."""
    each = 1 + needs.traced + (job.schedule is not None)
    return _steps(job, needs) * each + (job.epochs + 1) * needs.evaluated


def _steps(job: Job, needs: "Needs") -> int:
    return job.epochs * math.ceil(needs.points / (job.batch_size or needs.points))


def seeds_at_once(jobs: int, max_runs: int) -> int:
    """Return of how many seeds so many jobs are trained together, at most."""
    return max(_LEAST_SEEDS, max_runs // jobs)


def _stack(group: Missing, needs: Mapping[str, "Needs"], max_runs: int) -> int:
    """Return the bytes of memory that the largest stack of some jobs takes that are alike but for their rules."""
    job = max((job for job, _ in group), key=lambda job: _values(job, needs[job.hash]))
    need, runs = needs[job.hash], min(sum(count for _, count in group), max_runs)
    seeds = min(max(count for _, count in group), seeds_at_once(len(group), max_runs))
    moments = min(_MOMENTS, _steps(job, need))
    batch = min(job.batch_size or need.points, need.points)
    row = need.data // max(1, need.points)
    evaluated = min(runs, max(1, POINTS_AT_ONCE["cpu"] // need.points)) * need.points
    return (
        2 * seeds * need.data
        + runs * batch * 2 * row
        + max(runs * batch * _PASSES, evaluated * _FORWARD) * need.activations
        + runs * need.parameters * need.number * _STATE
        + runs * _values(job, need) * _VALUE
        + moments * need.parameters * (2 * need.number * min(len(group), runs) + _LOOK)
    )


def require_room(
    missing: Missing,
    needs: Mapping[str, "Needs"] | None,
    *,
    max_runs: int,
    memory: int | None,
    disk: int | None,
) -> Size:
    """Refuse a sweep that cannot be held, and return its size.

    Args:
        missing: runs to be trained of each job.
        needs: of each job; None before anything is known of problems.
        max_runs: that are trained together at most.
        memory: bytes that are free; None where that is not known.
        disk: likewise.

    Raises:
        InvalidInput: with what it would take, what there is, and what to write instead.
    """
    size = least(missing) if needs is None else size_of(missing, needs, max_runs)
    runs = f"{size.runs:,} run{'s' * (size.runs != 1)}"
    what = f"{runs} with {'at least ' * (needs is None)}{size.values:,} recorded values"
    if disk is not None and size.disk > disk:
        raise InvalidInput(
            f"the disk must hold the sweep, {what}, about {in_bytes(size.disk)}, got {in_bytes(disk)} free; write "
            "fewer seeds, fewer epochs or a larger batch_size, or a tracking.uri elsewhere"
        )
    if memory is not None and size.memory > memory:
        raise InvalidInput(
            f"the memory must hold what is trained together: {what} take about {in_bytes(size.memory)}, got "
            f"{in_bytes(memory)} free; write {_smaller(missing, needs, max_runs, memory)}"
        )
    return size


def _smaller(missing: Missing, needs: Mapping[str, "Needs"] | None, most: int, memory: int) -> str:
    """Return what to write where memory is too small: fewer runs in a stack, where that helps."""
    most = min(most, sum(count for _, count in missing))
    while needs is not None and most > 1:
        most //= 2
        if size_of(missing, needs, most).memory <= memory:
            return f"stack.max_runs={most}"
    return "fewer seeds, fewer epochs, a smaller batch_size or a smaller problem"


def require_few(overrides: Iterable[Override]) -> None:
    """Refuse more jobs than a multirun can be of, before they are listed."""
    jobs = 1
    for override in overrides:
        if override.is_sweep_override() and override.is_discrete_sweep():
            jobs *= sum(1 for _ in islice(override.sweep_iterator(), MOST_JOBS + 1))
    if jobs > MOST_JOBS:
        raise InvalidInput(
            f"a multirun must be of at most {MOST_JOBS:,} jobs, got {jobs:,} or more; write fewer values, or several "
            "multiruns (seeds=<count> is one job, however many)"
        )


def free_disk(location: Location) -> int | None:
    """Return the bytes that a store may grow by; None where it is not on a disk of this machine."""
    if location.database is None:
        return None
    folder: Path = next(parent for parent in location.database.parents if parent.exists())
    usage = shutil.disk_usage(folder)
    return usage.free if usage.total else None  # none of a system's own folders is on a disk


def in_time(seconds: float) -> str:
    """Return a time in words.

    >>> in_time(900.0), in_time(1e4), in_time(1e6)
    ('15 min', '2.8 h', '11.6 days')
    """
    for unit, each in (("days", 86_400), ("h", 3_600)):
        if seconds >= 2 * each:
            return f"{seconds / each:.1f} {unit}"
    return f"{seconds / 60:.0f} min"


def in_bytes(count: int) -> str:
    """Return a number of bytes in words.

    >>> in_bytes(812), in_bytes(1_530_000_000), in_bytes(10**22)
    ('812 B', '1.5 GB', '10,000,000,000 TB')
    """
    for power, unit in enumerate(("B", "kB", "MB", "GB", "TB")):
        if count < 1000 ** (power + 1) or unit == "TB":
            return f"{count / 1000**power:,.{0 if power == 0 or count >= 1e13 else 1}f} {unit}"
    raise AssertionError
