"""What a person sees while a sweep runs: a live display on a terminal, lines elsewhere."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from typing_extensions import override

log = logging.getLogger(__name__)


@runtime_checkable
class Watch(Protocol):
    """Who is told how far a sweep is."""

    def expect(self, *, runs: int, steps: int) -> None:
        """So many more runs, and steps of runs, are to be done."""

    def trained(self, steps: int) -> None:
        """So many more steps of runs are done."""

    def written(self, runs: int) -> None:
        """So many more runs are in the store."""

    def finished(self, label: str, runs: int, diverged: int) -> None:
        """A job's runs of one stack are trained and written."""


class Lines(Watch):
    """A `Watch` for a process that trains one job of another's sweep: one line when it is done."""

    @override
    def expect(self, *, runs: int, steps: int) -> None:
        pass

    @override
    def trained(self, steps: int) -> None:
        pass

    @override
    def written(self, runs: int) -> None:
        pass

    @override
    def finished(self, label: str, runs: int, diverged: int) -> None:
        log.info("%s: %d runs trained, %d diverged", label, runs, diverged)


class Display(Watch):
    """A `Watch` on the terminal: two bars, training and writing, each with its time left; elsewhere lines.

    Args:
        console: where; the display is drawn only if it is a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description:8}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[done]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=console,
            transient=True,
            refresh_per_second=4,  # each costs about a millisecond
            disable=not console.is_terminal,
        )
        self._training = self._bars.add_task("training", total=0, done="")
        self._writing = self._bars.add_task("writing", total=0, done="")
        self._runs = self._steps = self._trained = self._written = 0
        self._shown = self._began = time.perf_counter()

    @contextmanager
    def live(self) -> Iterator[None]:
        """Draw while the block runs."""
        with self._bars:
            yield

    @override
    def expect(self, *, runs: int, steps: int) -> None:
        if self._steps == 0:
            self._began = time.perf_counter()
        self._runs += runs
        self._steps += steps
        self._bars.update(self._training, total=self._steps)
        self._bars.update(self._writing, total=self._runs)

    @override
    def trained(self, steps: int) -> None:
        self._trained += steps
        now = time.perf_counter()
        if now - self._shown > 0.2 or self._trained == self._steps:  # five times a second: costs nothing
            self._shown = now
            rate = self._trained / max(now - self._began, 1e-9)
            runs = self._runs * self._trained // max(self._steps, 1)
            done = f"{runs:,}/{self._runs:,} runs, {self._trained:,} steps, {rate:,.0f} steps/s"
            self._bars.update(self._training, completed=self._trained, done=done)

    @override
    def written(self, runs: int) -> None:
        self._written += runs
        done = f"{self._written:,}/{self._runs:,} runs in the store"
        self._bars.update(self._writing, completed=self._written, done=done)

    @override
    def finished(self, label: str, runs: int, diverged: int) -> None:
        if not self._console.is_terminal:
            seconds = time.perf_counter() - self._began
            left = seconds * (self._runs - self._written) / max(self._written, 1)
            line = (
                f"{label}: {runs} runs, {diverged} diverged ({self._written}/{self._runs}, {left:.0f} s left)"
            )
            self._console.print(line, highlight=False, soft_wrap=True)
