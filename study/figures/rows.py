"""Rows, one per label: the sheet of the figures that show each run beside the median of its label."""

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures.base import Context, Summed
from study.figures.style import INK, Line
from study.figures.style.canvas import limits, mark, name_axes, rows
from study.figures.style.words import metric_name


class Row(NamedTuple):
    """One row, of which nothing lies beyond the axes."""

    at: int  # height
    label: str
    line: Line  # of its label
    runs: np.ndarray  # their values
    ends: np.ndarray  # low, median, high


def summed(value: str | None, context: Context) -> Summed:
    """Return the summary of a value, by default the report's, per label in the sweep's order."""
    value = value or context.value
    return Summed(value, context.summarise(value))


def row_sheet(
    table: Summed, context: Context, *, log: bool, each: float, beside: Sequence[float] = ()
) -> tuple[Figure, Axes, list[Row]]:
    """Return a figure with named axes, and its rows, the first on top; what diverged stands on their right edge.

    Args:
        table: what is drawn.
        context: of the report.
        log: whether the value's axis is logarithmic.
        each: height of a row of few, in inches.
        beside: further values that are to be on the axes.
    """
    ranked: list[dict[Hashable, Any]] = table.summary.to_dict("records")
    figure, axes = rows([str(row["label"]) for row in ranked], each=each)
    left, right = limits([*context.runs[table.value], *beside], log=log)
    axes.set_xlim(left, right)
    name_axes([axes], x=metric_name(table.value), y="", log_x=log)
    samples = dict(list(context.runs.groupby("label", observed=True)[table.value]))
    return figure, axes, [
        Row(
            at,
            str(row["label"]),
            context.style.lines[row["label"]],
            np.minimum(samples[row["label"]].to_numpy(dtype=float), right),
            np.minimum([row["low"], row["median"], row["high"]], right),
        )
        for at, row in enumerate(ranked)
    ]  # fmt: skip


def median_bar(axes: Axes, row: Row, below: float) -> None:
    """Draw a row's median as a diamond and its interval as a bar, so far below its middle."""
    low, middle, high = row.ends
    at = row.at + below
    bar = axes.plot([low, high], [at, at], color=INK, lw=1.8, solid_capstyle="butt")
    mark([*bar, *axes.plot(middle, at, "D", ms=5, color=INK, mew=0)], row.label, row.line.optimizer)
