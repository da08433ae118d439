"""Threads of the trainer: all cores while nobody else needs one, and one while a stack is written beside it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

_MOST = 4  # more were not measured, and each step of a stack ends only when its slowest thread does


class Threads:
    """How many threads torch uses in this process.

    Their number changes no loss: each run's numbers are summed in one of them. What solves for a floor has one thread
    always, as its last places would differ.

    Args:
        asked: always so many; None is as many as there are cores, or as OMP_NUM_THREADS says, up to 4, and one beside
            other work.
    """

    def __init__(self, asked: int | None) -> None:
        self._before = torch.get_num_threads()
        self._alone = min(self._before, _MOST) if asked is None else asked
        self._beside = 1 if asked is None else asked

    @contextmanager
    def used(self) -> Iterator[None]:
        """Train inside; then there are as many as before."""
        try:
            yield
        finally:
            torch.set_num_threads(self._before)

    def share(self, *, busy: bool) -> None:
        """Leave the other cores to other work where there is some, or take them."""
        number = self._beside if busy else self._alone
        if torch.get_num_threads() != number:
            torch.set_num_threads(number)
