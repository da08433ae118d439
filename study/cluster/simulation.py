"""A simulated cluster: workers take stacks, train, and hand them to one store; some are slow, some are lost.

Nothing here knows a clock, a process or a store: events in their order, numbers in and numbers out.
"""

import heapq
import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

_READY, _TRAINED, _WRITTEN, _LOST = range(4)  # what may happen; at one moment in this order


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a sweep meets.

    Attributes:
        workers: processes that train, one stack at a time each.
        stacks: tasks of the engine, all of one size.
        start: seconds until a new worker trains.
        training: seconds of a stack on a worker that is neither fast nor slow.
        writing: seconds of a stack in the store, which takes one at a time; its worker waits for it.
        spread: σ of the lognormal factor, of mean 1, by which training takes longer; 0 is none.
        lost_every: mean seconds until a worker is lost, exponentially distributed; infinite is never. The engine then
            starts another one, and the stack again, unless it was written.
    """

    workers: int
    stacks: int
    start: float
    training: float
    writing: float
    spread: float = 0.0
    lost_every: float = math.inf


@dataclass(frozen=True, slots=True)
class Came:
    """What came of it.

    Attributes:
        seconds: until the last stack is written.
        written: how often each stack is.
        lost: workers that were lost until then.
        served: seconds in which the store wrote what was kept.
    """

    seconds: float
    written: tuple[int, ...]
    lost: int
    served: float


def simulate(cluster: Cluster, rng: np.random.Generator) -> Came:
    """Return what comes of a sweep; the same generator, the same events.

    Example:
        >>> two = Cluster(workers=2, stacks=4, start=5.0, training=10.0, writing=1.0)
        >>> simulate(two, np.random.default_rng(0)).seconds  # 5 + 2 * (10 + 1), and once 1 behind the other
        28.0
    """
    return _Sweep(cluster, rng).run()


@dataclass
class _Sweep:
    """The state between two events. A worker that is lost lives on as another: what waits for the old one is void."""

    of: Cluster
    rng: np.random.Generator
    now: float = 0.0
    events: list[tuple[float, int, int, int, int]] = field(default_factory=list)
    counted: int = 0
    lost: int = 0
    being_written: int | None = None  # whose stack

    def __post_init__(self) -> None:
        self.waiting = deque(range(self.of.stacks))
        self.queue = deque[tuple[int, int]]()  # workers in front of the store, and which life of theirs
        self.idle = set[int]()
        self.has: list[int | None] = [None] * self.of.workers
        self.life = [0] * self.of.workers
        self.written = [0] * self.of.stacks
        for worker in range(self.of.workers):
            self._begin(worker)

    def run(self) -> Came:
        """Go from event to event until all is written."""
        do = {_READY: self._take, _TRAINED: self._line_up, _WRITTEN: self._keep, _LOST: self._lose}
        left = self.of.stacks
        while left:
            self.now, _, what, worker, life = heapq.heappop(self.events)
            if life == self.life[worker]:
                do[what](worker)
                left -= what == _WRITTEN
        return Came(self.now, tuple(self.written), self.lost, sum(self.written) * self.of.writing)

    def _begin(self, worker: int) -> None:
        self._later(self.of.start, _READY, worker)
        if self.of.lost_every < math.inf:
            self._later(self.rng.exponential(self.of.lost_every), _LOST, worker)

    def _later(self, seconds: float, what: int, worker: int) -> None:
        self.counted += 1  # of two events at one moment the one that was known first
        heapq.heappush(self.events, (self.now + seconds, self.counted, what, worker, self.life[worker]))

    def _take(self, worker: int) -> None:
        if not self.waiting:
            self.idle.add(worker)
            return
        self.has[worker] = self.waiting.popleft()
        sigma = self.of.spread
        factor = self.rng.lognormal(-(sigma**2) / 2, sigma) if sigma else 1.0
        self._later(self.of.training * factor, _TRAINED, worker)

    def _line_up(self, worker: int) -> None:
        self.queue.append((worker, self.life[worker]))
        self._serve()

    def _serve(self) -> None:
        while self.being_written is None and self.queue:
            worker, life = self.queue.popleft()
            if life == self.life[worker]:
                self.being_written = worker
                self._later(self.of.writing, _WRITTEN, worker)

    def _keep(self, worker: int) -> None:
        stack = self.has[worker]
        assert stack is not None
        self.written[stack] += 1
        self.has[worker] = self.being_written = None
        self._serve()
        self._take(worker)

    def _lose(self, worker: int) -> None:
        """A stack is written in one transaction: of what was not committed nothing is left."""
        self.lost += 1
        self.life[worker] += 1
        self.idle.discard(worker)
        stack, self.has[worker] = self.has[worker], None
        if self.being_written == worker:
            self.being_written = None
            self._serve()
        self._begin(worker)
        if stack is not None:
            self.waiting.append(stack)
            if self.idle:
                self._take(self.idle.pop())
