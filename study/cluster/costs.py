"""What a cluster costs, from what was measured on this machine, and how well that tells a real sweep's seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from study.cluster.measure import CHEAP, COSTLY, Sweep
from study.cluster.simulation import Cluster, simulate
from study.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds that a simulated cluster is made of.

    Attributes:
        start: until a new worker trains.
        end: of a command, once all is written.
        fixed: of training a stack, whatever its size, by problem.
        each: of training one more run of it, by problem.
        writing: of a run, by store.
    """

    start: float
    end: float
    fixed: Mapping[str, float]
    each: Mapping[str, float]
    writing: Mapping[str, float]

    @classmethod
    def of(cls, sweeps: Sequence[Sweep], writing: Mapping[str, float]) -> "Costs":
        """Return the costs by what one worker took over few runs of each problem, and over many.

        Raises:
            InvalidInput: many did not take longer, as where the machine does other things too.
        """
        fixed, each = {}, {}
        for problem in (CHEAP, COSTLY):
            few, many = _of_one(sweeps, problem)
            if many.training <= few.training:
                got = f"{few.training:.3g} s of training for {few.runs} runs of {problem}"
                more = f"{many.training:.3g} s for {many.runs}"
                raise InvalidInput(
                    f"the machine must be idle, got {got} and {more}; measure again when it is"
                )
            each[problem] = (many.training - few.training) / (many.runs - few.runs)
            fixed[problem] = max(0.0, few.training - each[problem] * few.runs)
        _, many = _of_one(sweeps, CHEAP)
        end = max(0.0, many.end - many.runs * writing["SQLite"])
        return cls(many.start, end, fixed, each, writing)

    def cluster(self, problem: str, store: str, *, workers: int, stacks: int, runs: int | float) -> Cluster:
        """Return one whose workers train stacks of so many runs."""
        training = self.fixed[problem] + runs * self.each[problem]
        return Cluster(workers, stacks, self.start, training, runs * self.writing[store])

    def told(self, sweep: Sweep) -> float:
        """Return the seconds that the simulation says a real sweep takes, from its start to its exit."""
        workers = sweep.workers
        like = self.cluster(sweep.problem, "SQLite", workers=workers, stacks=workers, runs=sweep.stack)
        return simulate(like, np.random.default_rng(0)).seconds + self.end

    def per_run(self, problem: str, runs: int) -> float:
        """Return the seconds of training a run in a stack of so many."""
        return self.fixed[problem] / runs + self.each[problem]

    def limit(self, problem: str, store: str, runs: int) -> float:
        """Return how many workers keep the store busy: 1 + training / writing, as each does one after the other."""
        return 1 + self.per_run(problem, runs) / self.writing[store]


def _of_one(sweeps: Sequence[Sweep], problem: str) -> list[Sweep]:
    """Return a problem's sweeps by one worker, the smaller one first."""
    return sorted((s for s in sweeps if s.problem == problem and s.workers == 1), key=lambda s: s.runs)
