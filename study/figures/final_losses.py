"""The last word of every run: its final loss, joined by seed where seeds are paired."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures.style import Style
from study.figures.style.canvas import WIDE, limits, name_axes, sheet
from study.figures.style.words import diverged_of, interval_and_seeds, metric_name, number
from study.frames import SweepFrames
from study.stats.pairing import refusal
from study.stats.summary import summarise


def draw(sweep: SweepFrames, style: Style, *, value: str = "last_epoch_loss", log: bool = True) -> Figure:
    """Return every run as a dot, a column per label, one seed's runs joined, median and interval beside.

    Args:
        sweep: its runs; seeds are joined only if their receipts agree.
        style: colours and interval.
        value: the column of `runs` that is drawn.
        log: whether its axis is logarithmic.
    """
    table = _table(sweep, style, value)
    places = {str(label): index for index, label in enumerate(table["label"])}
    figure, axes = sheet(WIDE)
    bottom, top = limits(sweep.runs[value].to_numpy(dtype=float), log=log)
    runs = pd.DataFrame({
        "label": sweep.runs["label"].astype(str),
        "seed": sweep.runs["seed"],
        "at": sweep.runs["label"].astype(str).map(places),
        "shown": np.minimum(sweep.runs[value], top),
        "broken": np.isinf(sweep.runs[value]),
    })  # fmt: skip
    if not refusal(sweep.runs):
        for _, one in runs.groupby("seed"):
            axes.plot(one["at"], one["shown"], color="#9aa3af", lw=0.7, alpha=0.6, zorder=1)
    for row in table.to_dict("records"):
        _column(axes, runs[runs["label"] == row["label"]], color=style.lines[row["label"]].color)
        x, ends = places[row["label"]] + 0.16, np.minimum([row["low"], row["high"]], top)
        axes.plot([x, x], ends, color="#20262e", lw=1.8, solid_capstyle="butt")
        axes.plot(x, min(row["median"], top), "D", ms=5.5, color="#20262e", mew=0)
    axes.set(xlim=(-0.5, len(table) - 0.5), ylim=(bottom, top))
    axes.set_xticks(range(len(table)), list(places))
    if sum(map(len, places)) > 60:
        axes.tick_params(axis="x", labelrotation=30)
    name_axes(axes, x="", y=metric_name(value), log_y=log)
    return figure


def caption(sweep: SweepFrames, style: Style, *, value: str = "last_epoch_loss", log: bool = True) -> str:
    """Return who is lowest, on how many seeds, and whether seeds may be joined."""
    table = _table(sweep, style, value)
    best = table.sort_values("median").to_dict("records")[0]
    why = refusal(sweep.runs)
    joined = (
        f"Seeds are not joined: {why}." if why else
        "A grey line joins the runs of one seed: same data, same start, same minibatches."
    )  # fmt: skip
    return (
        f"{best['label']} has the lowest median {metric_name(value)}, {number(best['median'], 4)} "
        f"[{number(best['low'], 4)}, {number(best['high'], 4)}]. Dots: single runs; diamond and bar: median "
        f"and {interval_and_seeds(style, sweep.runs)}. {joined}{diverged_of(sweep.runs)}"
    )


def _column(axes: Axes, runs: pd.DataFrame, *, color: str) -> None:
    """Draw the runs of one label: dots, and a cross on the upper edge for each that diverged."""
    whole, broken = runs[~runs["broken"]], runs[runs["broken"]]
    axes.plot(whole["at"], whole["shown"], "o", ms=5, color=color, alpha=0.7, mew=0)
    if len(broken):  # an empty line that is not clipped would still claim room
        axes.plot(broken["at"], broken["shown"], "x", ms=8, color=color, mew=2, clip_on=False)


def _table(sweep: SweepFrames, style: Style, value: str) -> pd.DataFrame:
    return summarise(
        sweep.runs, value=value, confidence=style.confidence, resamples=style.resamples, rng=style.rng()
    )
