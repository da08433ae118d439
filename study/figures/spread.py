"""What one seed hides: the final loss of every seed beside the single numbers that were printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from typing_extensions import override

from study.figures.base import Chart, Context, Value
from study.figures.style import INK
from study.figures.style.canvas import limits, median_bar, name_axes, rows
from study.figures.style.words import diverged_of, interval_and_seeds, metric_name, number
from study.ranges import Range, is_number, numbers
from study.stats.levels import Level, level_of
from study.stats.summary import summarise

_PRINTED = Range(
    "a number, or a list of them, by optimizer, as in {adam: [0.242, 0.246]}",
    lambda value: (
        isinstance(value, Mapping) and all(is_number(v) or numbers().holds(v) for v in value.values())
    ),
)


@dataclass(frozen=True)
class Spreads:
    """What is drawn: a value, its summary per label, the printed values by optimizer, the value's level."""

    value: str
    summary: pd.DataFrame
    printed: Mapping[str, np.ndarray]
    level: Level | None


@dataclass(frozen=True)
class Spread(Chart[Spreads]):
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
    def compute(self, context: Context) -> Spreads:
        value, runs = self.value or context.value, context.sweep.runs
        printed = {
            name: np.atleast_1d(np.asarray(v, dtype=float)) for name, v in (self.printed or {}).items()
        }
        summary = summarise(runs, value=value, bootstrap=context.bootstrap)
        return Spreads(value, summary, printed, level_of(runs, value))

    @override
    def draw(self, table: Spreads, context: Context) -> Figure:
        figure, axes = rows(list(table.summary["label"]), each=0.75)
        runs, at = context.sweep.runs, None if table.level is None else table.level.at
        marks = [at] if at is not None else []
        known = [runs[table.value].to_numpy(dtype=float), *table.printed.values(), np.array(marks)]
        left, right = limits(np.concatenate(known), log=self.log)
        axes.set_xlim(left, right)
        for place, row in enumerate(table.summary.to_dict("records")):
            own = runs[runs["label"] == row["label"]]
            line = context.style.lines[row["label"]]
            shown = np.minimum(np.sort(own[table.value].to_numpy(dtype=float)), right)
            heights = place + np.linspace(0.3, -0.1, len(own))
            axes.plot(shown, heights, "o", color=line.color, ms=3.5, mew=0, alpha=0.7)
            median_bar(axes, row, place - 0.22)
            _print_marks(axes, table.printed.get(line.optimizer, np.empty(0)), place)
        for level in marks:
            axes.axvline(level, color=INK, lw=1.1, ls=":")
        axes.grid(visible=False, axis="y")
        name_axes([axes], x=metric_name(table.value), y="", log_x=self.log)
        return figure

    @override
    def caption(self, table: Spreads, context: Context) -> str:
        runs = context.sweep.runs[["label", table.value]]
        finite = runs[np.isfinite(runs[table.value])]
        ends = finite.groupby("label", observed=True)[table.value].agg(["min", "max"])
        medians = table.summary["median"]
        mark = f" {table.level.sentence}" if table.level else ""
        return (
            f"Over seeds one setting's {metric_name(table.value)} spreads by up to "
            f"{number(float((ends['max'] - ends['min']).max()))}; the medians of all settings lie within "
            f"{number(float(medians.max() - medians.min()))} of each other. Dots: all seeds in order; diamond and "
            f"bar: median and {interval_and_seeds(context.bootstrap, context.sweep.runs)}."
            f"{_told(table, context)}{mark}{diverged_of(context.sweep.runs)}"
        )


def _print_marks(axes: Axes, values: np.ndarray, place: int) -> None:
    axes.plot(values, [place + 0.4] * len(values), "^", color=INK, ms=6, mec="white")
    for value in values:
        axes.annotate(
            f"{value:g}",
            (value, place + 0.4),
            xytext=(6, -1),
            textcoords="offset points",
            fontsize=8,
            va="center",
        )


def _told(table: Spreads, context: Context) -> str:
    """Say what the triangles are, how many lie among the seeds, and which have no row here."""
    runs, sentence = context.sweep.runs, ""
    here = {name: values for name, values in table.printed.items() if name in set(runs["optimizer"])}
    if here:
        ends = runs.groupby("optimizer")[table.value].agg(["min", "max"])
        inside = sum(
            int(((v >= ends.loc[n, "min"]) & (v <= ends.loc[n, "max"])).sum()) for n, v in here.items()
        )
        sentence = (
            " Triangles: the values that the source prints, from one seed each; "
            f"{inside} of {sum(map(len, here.values()))} lie between the least and the largest of the seeds."
        )
    absent = sorted(table.printed.keys() - here.keys())
    return sentence + (f" Printed too, but not in this sweep: {', '.join(absent)}." if absent else "")
