"""Many settings in order of their final loss: one row each, median and interval, every run behind it."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from study.figures.style import Style
from study.figures.style.canvas import WIDE, limits, name_axes, sheet
from study.figures.style.words import diverged_of, interval_and_seeds, metric_name, number
from study.frames import SweepFrames
from study.stats.summary import summarise


def draw(sweep: SweepFrames, style: Style, *, value: str = "last_epoch_loss", log: bool = True) -> Figure:
    """Return the labels ranked by median, best on top, with interval and single runs.

    Args:
        sweep: its runs.
        style: colours and interval.
        value: the column of `runs` that ranks.
        log: whether its axis is logarithmic.
    """
    table = _table(sweep, style, value)
    figure, axes = sheet(WIDE, 1.2 + 0.3 * len(table))
    left, right = limits(sweep.runs[value].to_numpy(dtype=float), log=log)
    for place, row in enumerate(table.to_dict("records")):
        color = style.lines[row["label"]].color
        runs = sweep.runs.loc[sweep.runs["label"] == row["label"], value].to_numpy(dtype=float)
        axes.plot(np.minimum(runs, right), np.full(len(runs), place), "|", color=color, ms=9, alpha=0.45)
        ends = np.minimum([row["low"], row["high"]], right)
        axes.plot(ends, [place, place], color=color, lw=4, solid_capstyle="butt")
        axes.plot(min(row["median"], right), place, "o", color=color, mec="white", ms=8)
    names = [f"{row['label']}{_note(row)}" for row in table.to_dict("records")]
    axes.set_yticks(range(len(table)), names)
    axes.set(xlim=(left, right), ylim=(len(table) - 0.4, -0.6))
    axes.grid(visible=False, axis="y")
    name_axes(axes, x=metric_name(value), y="", log_x=log)
    return figure


def caption(sweep: SweepFrames, style: Style, *, value: str = "last_epoch_loss", log: bool = True) -> str:
    """Return the first and the last, and what the marks are."""
    rows = _table(sweep, style, value).to_dict("records")
    first, last = rows[0], rows[-1]
    return (
        f"Of {len(rows)} settings, {first['label']} has the lowest median {metric_name(value)}, "
        f"{number(first['median'], 4)} [{number(first['low'], 4)}, {number(first['high'], 4)}], and "
        f"{last['label']} the highest, {number(last['median'], 4)}. Dot and bar: median and "
        f"{interval_and_seeds(style, sweep.runs)}; ticks: single runs.{diverged_of(sweep.runs)}"
    )


def _note(row: Mapping[Hashable, Any]) -> str:
    return f"  ({row['diverged']} of {row['runs']} diverged)" if row["diverged"] else ""


def _table(sweep: SweepFrames, style: Style, value: str) -> pd.DataFrame:
    table = summarise(
        sweep.runs, value=value, confidence=style.confidence, resamples=style.resamples, rng=style.rng()
    )
    return table.sort_values(["median", "label"], ignore_index=True)
