"""Worker: a process beside this one that trains one stack after another."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

import torch

from study.errors import CRASHES
from study.job import Run
from study.tracking.beside import ended, start
from study.training.build import build_problem
from study.training.instance import Way
from study.training.memory import keep_freed
from study.training.result import Trained
from study.training.train import train
from study.training.ways import Ways

Runs = Sequence[Run]

_TOLD_EVERY = 0.2  # seconds: each costs both processes a moment


class Killed(Exception):
    """A worker was ended before it had trained what it was given."""


class Worker:
    """A process that trains one stack after another on the CPU.

    It ends where this one is no more: it can tell nobody how far it is.

    Args:
        threads: of its trainer.
    """

    def __init__(self, threads: int) -> None:
        self._process, self._pipe = start(__name__, threads)

    def ready(self, seconds: float) -> bool:
        """Return whether it has imported what it needs before so many seconds have passed.

        Raises:
            Killed: it ended before.
        """
        if not self._pipe.poll(seconds):
            return False
        self._told()
        return True

    def train(self, runs: Runs, ways: Ways, advance: Callable[[float], None]) -> Trained | None:
        """Return the trained runs of one job, None where something was raised; `ways` then learns nothing.

        Raises:
            Killed: it was ended, as a system does whose memory is full.
        """
        job, seeds, done = runs[0].job, [run.seed for run in runs], 0.0
        known, answer = ways.known(job, seeds), None
        try:
            with suppress(OSError):  # it is no more, and the next line says so
                self._pipe.send((runs, known or ways.tried(job), known is not None))
            while isinstance(told := self._told(), float):
                done += told
                advance(told)
            answer = told
        finally:
            if answer is None:
                advance(-done)
        if answer is None:
            return None
        trained: Trained = answer[0]
        if known is None:
            ways.learn(job, answer[1], seeds)
        return replace(trained, runs=tuple(runs))

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()

    def close(self) -> None:
        """End it, and forget it."""
        self.kill()
        self._process.wait()
        self._pipe.close()

    def _told(self) -> Any:
        try:
            return self._pipe.recv()
        except (EOFError, OSError) as error:
            raise Killed(f"its process {ended(self._process)}, before it was trained") from error


def serve(pipe: int, threads: int) -> None:
    """Train what comes through a pipe until it is closed: all that a worker does."""
    torch.set_num_threads(threads)
    keep_freed()
    with suppress(EOFError, OSError), Connection(pipe) as asker:
        asker.send("ready")
        while True:
            asker.send(_answer(asker, *asker.recv()))


def _answer(asker: Connection, runs: Runs, way: Way, known: bool) -> tuple[Trained, Way | None] | None:
    """Return what `Worker.train` does, and tell from time to time how many runs' training is done."""
    job, seeds, ways = runs[0].job, [run.seed for run in runs], Ways()
    if known:
        ways.learn(job, way, seeds)
    else:
        ways.try_first(job, way)
    untold, told = 0.0, time.perf_counter()

    def advance(share: float) -> None:
        nonlocal untold, told
        untold += share
        if time.perf_counter() - told > _TOLD_EVERY:
            asker.send(untold)
            untold, told = 0.0, time.perf_counter()

    try:
        problem = build_problem(job.problem)
        trained = train(problem, runs, device=torch.device("cpu"), advance=advance, ways=ways)
    except CRASHES:  # whatever it is: it is done again, and told, where all else is
        return None
    asker.send(untold)
    return trained, ways.known(job, seeds)
