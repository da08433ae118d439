"""Progress of a sweep, as a person sees it: a live display on a terminal, lines elsewhere."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from typing_extensions import override

from study.tracking import names

log = logging.getLogger(__name__)


class Watch:
    """Who is told how far a sweep is; this one keeps it to itself."""

    def expect(self, runs: int) -> None:
        """So many more runs are to be done."""

    def trained(self, runs: float) -> None:
        """So many more runs' training is done: half a stack of ten is five."""

    def written(self, runs: int) -> None:
        """So many more runs are in the store."""

    def finished(self, name: str, statuses: Sequence[str]) -> None:
        """A stack is trained and written; its name is its job's label, or says how many jobs it has.

        Args:
            name: of the stack.
            statuses: how each of its runs ended, by the words of `names`.
        """


class Lines(Watch):
    """A `Watch` for a process that trains one job of another's sweep: a line for each stack that is done."""

    @override
    def finished(self, name: str, statuses: Sequence[str]) -> None:
        log.info("%s: %d runs trained, %s", name, len(statuses), _counted(statuses))


class Display(Watch):
    """A `Watch` on the terminal: two bars, training and writing, each with its time left; elsewhere lines.

    Args:
        console: where; the display is drawn only if it is a terminal.
        clock: tells the time in seconds.
        then: what is done with runs once they are trained, and where they are after that.
    """

    def __init__(
        self,
        console: Console,
        clock: Callable[[], float] = time.perf_counter,
        *,
        then: tuple[str, str] = ("writing", "in the store"),
    ) -> None:
        self._console, self._clock = console, clock
        self._bars = Progress(
            TextColumn("{task.description:9}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[done]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=console,
            transient=True,
            refresh_per_second=4,  # each costs about a millisecond
            disable=not console.is_terminal,
            get_time=clock,
        )
        self._training = self._bars.add_task("training", total=0, done="")
        self._writing = self._bars.add_task(then[0], total=0, done="")
        self._where = then[1]
        self._runs = self._written = 0
        self._trained = 0.0
        self._shown = self._began = clock()

    def live(self) -> AbstractContextManager[object]:
        """Draw while the block runs."""
        return self._bars

    @override
    def expect(self, runs: int) -> None:
        if self._runs == 0:
            self._began = self._clock()
        self._runs += runs
        for bar in (self._training, self._writing):
            self._bars.update(bar, total=self._runs)

    @override
    def trained(self, runs: float) -> None:
        self._trained += runs
        now, whole = self._clock(), round(self._trained, 6)  # sums of thirds
        if now - self._shown > 0.2 or whole == self._runs:  # five times a second: costs nothing
            self._shown = now
            done = f"{int(whole):,}/{self._runs:,} runs, {whole / max(now - self._began, 1e-9):,.0f} runs/s"
            self._bars.update(self._training, completed=whole, done=done)

    @override
    def written(self, runs: int) -> None:
        self._written += runs
        done = f"{self._written:,}/{self._runs:,} runs {self._where}"
        self._bars.update(self._writing, completed=self._written, done=done)

    def say(self, line: str) -> None:
        """Print a line, above the bars where there are some."""
        self._console.print(line, highlight=False, soft_wrap=True)

    @override
    def finished(self, name: str, statuses: Sequence[str]) -> None:
        if not self._console.is_terminal:
            left = (self._clock() - self._began) * (self._runs - self._written) / max(self._written, 1)
            told = f"{name}: {len(statuses)} runs, {_counted(statuses)}"
            self.say(f"{told} ({self._written}/{self._runs}, {left:.0f} s left)")


def _counted(statuses: Sequence[str]) -> str:
    """Return how many of some runs diverged, and how many made no progress if any did."""
    diverged, still = statuses.count(names.DIVERGED), statuses.count(names.NO_PROGRESS)
    return f"{diverged} diverged" + (f", {still} without progress" if still else "")
