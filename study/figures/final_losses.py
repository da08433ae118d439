"""Final losses: every run's, joined by seed where seeds are paired."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from typing_extensions import override

from study.figures.base import Chart, Context, Value
from study.figures.style.canvas import limits, median_bar, name_axes, rows
from study.figures.style.words import diverged_of, interval_and_seeds, lowest, metric_name
from study.stats.paired import why_unpaired
from study.stats.summary import summarise


@dataclass(frozen=True)
class Finals:
    """What is drawn: a value, its summary per label in the sweep's order, and why seeds are not joined."""

    value: str
    summary: pd.DataFrame
    unpaired: str | None


@dataclass(frozen=True)
class FinalLosses(Chart[Finals]):
    """Every run as a dot, a row per label, one seed's runs joined, median and interval beside.

    Args:
        value: the summary value that is drawn; by default the report's.
        log: whether its axis is logarithmic.
    """

    value: Value = None
    log: bool = True

    @override
    def compute(self, context: Context) -> Finals:
        value, runs = self.value or context.value, context.sweep.runs
        return Finals(value, summarise(runs, value=value, bootstrap=context.bootstrap), why_unpaired(runs))

    @override
    def draw(self, table: Finals, context: Context) -> Figure:
        labels = [str(label) for label in table.summary["label"]]
        figure, axes = rows(labels, each=0.42)
        left, right = limits(context.sweep.runs[table.value].to_numpy(dtype=float), log=self.log)
        axes.set_xlim(left, right)
        runs = _placed(context.sweep.runs, table.value, labels, right)
        if table.unpaired is None:
            for _, one in runs.groupby("seed"):
                axes.plot(one["shown"], one["at"], color="#9aa3af", lw=0.7, alpha=0.6, zorder=1)
        for at, row in enumerate(table.summary.to_dict("records")):
            _draw_runs(axes, runs[runs["at"] == at], color=context.style.lines[str(row["label"])].color)
            median_bar(axes, row, at + 0.26)
        name_axes([axes], x=metric_name(table.value), y="", log_x=self.log)
        return figure

    @override
    def caption(self, table: Finals, context: Context) -> str:
        best = table.summary.sort_values("median", kind="stable").to_dict("records")[0]
        joined = (
            "A grey line joins the runs of one seed: same data, same start, same minibatches."
            if table.unpaired is None
            else f"Seeds are not joined: {table.unpaired}."
        )
        return (
            f"{lowest(best, metric_name(table.value))}. Dots: single runs; diamond and bar: median and "
            f"{interval_and_seeds(context.bootstrap, context.sweep.runs)}. {joined}{diverged_of(context.sweep.runs)}"
        )


def _placed(runs: pd.DataFrame, value: str, labels: list[str], right: float) -> pd.DataFrame:
    """Return where each run stands: a diverged one on the edge."""
    places = {label: at for at, label in enumerate(labels)}
    return pd.DataFrame({
        "seed": runs["seed"],
        "at": runs["label"].astype(str).map(places),
        "shown": np.minimum(runs[value], right),
        "broken": np.isinf(runs[value]),
    })  # fmt: skip


def _draw_runs(axes: Axes, runs: pd.DataFrame, *, color: str) -> None:
    """Draw the runs of one label: dots, and a cross on the edge for each that diverged."""
    whole, broken = runs[~runs["broken"]], runs[runs["broken"]]
    axes.plot(whole["shown"], whole["at"], "o", ms=4.5, color=color, alpha=0.7, mew=0)
    if len(broken):  # an empty line that is not clipped would still claim room
        axes.plot(broken["shown"], broken["at"], "x", ms=7, color=color, mew=2, clip_on=False)
