"""Many settings in order of their final loss: one row each, median and interval, every run behind it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from typing_extensions import override

from study.figures.base import LOG, Chart, Context, Summed, Switch, Value
from study.figures.rows import row_sheet, summed
from study.figures.style.canvas import mark
from study.figures.style.words import diverged_of, lowest, metric_name
from study.stats.summary import by_rank


@dataclass(frozen=True)
class Ranking(Chart[Summed]):
    """The labels ranked by median, field by field, best on top, with interval and single runs.

    Args:
        value: the summary value that ranks; by default the report's.
        log: whether its axis is logarithmic.
    """

    value: Value = None
    log: bool = True

    @override
    def compute(self, context: Context) -> Summed:
        table = summed(self.value, context)
        return Summed(table.value, by_rank(table.summary))

    @override
    def draw(self, table: Summed, context: Context) -> Figure:
        figure, axes, rows = row_sheet(table, context, log=self.log, each=0.36)
        axes.set_yticklabels([_noted(row) for row in table.summary.to_dict("records")])
        for row in rows:
            low, middle, high = row.ends
            color, at = row.line.color, row.at
            marks = [
                *axes.plot(row.runs, np.full(len(row.runs), at), "|", color=color, ms=7, alpha=0.45),
                *axes.plot([low, high], [at, at], color=color, lw=3.2, solid_capstyle="butt"),
                *axes.plot(middle, at, "o", color=color, mec="white", ms=6.5, clip_on=False),
            ]
            mark(marks, row.label, row.line.optimizer)
        axes.grid(visible=False, axis="y")
        return figure

    @override
    def switches(self) -> Sequence[Switch]:
        return (LOG,)

    @override
    def caption(self, table: Summed, context: Context) -> str:
        claim = lowest(table.summary, metric_name(table.value))
        return f"{claim}Ticks: single runs; {context.told('dot and bar: median and')}.{diverged_of(context.runs)}"


def _noted(row: Mapping[Hashable, Any]) -> str:
    """Return a label, its field where there are several, and how many of its runs diverged or made no progress."""
    counts = {"diverged": row["diverged"], "without progress": row["no_progress"]}
    notes = [f"{count}/{row['runs']} {how}" for how, count in counts.items() if count]
    name = f"{row['field']}: {row['label']}" if row["field"] else str(row["label"])
    return f"{name}  ({', '.join(notes)})" if notes else name
