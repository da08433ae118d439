"""Spread over seeds: the final loss of every seed beside the single numbers that were printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from typing_extensions import override

from study.figures.base import LOG, Chart, Context, Summed, Switch, Value
from study.figures.rows import median_bar, row_sheet, summed
from study.figures.style import INK
from study.figures.style.canvas import is_many, mark
from study.figures.style.words import diverged_of, metric_name, none_finite, number
from study.ranges import Range, is_number, numbers
from study.stats.levels import level_of

_PRINTED = Range(
    "a number, or a list of them, by optimizer, as in {adam: [0.242, 0.246]}",
    lambda value: (
        isinstance(value, Mapping) and all(is_number(v) or numbers().holds(v) for v in value.values())
    ),
)


@dataclass(frozen=True)
class Spread(Chart[Summed]):
    """One row per label: all seeds in order of their loss, median with interval, printed values.

    Args:
        value: the summary value that is drawn; by default the report's.
        log: whether its axis is logarithmic.
        printed: by optimizer, the value that a source prints, or several of them.
    """

    value: Value = None
    log: bool = False
    printed: Annotated[Mapping[str, float | Sequence[float]], _PRINTED] | None = None

    @override
    def compute(self, context: Context) -> Summed:
        return summed(self.value, context)

    @override
    def draw(self, table: Summed, context: Context) -> Figure:
        printed, level = self._printed(context.runs), level_of(context.runs, table.value)
        at_level = [level.at] if level and level.at else []
        beside = [*np.concatenate([np.empty(0), *printed.values()]), *at_level]
        figure, axes, rows = row_sheet(table, context, log=self.log, each=0.75, beside=beside)
        for row in rows:
            heights = row.at + np.linspace(0.3, -0.1, len(row.runs))
            dots = axes.plot(
                np.sort(row.runs), heights, "o", color=row.line.color, ms=3.5, mew=0, alpha=0.7,
                rasterized=is_many(len(context.runs)),
            )  # fmt: skip
            mark(dots, row.label, row.line.optimizer)
            median_bar(axes, row, -0.22)
            _print_marks(axes, printed.get(row.line.optimizer, np.empty(0)), row.at + 0.4)
        for at in at_level:
            axes.axvline(at, color=INK, lw=1.1, ls=":")
        axes.grid(visible=False, axis="y")
        return figure

    @override
    def switches(self) -> Sequence[Switch]:
        return (LOG,)

    @override
    def caption(self, table: Summed, context: Context) -> str:
        runs, level = context.runs, level_of(context.runs, table.value)
        mark = f" {level.sentence}" if level else ""
        return (
            f"{_claim(table, runs)}. Dots: all seeds in order; {context.told('diamond and bar: median and')}."
            f"{self._told(table.value, runs)}{mark}{diverged_of(runs)}"
        )

    def _printed(self, runs: pd.DataFrame) -> dict[str, np.ndarray]:
        """Return the printed values of each optimizer in the sweep."""
        here, printed = set(runs["optimizer"]), self.printed or {}
        return {name: np.atleast_1d(np.asarray(v, float)) for name, v in printed.items() if name in here}

    def _told(self, value: str, runs: pd.DataFrame) -> str:
        """Say what the triangles are, how many lie among the seeds, and which have no row here."""
        printed, seeds = self._printed(runs), runs.groupby("optimizer")[value]
        low, high = seeds.min(), seeds.max()
        inside = [low[name] <= one <= high[name] for name, values in printed.items() for one in values]
        marks = (
            " Triangles: the values that the source prints, from one seed each; "
            f"{sum(inside)} of {len(inside)} lie between the least and the largest of the seeds."
        )
        absent = sorted(set(self.printed or ()) - set(printed))
        beside = f" Printed too, but not in this sweep: {', '.join(absent)}." if absent else ""
        return (marks if inside else "") + beside


def _claim(table: Summed, runs: pd.DataFrame) -> str:
    """Say how far the seeds of one setting lie apart, beside how far the settings do."""
    what, medians = metric_name(table.value), table.summary["median"]
    if np.isinf(medians.min()):
        return none_finite(what)
    finite = runs[np.isfinite(runs[table.value])].groupby("label", observed=True)[table.value]
    widest = (finite.max() - finite.min()).max()
    claim = f"Over seeds one setting's {what} spreads by up to {number(widest)}"
    if len(medians) == 1:
        return claim
    by_field = medians.groupby(table.summary["field"])
    which = "all medians" if by_field.ngroups == 1 else "medians of one problem and one budget"
    return f"{claim}; {which} lie within {number((by_field.max() - by_field.min()).max())} of each other"


def _print_marks(axes: Axes, values: np.ndarray, at: float) -> None:
    axes.plot(values, [at] * len(values), "^", color=INK, ms=6, mec="white")
    for value in values:
        axes.annotate(
            f"{value:g}", (value, at), xytext=(6, -1), textcoords="offset points", fontsize=8, va="center"
        )
