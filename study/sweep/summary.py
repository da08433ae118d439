"""Summary at the end of a sweep, for a terminal: its settings by rank, how it ended, and what to do next."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any  # a row of a frame

from rich import box
from rich.console import Console, Group
from rich.table import Table

from study.errors import InvalidInput
from study.stats import intervals
from study.stats.comparison import Comparison
from study.tracking import names

Settings = Mapping[str, Mapping[str, str]]
"""By label, `Job.params`."""

Ended = Sequence[tuple[str, str, float]]
"""Label, status and compared value of each run, in the sweep's order; infinite for a diverged one."""

Ranks = Callable[[Ended, Settings, Comparison], list[dict[Hashable, Any]]]
"""Who ranks settings, as `study.stats.summary.ranked` does: the tracker, which has imported pandas."""

_AROUND = 4  # lines of a table that are no settings: its title, its head, a rule, and how many more there are
_LEAST = 5  # settings shown, on however small a screen
_MOST_FAILED = 5  # failures shown, of however many


@dataclass(frozen=True, slots=True)
class End:
    """How a sweep ended.

    Attributes:
        experiment: its name.
        overrides: what was asked beside the experiment's own file.
        status: MLflow's FINISHED, FAILED or KILLED.
        wanted: how many runs were asked for.
        found: how many of them were in the store before.
        force: they were to be trained again.
        runs: label, status and compared value of each run that is in the store now, in the sweep's order; of a sweep
            that tunes, of those alone that are compared.
        settings: what each label stands for.
        failures: what crashed, by label.
        seconds: what the command took, what of it was training and what writing.
        commands: that one may want next.
        trials: how many runs are in the store beside these, of a sweep that tunes.
    """

    experiment: str
    overrides: Sequence[str]
    status: str
    wanted: int
    found: int
    force: bool
    runs: Ended
    settings: Settings
    failures: Mapping[str, Exception]
    seconds: tuple[float, float, float]
    commands: Sequence[str]
    trials: int = 0

    @property
    def present(self) -> int:
        """How many of the runs that were asked for are in the store now."""
        return len(self.runs) + self.trials


def show(end: End, comparison: Comparison, console: Console, ranks: Ranks) -> None:
    """Print the end of a sweep: no longer than the screen where that can be had, and the next commands last."""
    lines = list(closing_lines(end))
    if end.runs:
        try:
            room = console.height - len(lines) - 1  # and one for the prompt
            console.print(closing_table(end.runs, comparison, settings=end.settings, room=room, ranks=ranks))
        except InvalidInput as error:  # the store has runs that lack the value
            lines.insert(0, str(error))
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def closing_table(
    runs: Ended, comparison: Comparison, *, settings: Settings, room: int, ranks: Ranks
) -> Group:
    """Return the settings of a sweep by rank, as its report ranks them.

    Args:
        runs: how each ended.
        comparison: how.
        settings: what each label stands for.
        room: how many lines the table may have; what does not fit is counted in its last.
        ranks: who ranks them.

    Raises:
        InvalidInput: some runs lack the value.
    """
    rows = ranks(runs, settings, comparison)
    still = sum(row["no_progress"] for row in rows)
    # a column of them would be too wide
    below = [f"{still:,} of {len(runs):,} runs made no progress"] if still else []
    room -= len(below)
    shown = rows if len(rows) + _AROUND - 1 <= room else rows[: max(room - _AROUND, _LEAST)]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    interval = intervals.name((row["runs"] for row in rows), comparison.confidence)
    apart = [key for key in ("rank", "field") if any(row.get(key) for row in rows)]
    for heading in (*apart, "setting", "runs", "diverged", "median", interval):
        named = heading in ("field", "setting")  # which alone may be broken where the screen is narrow
        table.add_column(heading, justify="left" if named else "right", no_wrap=not named)
    for row in shown:
        table.add_row(*(str(row[key]) for key in apart), *_cells(row))
    title = names.SUMMARIES[comparison.value].words
    if len(shown) == len(rows):
        return Group(title, table, *below)
    first = "best" if apart == ["rank"] else "first"
    more = f"... {len(rows) - len(shown)} more in the report"
    return Group(f"{title}, {first} {len(shown)} of {len(rows)} settings", table, more, *below)


def closing_lines(end: End) -> Iterator[str]:
    """Yield how a sweep ended, line by line, and last what to do next."""
    wall, training, writing = end.seconds
    line = f"{end.experiment}: {end.present:,}/{end.wanted:,} runs in the store, {wall:.1f} s in all"
    if training:
        line += f" ({training:.1f} s of training, {writing:.1f} s of writing beside it)"
    yield line
    if end.overrides:
        yield f"asked beside the experiment's own file: {', '.join(end.overrides)}"
    if end.found == end.wanted:
        yield f"nothing to train: all {end.found:,} runs were in the store already (force=true trains them again)"
    elif end.found:
        yield f"{end.found:,} of them were there already and not trained again"
    if end.status == "KILLED":
        yield _interrupted(end)
    for label, error in list(end.failures.items())[:_MOST_FAILED]:
        yield f"failed: {label}: {' '.join(str(error).split())}"
    if len(end.failures) > _MOST_FAILED:
        yield f"        and {len(end.failures) - _MOST_FAILED} settings more"
    for index, command in enumerate(end.commands):
        yield f"{'' if index else 'next:':5} {command}"


def _interrupted(end: End) -> str:
    if end.force:
        return "interrupted: what was trained again is kept; the same command trains all of them once more"
    rest = end.wanted - end.present
    goes_on = f"; the same command trains the other {rest:,}" if rest else ""
    then = ", and then the best of them at fresh seeds" if end.trials and rest else ""
    return f"interrupted: {end.present:,} of {end.wanted:,} runs are kept{goes_on}{then}"


def _cells(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    interval = f"{row['low']:.4g} to {row['high']:.4g}" if row["runs"] > 1 else "none"
    counts = (str(row[key]) for key in ("label", "runs", "diverged"))
    return *counts, f"{row['median']:.4g}", interval
