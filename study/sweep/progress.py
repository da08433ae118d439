"""Progress of a sweep, as a person sees it: a live display on a terminal, lines elsewhere."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from typing_extensions import override

from study.job import Job, Run
from study.sweep.leaders import Leaders
from study.sweep.place import place_now
from study.tracking import names

log = logging.getLogger(__name__)

_BAR, _LEAST_BAR = 30, 8  # columns
_SHARE = 0.25  # of a run's training that its writing is taken to last until one is written
_WARM = 2.0  # seconds in which torch is still importing: how fast the first steps are says nothing
_MINUTE = 60.0
_STILL = 30.0  # seconds in which nothing moves: from here on it is told, and what is at work


class Watch:
    """Who is told how far a sweep is; this one keeps it to itself."""

    def expect(self, runs: int) -> None:
        """So many more runs are to be done."""

    def begun(self, name: str) -> None:
        """A stack is trained from now on; its name is as in `finished`."""

    def trained(self, runs: float) -> None:
        """So many more runs' training is done: half a stack of ten is five."""

    def writing(self, runs: int) -> None:
        """A stack of so many runs is written from now on."""

    def written(self, runs: int) -> None:
        """So many more runs are in the store."""

    def ended(self, runs: Iterable[tuple[Job, float]]) -> None:
        """These runs are in the store, each with the loss that settings are compared by."""

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
    """A `Watch` on the terminal: two bars, the time left, and who is best so far; elsewhere lines.

    Args:
        console: where; the display is drawn only if it is a terminal whose cursor can be moved.
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
        self._then = then
        self._drawn = console.is_terminal and not console.is_dumb_terminal
        self._leaders = Leaders()
        self._runs = self._written = self._stack = 0
        self._trained = self._spent = 0.0
        self._each: float | None = None  # seconds that a run's writing lasts, once that is known
        self._began = self._told = self._since = self._said = clock()
        self._at_work = ""

    def live(self) -> AbstractContextManager[object]:
        """Draw while the block runs, four times a second: each costs about a millisecond."""
        if not self._drawn:
            return self._watched()
        return Live(self, console=self._console, transient=True, refresh_per_second=4)

    @override
    def expect(self, runs: int) -> None:
        if self._runs == 0:
            self._began = self._told = self._said = self._clock()
        self._runs += runs

    @override
    def begun(self, name: str) -> None:
        self._at_work = name

    @override
    def trained(self, runs: float) -> None:
        self._trained += runs
        self._told = self._clock()
        if self._told - self._said > _MINUTE and not self._drawn:
            self.say(f"trained {self._counted(self._whole)} runs ({self._left_in_seconds()})")

    @override
    def writing(self, runs: int) -> None:
        self._stack, self._since = max(self._stack, runs), self._clock()

    @override
    def written(self, runs: int) -> None:
        self._written += runs
        self._told = self._clock()
        self._each = (self._spent + self._told - self._since) / max(self._written, 1)

    @override
    def ended(self, runs: Iterable[tuple[Job, float]]) -> None:
        if self._drawn:
            self._leaders.add(runs)

    @override
    def finished(self, name: str, statuses: Sequence[str]) -> None:
        self._spent += self._clock() - self._since
        if not self._drawn:
            told = f"{name}: {len(statuses)} runs, {_counted(statuses)}"
            self.say(f"{told} ({self._written:,}/{self._runs:,}, {self._left_in_seconds()})")

    def say(self, line: str) -> None:
        """Print a line, above the bars where there are some."""
        self._said = self._clock()
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def still(self) -> str | None:
        """Return for how long nothing has moved, and what is at work, as the last stack that was begun; else None."""
        seconds = self._clock() - self._told
        if seconds < _STILL or self._written >= self._runs:
            return None
        return f"nothing has moved for {_spelled(seconds)}; at work: {self._at_work or 'no stack yet'}{place_now()}"

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Say it where nothing moves inside: after half a minute, and after twice as long each time."""
        over = threading.Event()

        def watch() -> None:
            then = _STILL
            while not over.wait(_STILL / 4):
                seconds, told = self._clock() - self._told, self.still()
                if told is None:
                    then = _STILL
                elif seconds >= then:
                    self.say(told)
                    then = 2 * seconds

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def left(self) -> float | None:
        """Return how many seconds the sweep goes on, None where that is not known yet.

        That is the rest of the training and the writing of a last stack, or all the rest of the writing where that
        takes longer.
        """
        spent = self._told - self._began
        if self._trained <= 0 or (spent < _WARM and not self._written):
            return None
        training = spent / self._trained
        writing = training * _SHARE if self._each is None else self._each
        rest = self._runs - self._written
        last = min(self._stack or rest, rest)
        seconds = max((self._runs - self._trained) * training + last * writing, rest * writing)
        return max(seconds - (self._clock() - self._told), 1.0 if rest else 0.0)

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the bars, as wide as fits, and below them the time left and who is best so far."""
        yield self._bars(options.max_width)
        left, still = self.left(), self.still()
        if still:
            yield still
            return
        yield f"{_spelled(self._clock() - self._began)} so far" if left is None else f"{_spelled(left)} left"
        if best := self._leaders.line(options.max_width):
            yield best

    def _bars(self, width: int) -> Table:
        """Return both bars with what is done; where it is narrow the speed goes first, and bars only get shorter."""
        rate = self._trained / max(self._told - self._began, 1e-9)
        trained, written = self._counted(self._whole), self._counted(self._written)
        doing, where = self._then
        ways = (
            (f"{trained} runs, {rate:,.0f} runs/s", f"{written} runs {where}"),
            (f"{trained} runs", f"{written} runs"),
            (trained, written),
        )
        room = width - max(len("training"), len(doing)) - 2
        texts = next((way for way in ways if max(map(len, way)) <= room - _LEAST_BAR), ways[-1])
        length = min(_BAR, max(room - max(map(len, texts)), 1))
        table = Table.grid(padding=(0, 1))
        for name, done, text in zip(("training", doing), (self._trained, self._written), texts, strict=True):
            table.add_row(name, ProgressBar(max(self._runs, 1), done, width=length), text)
        return table

    @property
    def _whole(self) -> int:
        return int(round(self._trained, 6))  # sums of thirds

    def _counted(self, runs: int) -> str:
        return f"{runs:,}/{self._runs:,}"

    def _left_in_seconds(self) -> str:
        left = self.left()
        return "time left unknown" if left is None else f"{left:.0f} s left"


def stack_name(runs: Iterable[Run]) -> str:
    """Return what a stack is called: its job's label, or how many settings it has."""
    labels = {run.job.label for run in runs}
    return labels.pop() if len(labels) == 1 else f"{len(labels)} settings"


def _spelled(seconds: float) -> str:
    """Return a time as one reads it: 0:08, 1:02:03."""
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def _counted(statuses: Sequence[str]) -> str:
    """Return how many of some runs diverged, and how many made no progress if any did."""
    diverged, still = statuses.count(names.DIVERGED), statuses.count(names.NO_PROGRESS)
    return f"{diverged} diverged" + (f", {still} without progress" if still else "")
