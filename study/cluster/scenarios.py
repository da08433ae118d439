"""What is simulated: a large sweep by 1 to 256 workers, into each store; what losses, stragglers and stacks cost."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from study.cluster.costs import Costs
from study.cluster.measure import CHEAP, COSTLY
from study.cluster.simulation import simulate

RUNS, STACK = 102_400, 400
WORKERS = tuple(2**power for power in range(9))
STACKS = (50, 100, 400, 1600)
MANY = 32
"""Workers of which the page says what they and remedies bring."""

SPREAD, LOST_EVERY = 0.5, 3600.0
"""Of stragglers: σ of the lognormal factor; of losses: mean seconds of a worker's life."""

DRAWS = 21
"""Simulations of a cluster in which chance has a part."""

NONE, STRAGGLERS, LOSSES, BOTH = "nothing happens", "stragglers", "losses", "both"
_TROUBLES: Mapping[str, tuple[float, float]] = {  # σ, and a worker's life
    NONE: (0.0, math.inf),
    STRAGGLERS: (SPREAD, math.inf),
    LOSSES: (0.0, LOST_EVERY),
    BOTH: (SPREAD, LOST_EVERY),
}


@dataclass(frozen=True, slots=True)
class Speedup:
    """What workers bring, of whom none is slow or lost, beside one who writes into the same store."""

    problem: str
    store: str
    workers: int
    seconds: float
    times: float  # as fast as one
    limit: float  # workers that keep the store busy

    @property
    def efficiency(self) -> float:
        """The share of each worker that is used."""
        return self.times / self.workers


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to workers at the costly problem, in stacks of one size: seconds of all draws, losses."""

    what: str
    stack: int
    seconds: tuple[float, ...]
    lost: float  # workers, the median

    @property
    def middle(self) -> float:
        """The median of the seconds."""
        return median(self.seconds)


@dataclass(frozen=True, slots=True)
class Beyond:
    """What was simulated.

    Attributes:
        store: that which several machines reach, and which is quickest: of troubles and remedies.
        speedups: by problem, store and number of workers.
        crew: workers that meet the troubles: as many as that store keeps up with at the costly problem, a power of 2.
        troubles: by what happens and the size of stacks.
        shared: seconds of the cheap problem by `MANY` workers into that store, where four experiments have one each.
        enough: workers that keep the store busy at the cheap problem, at most `MANY`.
        by_enough: their seconds.
    """

    store: str
    speedups: list[Speedup]
    crew: int
    troubles: list[Trouble]
    shared: float
    enough: int
    by_enough: float

    def of(self, problem: str, store: str, workers: int) -> Speedup:
        """Return what so many workers bring."""
        wanted = (problem, store, workers)
        (found,) = (each for each in self.speedups if (each.problem, each.store, each.workers) == wanted)
        return found


def beyond(costs: Costs, seed: int) -> Beyond:
    """Simulate all of it."""
    store = "PostgreSQL" if "PostgreSQL" in costs.writing else "SQLite"
    enough = min(MANY, math.ceil(costs.limit(CHEAP, store, STACK)))
    crew = max(each for each in WORKERS if each <= costs.limit(COSTLY, store, STACK))
    return Beyond(
        store,
        list(_speedups(costs)),
        crew,
        list(_troubles(costs, store, crew, np.random.default_rng(seed))),
        _seconds(costs, CHEAP, store, MANY // 4, stacks=RUNS // STACK // 4),
        enough,
        _seconds(costs, CHEAP, store, enough),
    )


def _speedups(costs: Costs) -> Iterator[Speedup]:
    for problem in (CHEAP, COSTLY):
        for store in costs.writing:
            seconds = {workers: _seconds(costs, problem, store, workers) for workers in WORKERS}
            limit = costs.limit(problem, store, STACK)
            for workers, own in seconds.items():
                yield Speedup(problem, store, workers, own, seconds[1] / own, limit)


def _troubles(costs: Costs, store: str, crew: int, rng: np.random.Generator) -> Iterator[Trouble]:
    for what, (spread, life) in _TROUBLES.items():
        for stack in STACKS:
            plain = costs.cluster(COSTLY, store, workers=crew, stacks=RUNS // stack, runs=stack)
            troubled = replace(plain, spread=spread, lost_every=life)
            came = [simulate(troubled, rng) for _ in range(1 if what == NONE else DRAWS)]
            if any(each.written != (1,) * plain.stacks for each in came):
                raise RuntimeError(f"not every stack of {stack} runs was written once: {what}")
            lost = float(median(each.lost for each in came))
            yield Trouble(what, stack, tuple(each.seconds for each in came), lost)


def _seconds(costs: Costs, problem: str, store: str, workers: int, *, stacks: int = RUNS // STACK) -> float:
    plain = costs.cluster(problem, store, workers=workers, stacks=stacks, runs=STACK)
    return simulate(plain, np.random.default_rng(0)).seconds
