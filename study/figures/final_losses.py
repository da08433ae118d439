"""Final losses: every run's, joined by seed where seeds are paired."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from typing_extensions import override

from study.figures.base import LOG, Chart, Context, Summed, Switch, Value
from study.figures.rows import median_bar, row_sheet, summed
from study.figures.style.canvas import is_many, mark
from study.figures.style.words import diverged_of, lowest, metric_name
from study.stats.receipts import why_unpaired


@dataclass(frozen=True)
class FinalLosses(Chart[Summed]):
    """Every run as a dot, a row per label, one seed's runs joined, median and interval beside.

    Args:
        value: the summary value that is drawn; by default the report's.
        log: whether its axis is logarithmic.
    """

    value: Value = None
    log: bool = True

    @override
    def compute(self, context: Context) -> Summed:
        return summed(self.value, context)

    @override
    def draw(self, table: Summed, context: Context) -> Figure:
        figure, axes, rows = row_sheet(table, context, log=self.log, each=0.42)
        edge, many = axes.get_xlim()[1], is_many(len(context.runs))
        if why_unpaired(context.runs) is None:  # then every row has the same seeds, in their order
            of_seeds = np.stack([row.runs for row in rows])
            axes.plot(
                of_seeds, range(len(rows)), color="#9aa3af", lw=0.7, alpha=0.6, zorder=1, rasterized=many
            )
        for row in rows:
            color, whole, broken = row.line.color, row.runs[row.runs < edge], row.runs[row.runs == edge]
            runs = axes.plot(
                whole,
                np.full(len(whole), row.at),
                "o",
                ms=4.5,
                color=color,
                alpha=0.7,
                mew=0,
                rasterized=many,
            )
            if len(broken):  # an empty line that is not clipped would still claim room
                at = np.full(len(broken), row.at)
                runs += axes.plot(broken, at, "x", ms=7, color=color, mew=2, clip_on=False, rasterized=many)
            mark(runs, row.label, row.line.optimizer)
            median_bar(axes, row, 0.26)
        return figure

    @override
    def switches(self) -> Sequence[Switch]:
        return (LOG,)

    @override
    def caption(self, table: Summed, context: Context) -> str:
        unpaired = why_unpaired(context.runs)
        joined = (
            "A grey line joins the runs of one seed: same data, same start, same minibatches."
            if unpaired is None
            else f"Seeds are not joined: {unpaired}."
        )
        return (
            f"{lowest(table.summary, metric_name(table.value))}Dots: single runs; "
            f"{context.told('diamond and bar: median and')}. {joined}{diverged_of(context.runs)}"
        )
