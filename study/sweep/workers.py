"""Workers beside this process, for jobs with one instance per run, which Python keeps on one core."""

import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress

from study.job import Job, Run
from study.randomness import Source
from study.sweep.worker import Killed, Runs, Worker
from study.training.build import build_problem
from study.training.instance import undisturbed
from study.training.ways import Ways

PAYS = 5.0
"""Seconds of steps with one instance per run that are worth a process, which takes about 3 to start."""

_STEP = 150e-6  # seconds that Python takes over such a step of one run, whatever the rule


def apart(runs: Runs, ways: Ways, *, pays: float) -> list[Runs]:
    """Return the runs of each job to be trained apart: several with one instance per run, and work enough.

    They are the same on every machine, whatever the number of workers, which thus changes no number.

    Args:
        runs: to be trained.
        ways: what is known of rules.
        pays: seconds of steps that are worth a process.
    """
    jobs: dict[str, list[Run]] = {}
    for run in runs:
        jobs.setdefault(run.job.hash, []).append(run)
    own, points, steps = list[Runs](), dict[str, int](), 0
    for members in jobs.values():
        job, problem = members[0].job, repr(members[0].job.problem)
        way = ways.known(job, [run.seed for run in members]) or ways.tried(job)
        if way is not None and not way.shared:
            size = points[problem] = points.get(problem) or _points(job)
            steps += len(members) * job.epochs * math.ceil(size / (job.batch_size or size))
            own.append(members)
    return own if len(own) > 1 and steps * _STEP >= pays else []


class Workers:
    """Several of them, which take stacks from a list while this process takes some too.

    Args:
        count: of processes, at most.
        threads: of each one's trainer.
        do: is handed a worker and a stack, in a thread, and returns whether it is done; if not, this process does it.

    Attributes:
        killed: jobs whose worker was.
        waited: seconds that this process had nothing to do.
    """

    def __init__(self, count: int, threads: int, do: Callable[[Worker, Runs], bool]) -> None:
        self._count, self._threads, self._do = count, threads, do
        self._waiting, self._left = deque[Runs](), list[Runs]()
        self._pool = ThreadPoolExecutor(max(1, count))
        self._taking: list[Future[None]] = []
        self._workers: list[Worker] = []
        self.killed: list[tuple[Job, Killed]] = []
        self.waited = 0.0

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        """End them, whatever they do."""
        self._waiting.clear()
        for worker in self._workers:
            worker.kill()
        self._pool.shutdown()

    @property
    def busy(self) -> bool:
        """Whether any of them is at work."""
        return any(not taking.done() for taking in self._taking)

    def add(self, stacks: Iterable[Runs]) -> None:
        """Have stacks trained, each of runs of one job: this process is to take one, so one less are started."""
        self._waiting.extend(stacks)
        running = sum(not taking.done() for taking in self._taking)
        for _ in range(min(self._count - running, len(self._waiting) - 1)):
            self._taking.append(self._pool.submit(self._take))

    def stacks(self) -> Iterator[Runs]:
        """Yield what this process is to train now: what no worker has taken, then what one could not do."""
        while runs := self._next():
            yield runs
        began = time.perf_counter()
        for taking in self._taking:
            taking.result()
        self.waited = time.perf_counter() - began
        yield from self._left

    def _take(self) -> None:
        """Let a worker train what is waiting, and another one after it is killed."""
        while self._waiting:
            try:
                worker = Worker(self._threads)
            except OSError:  # the system starts no more of them: the others go on
                return
            with closing(worker):
                self._workers.append(worker)
                if not self._begun(worker):
                    return
                while runs := self._next():
                    try:
                        done = self._do(worker, runs)
                    except Killed as error:
                        self.killed.append((runs[0].job, error))
                        break
                    if not done:
                        self._left.append(runs)

    def _begun(self, worker: Worker) -> bool:
        """Wait until a worker is ready; False where it ends at once, or where nothing is left for it."""
        with suppress(Killed):
            while self._waiting:
                if worker.ready(0.05):
                    return True
        return False

    def _next(self) -> Runs:
        """Return what is to be trained next, nothing where nothing is left."""
        try:
            return self._waiting.popleft()
        except IndexError:
            return ()


def count_of(asked: int | None, threads: int) -> int:
    """Return how many processes train, this one among them: those asked for, else one on each core it may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // threads) if asked is None else asked


def _points(job: Job) -> int:
    """Return the number of a problem's points."""
    with undisturbed():
        problem = build_problem(job.problem)
        return len(problem.data(Source(problem.name, job.seeds.start)).targets)
