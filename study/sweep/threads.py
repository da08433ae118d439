"""Threads of the trainer: as many as make its steps quickest, and one while a stack is written beside it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import torch

_MOST = 4  # more were not measured, and each step of a stack ends only when its slowest thread does
_WORTH = 3e-3  # seconds that a step takes alone, below which threads only wait for one another
_TRIED = 8  # steps with each number,
_KEPT = 120  # and as many with the quicker one, before it is asked again: others may want the cores meanwhile


class Threads:
    """How many threads torch uses in this process.

    Their number changes no loss: each run's numbers are summed in one of them. What solves for a floor, and a rule
    with one instance for each run, have one thread always, as last places would differ. Whether all cores are quicker
    than one is measured on the steps themselves: for small stacks they are not, and where others use the cores too,
    each step waits for a thread that has none, and takes up to a hundred times as long.

    Args:
        asked: always so many; None is the quicker of one and as many as there are cores, or as OMP_NUM_THREADS says,
            up to 4, and one beside other work.
        clock: tells the time in seconds.
    """

    def __init__(self, asked: int | None, clock: Callable[[], float] = time.perf_counter) -> None:
        self._before = torch.get_num_threads()
        self._asked, self._all, self._clock = asked, min(self._before, _MOST), clock
        self._forget()

    @contextmanager
    def used(self) -> Iterator[None]:
        """Train inside; then there are as many as before."""
        try:
            yield
        finally:
            torch.set_num_threads(self._before)

    def share(self, *, busy: bool) -> None:
        """Say after each step whether there is other work, to which the other cores are left.

        What was measured before there was some is forgotten: so it is to be said at the start of each stack, too.
        """
        if busy:
            self._forget()
        number = self._asked or (1 if busy or self._all == 1 else self._next())
        if torch.get_num_threads() != number:
            torch.set_num_threads(number)

    def _forget(self) -> None:
        self._last: float | None = None
        self._times: dict[int, list[float]] = {1: [], self._all: []}
        self._left, self._now = 0, 1

    def _next(self) -> int:
        """Return how many threads the next step has: one, then all, then the quicker for a while."""
        now, last = self._clock(), self._last
        self._last = now
        if last is None:
            return self._now
        if self._left > 0:
            self._left -= 1
            if self._left == 0:
                self._times, self._now = {1: [], self._all: []}, 1
            return self._now
        self._times[self._now].append(now - last)
        one, all_ = self._times[1], self._times[self._all]
        if len(one) < _TRIED:
            return 1
        alone, together = (
            median(one),
            median(all_ or [0.0]),
        )  # not moved by the step that an evaluation follows
        if alone > _WORTH and len(all_) < _TRIED and (len(all_) < 3 or together < 2 * alone):
            self._now = self._all
        else:
            self._now = self._all if all_ and together < alone else 1
            self._left = _KEPT
        return self._now
