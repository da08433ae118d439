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
from study.figures.style.words import diverged_of, interval_and_seeds, lowest, metric_name, number
from study.stats.summary import by_rank, summarise


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
        summary = summarise(context.sweep.runs, value=value, bootstrap=context.bootstrap)
        return Ranked(value, by_rank(summary))

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
        claim, last = lowest(ranked[0], metric_name(table.value)), ranked[-1]
        if np.isfinite(ranked[0]["median"]):
            claim += f", and {last['label']} the highest of {len(ranked)}, {number(last['median'], 4)}"
        return (
            f"{claim}. Dot and bar: median and {interval_and_seeds(context.bootstrap, runs)}; ticks: single runs."
            f"{diverged_of(runs)}"
        )


def _note(row: Mapping[Hashable, Any]) -> str:
    return f"  ({row['diverged']}/{row['runs']} diverged)" if row["diverged"] else ""
