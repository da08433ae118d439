"""Spread over seeds: the final loss of every seed beside the single numbers that were printed."""

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
from study.figures.style.words import diverged_of, interval_and_seeds, metric_name, none_finite, number
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
    """What is drawn.

    Attributes:
        value: the summary value.
        summary: of each label.
        printed: the printed values of each optimizer in the sweep.
        absent: optimizers with printed values that are not in the sweep.
        level: what the value can be held against.
    """

    value: str
    summary: pd.DataFrame
    printed: Mapping[str, np.ndarray]
    absent: Sequence[str]
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
        printed = {name: np.atleast_1d(np.asarray(v, float)) for name, v in (self.printed or {}).items()}
        here = {name: values for name, values in printed.items() if name in set(runs["optimizer"])}
        summary = summarise(runs, value=value, bootstrap=context.bootstrap)
        return Spreads(value, summary, here, sorted(printed.keys() - here.keys()), level_of(runs, value))

    @override
    def draw(self, table: Spreads, context: Context) -> Figure:
        figure, axes = rows(list(table.summary["label"]), each=0.75)
        runs = context.sweep.runs
        level = np.array([table.level.at]) if table.level and table.level.at else np.empty(0)
        known = [runs[table.value].to_numpy(dtype=float), *table.printed.values(), level]
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
        for at in level:
            axes.axvline(at, color=INK, lw=1.1, ls=":")
        axes.grid(visible=False, axis="y")
        name_axes([axes], x=metric_name(table.value), y="", log_x=self.log)
        return figure

    @override
    def caption(self, table: Spreads, context: Context) -> str:
        mark = f" {table.level.sentence}" if table.level else ""
        return (
            f"{_claim(table, context.sweep.runs)}. Dots: all seeds in order; diamond and bar: median and "
            f"{interval_and_seeds(context.bootstrap, context.sweep.runs)}."
            f"{_told(table, context.sweep.runs)}{mark}{diverged_of(context.sweep.runs)}"
        )


def _claim(table: Spreads, runs: pd.DataFrame) -> str:
    """Say how far the seeds of one setting lie apart, beside how far the settings do."""
    what, medians = metric_name(table.value), table.summary["median"]
    if np.isinf(medians.min()):
        return none_finite(what)
    finite = runs[np.isfinite(runs[table.value])]
    ends = finite.groupby("label", observed=True)[table.value].agg(["min", "max"])
    widest = number(float((ends["max"] - ends["min"]).max()))
    apart = number(float(medians.max() - medians.min()))
    return f"Over seeds one setting's {what} spreads by up to {widest}; all medians lie within {apart} of each other"


def _print_marks(axes: Axes, values: np.ndarray, place: int) -> None:
    axes.plot(values, [place + 0.4] * len(values), "^", color=INK, ms=6, mec="white")
    for value in values:
        axes.annotate(
            f"{value:g}", (value, place + 0.4), xytext=(6, -1), textcoords="offset points", fontsize=8, va="center"
        )  # fmt: skip


def _told(table: Spreads, runs: pd.DataFrame) -> str:
    """Say what the triangles are, how many lie among the seeds, and which have no row here."""
    ends = runs.groupby("optimizer")[table.value].agg(["min", "max"])
    inside = [
        ends.loc[name, "min"] <= value <= ends.loc[name, "max"]
        for name, values in table.printed.items()
        for value in values
    ]
    marks = (
        " Triangles: the values that the source prints, from one seed each; "
        f"{sum(inside)} of {len(inside)} lie between the least and the largest of the seeds."
    )
    absent = f" Printed too, but not in this sweep: {', '.join(table.absent)}." if table.absent else ""
    return (marks if inside else "") + absent
