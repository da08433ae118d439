"""Summary at the end of a sweep, for a terminal: its settings by rank, how it ended, and what to do next."""

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any  # a row of a frame

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group
from rich.measure import Measurement
from rich.table import Table

from study.errors import InvalidInput
from study.stats import intervals
from study.stats.comparison import Comparison
from study.tracking import names

Settings = Mapping[str, Mapping[str, str]]
"""By label, `Job.params`."""

Ended = Sequence[tuple[str, str, float]]
"""Label, status and compared value of each run, in the sweep's order; infinite for a diverged one."""

Rows = list[dict[Hashable, Any]]

Ranks = Callable[[Ended, Settings, Comparison], Rows]
"""Who ranks settings, as `study.stats.summary.ranked` does: the tracker, which has imported pandas.

It raises `InvalidInput` where some runs lack the value."""

_BROKEN = ("field", "setting")  # columns that may be broken where the screen is narrow
_NAME = 20  # letters of a name that are kept side by side
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
            taken = sum(_folded(line, console) for line in lines) + 1  # and one for the prompt
            rows = ranks(end.runs, end.settings, comparison)
            console.print(closing_table(rows, comparison, console, room=console.height - taken))
        except InvalidInput as error:  # the store has runs that lack the value
            lines.insert(0, str(error))
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def closing_table(ranked: Rows, comparison: Comparison, console: Console, *, room: int) -> Group:
    """Return the settings of a sweep by rank, as its report ranks them.

    Args:
        ranked: the settings, as `Ranks` returns them.
        comparison: how they are ranked.
        console: where they are to be shown: on a narrow one, columns are left out.
        room: how many lines there are; what does not fit is counted in the last.
    """
    apart = [key for key in ("rank", "field") if any(row.get(key) for row in ranked)]
    interval = intervals.name((row["runs"] for row in ranked), comparison.confidence)
    rows = [{**{key: str(row[key]) for key in apart}, **_cells(row, interval)} for row in ranked]
    headings = _fitting(rows, console, spare=(interval, "runs", "diverged"))
    counts = {"no_progress": "made no progress"}  # a column of them would be too wide
    if "diverged" not in headings:
        counts["diverged"] = "diverged"
    total = sum(row["runs"] for row in ranked)
    found = {told: sum(row[key] for row in ranked) for key, told in counts.items()}
    below = [f"{count:,} of {total:,} runs {told}" for told, count in found.items() if count]
    title = names.SUMMARIES[comparison.value].words
    first = "best" if apart == ["rank"] else "first"

    def group(shown: int) -> Group:
        table = _table(rows[:shown], headings)
        if shown == len(rows):
            return Group(title, table, *below)
        more = f"... {len(rows) - shown} more in the report"
        return Group(f"{title}, {first} {shown} of {len(rows)} settings", table, more, *below)

    shown = len(rows) if len(rows) <= room else max(room, _LEAST)
    while shown > _LEAST and (over := _height(group(shown), console) - room) > 0:
        shown = max(shown - over, _LEAST)
    return group(shown)


def _fitting(rows: Sequence[Mapping[str, str]], console: Console, *, spare: Iterable[str]) -> list[str]:
    """Return the headings of a table that is no wider than the screen where that can be had without some of them.

    Long names of settings are broken first.
    """
    headings, unbounded = list(rows[0]), console.options.update(max_width=10_000)
    broken = [{key: cell[:_NAME] if key in _BROKEN else cell for key, cell in row.items()} for row in rows]
    for heading in spare:
        if Measurement.get(console, unbounded, _table(broken, headings)).maximum <= console.width:
            break
        headings.remove(heading)
    return headings


def _table(rows: Iterable[Mapping[str, str]], headings: Iterable[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for heading in headings:
        named = heading in _BROKEN
        table.add_column(heading, justify="left" if named else "right", no_wrap=not named)
    for row in rows:
        table.add_row(*(row[heading] for heading in headings))
    return table


def _height(shown: Group, console: Console) -> int:
    return len(console.render_lines(shown, pad=False))


def _folded(line: str, console: Console) -> int:
    """Return how many lines of the screen a line takes, which is folded wherever it comes to the edge."""
    return max(1, math.ceil(cell_len(line) / console.width))


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


def _cells(row: Mapping[Hashable, Any], interval: str) -> dict[str, str]:
    ends = f"{row['low']:.4g} to {row['high']:.4g}" if row["runs"] > 1 else "none"
    counts = {"runs": str(row["runs"]), "diverged": str(row["diverged"])}
    return {"setting": str(row["label"]), **counts, "median": f"{row['median']:.4g}", interval: ends}
