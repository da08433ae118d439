"""Outcome of some jobs: what was trained, what crashed, and where the time went."""

import math
from dataclasses import dataclass, field

import numpy as np

from study.job import Job

Key = tuple[str, int]  # a run's job hash and seed


@dataclass(slots=True)
class Outcome:
    """What became of some jobs.

    Attributes:
        losses: the evaluation loss of the last epoch by run, infinite for a diverged one.
        failures: what crashed, by job hash.
        found: how many of the runs the store held already.
        training: seconds spent in training.
        writing: seconds spent in writing, most of them while the next stack was trained.
        waiting: seconds that training waited for writing.
        idle: seconds that writing waited for the next stack.
        first: when the first stack was in the store, by `time.perf_counter`; infinite before.
        last: when the last one so far was, likewise.
    """

    losses: dict[Key, float] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    found: int = 0
    training: float = 0.0
    writing: float = 0.0
    waiting: float = 0.0
    idle: float = 0.0
    first: float = math.inf
    last: float = math.inf

    def objective(self, job: Job) -> float:
        """Return the median over the job's seeds of what settings are compared by: what a sweeper minimises."""
        return float(np.median([self.losses[job.hash, seed] for seed in job.seeds]))
