"""Many settings in order of their final loss: one row each, median and interval, every run behind it."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from study.figures.base import Chart, Context, Value
from study.figures.style.canvas import limits, name_axes, rows
from study.figures.style.words import bracket, diverged_of, interval_and_seeds, metric_name, number
from study.stats import summary


@dataclass(frozen=True)
class Ranked:
    """What is drawn: a value, and its summary per label, best first."""

    value: str
    summary: pd.DataFrame


@dataclass(frozen=True)
class Ranking(Chart[Ranked]):
    """The labels ranked by median, best on top, with interval and single runs.

    Args:
        value: the summary value that ranks; by default the report's.
        log: whether its axis is logarithmic.
    """

    value: Value = None
    log: bool = True

    @override
    def compute(self, context: Context) -> Ranked:
        value = self.value or context.value
        return Ranked(value, summary.ranking(context.sweep.runs, value=value, bootstrap=context.bootstrap))

    @override
    def draw(self, table: Ranked, context: Context) -> Figure:
        ranked = table.summary.to_dict("records")
        figure, axes = rows([f"{row['label']}{_note(row)}" for row in ranked])
        runs = context.sweep.runs
        left, right = limits(runs[table.value].to_numpy(dtype=float), log=self.log)
        axes.set_xlim(left, right)
        for at, row in enumerate(ranked):
            color = context.style.lines[row["label"]].color
            own = runs.loc[runs["label"] == row["label"], table.value].to_numpy(dtype=float)
            axes.plot(np.minimum(own, right), np.full(len(own), at), "|", color=color, ms=7, alpha=0.45)
            low, middle, high = np.minimum([row["low"], row["median"], row["high"]], right)
            axes.plot([low, high], [at, at], color=color, lw=3.2, solid_capstyle="butt")
            axes.plot(middle, at, "o", color=color, mec="white", ms=6.5, clip_on=False)
        axes.grid(visible=False, axis="y")
        name_axes([axes], x=metric_name(table.value), y="", log_x=self.log)
        return figure

    @override
    def caption(self, table: Ranked, context: Context) -> str:
        ranked, runs = table.summary.to_dict("records"), context.sweep.runs
        first, last = ranked[0], ranked[-1]
        return (
            f"Of {len(ranked)} settings, {first['label']} has the lowest median {metric_name(table.value)}, "
            f"{number(first['median'], 4)} {bracket(first['low'], first['high'])}, and {last['label']} the highest, "
            f"{number(last['median'], 4)}. Dot and bar: median and {interval_and_seeds(context.bootstrap, runs)}; "
            f"ticks: single runs.{diverged_of(runs)}"
        )


def _note(row: Mapping[Hashable, Any]) -> str:
    return f"  ({row['diverged']} of {row['runs']} diverged)" if row["diverged"] else ""
