"""A final loss against one setting, a line per optimizer: learning rates, angles, anything numeric."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures.style import DASHES, Line, Style
from study.figures.style.canvas import WIDE, fill, legend_above, limits, name_axes, sheet
from study.figures.style.words import diverged_of, interval_name, metric_name, number, setting_name
from study.frames import SweepFrames
from study.stats.response import good_range, respond


def draw(
    sweep: SweepFrames,
    style: Style,
    *,
    x: str = "optimizer.lr",
    value: str = "last_epoch_loss",
    log_x: bool = False,
    log: bool = True,
    unit: str = "",
    top: float | None = None,
) -> Figure:
    """Return median and band of `value` along `x`; above the axes, how many runs diverged where.

    Args:
        sweep: its runs.
        style: colours and interval.
        x: a numeric column of the runs.
        value: the column that answers.
        log_x: whether the axis of x is logarithmic.
        log: whether that of the value is.
        unit: of x, for its label.
        top: upper end of the value's axis; by default what the finite medians need.
    """
    table = _table(sweep, style, x=x, value=value)
    figure, axes = sheet(WIDE, 4.8)
    lines = _lines(table, style)
    for optimizer, line in lines.items():
        rows = table[table["optimizer"] == optimizer]
        fill(axes, rows[x].to_numpy(), rows["low"].to_numpy(), rows["high"].to_numpy(), line)
        shown = rows["median"].where(np.isfinite(rows["median"]))
        axes.plot(rows[x], shown, color=line.color, ls=line.dash, lw=1.8, marker="o", ms=4)
    low, high = limits(table[["median", "low"]].to_numpy(dtype=float).ravel(), log=log)
    axes.set_ylim(low, top or high)
    name_axes(axes, x=setting_name(x, unit), y=metric_name(value), log_x=log_x, log_y=log)
    _count_diverged(axes, table, lines, x)
    legend_above(figure, lines)
    return figure


def caption(
    sweep: SweepFrames,
    style: Style,
    *,
    x: str = "optimizer.lr",
    value: str = "last_epoch_loss",
    log_x: bool = False,
    log: bool = True,
    unit: str = "",
    top: float | None = None,
) -> str:
    """Return each optimizer's best setting and how wide its good range is."""
    table = _table(sweep, style, x=x, value=value)
    counts = table["runs"].agg(["min", "max"]).unique()
    seeds = " to ".join(str(count) for count in counts)
    interval = f"bands: {interval_name(style)}; n = {seeds} seeds a point"
    marks = " ×k above the axes: k runs diverged there." if table["diverged"].any() else ""
    claims = _best(table, x) if log_x else _extent(table)
    return (
        f"{metric_name(value).capitalize()} against the {setting_name(x, unit)}: {claims}. Lines: medians; "
        f"{interval if max(counts) > 1 else 'n = 1 run a point, so no interval'}."
        f"{diverged_of(sweep.runs)}{marks}"
    )


def _best(table: pd.DataFrame, x: str) -> str:
    """Say where each optimizer is best, and from where to where it stays within twice that."""
    ranges = good_range(table, x=x)
    best = table.loc[table.groupby("optimizer", sort=False)["median"].idxmin()].to_dict("records")
    return "; ".join(
        f"{row['optimizer']} is best at {number(row[x])} ({number(row['median'])}), and within twice that from "
        f"{number(ranges[row['optimizer']][0])} to {number(ranges[row['optimizer']][1])}"
        for row in best
        if row["optimizer"] in ranges
    )


def _extent(table: pd.DataFrame) -> str:
    """Say between which medians each optimizer moves."""
    ends = table.groupby("optimizer", sort=False)["median"].agg(["min", "max"])
    return "; ".join(
        f"{name} {number(low)} to {number(high)}"
        if high > low * 1.001
        else f"{name} {number(low)} throughout"
        for name, low, high in zip(ends.index, ends["min"], ends["max"], strict=True)
    )


def _count_diverged(axes: Axes, table: pd.DataFrame, lines: dict[str, Line], x: str) -> None:
    """Write, above the axes, one row of counts per optimizer that has diverged runs."""
    broken = table[table["diverged"] > 0]
    for index, optimizer in enumerate(broken["optimizer"].unique()):
        for row in broken[broken["optimizer"] == optimizer].to_dict("records"):
            axes.annotate(
                f"×{row['diverged']}", (row[x], 1), xycoords=("data", "axes fraction"), fontsize=9,
                xytext=(0, 7 + 12 * index), textcoords="offset points", ha="center", va="center",
                color=lines[optimizer].color, fontweight="bold",
            )  # fmt: skip


def _lines(table: pd.DataFrame, style: Style) -> dict[str, Line]:
    names = table["optimizer"].unique()
    mixed = len({str(name).startswith("scratch/") for name in names}) > 1
    return {
        str(name): Line(style.colors[name], DASHES[mixed and str(name).startswith("scratch/")])
        for name in names
    }


def _table(sweep: SweepFrames, style: Style, *, x: str, value: str) -> pd.DataFrame:
    return respond(
        sweep.runs, x=x, value=value, confidence=style.confidence, resamples=style.resamples, rng=style.rng()
    )
