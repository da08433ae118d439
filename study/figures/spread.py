"""What one seed hides: the final loss of every seed beside the single numbers that were printed."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures.style import Style
from study.figures.style.canvas import WIDE, limits, name_axes, sheet
from study.figures.style.words import diverged_of, interval_and_seeds, metric_name, number
from study.frames import SweepFrames
from study.stats.summary import summarise

Printed = Mapping[str, float | Sequence[float]]


def draw(
    sweep: SweepFrames,
    style: Style,
    *,
    value: str = "final_eval_loss",
    log: bool = False,
    printed: Printed | None = None,
    floor: float | None = None,
) -> Figure:
    """Return one row per label: all seeds in order of their loss, median with interval, printed values.

    Args:
        sweep: its runs.
        style: colours and interval.
        value: the column of `runs` that is drawn.
        log: whether its axis is logarithmic.
        printed: by optimizer, the value that a source prints, or several of them.
        floor: a level to mark that no parameters can go below.
    """
    table, marks = _table(sweep, style, value), _marks(printed)
    figure, axes = sheet(WIDE, 1.4 + 0.85 * len(table))
    known = np.concatenate([sweep.runs[value].to_numpy(dtype=float), *marks.values(), [floor or np.nan]])
    left, right = limits(known, log=log)
    optimizers = dict(zip(sweep.runs["label"], sweep.runs["optimizer"], strict=True))
    for place, row in enumerate(table.to_dict("records")):
        color = style.lines[row["label"]].color
        runs = sweep.runs.loc[sweep.runs["label"] == row["label"], value].to_numpy(dtype=float)
        heights = place + np.linspace(0.3, -0.1, len(runs))
        axes.plot(np.minimum(np.sort(runs), right), heights, "o", color=color, ms=3.5, mew=0, alpha=0.7)
        ends = np.minimum([row["low"], row["high"]], right)
        axes.plot(ends, [place - 0.22] * 2, color="#20262e", lw=2)
        axes.plot(min(row["median"], right), place - 0.22, "D", color="#20262e", ms=5.5)
        _print_marks(axes, marks.get(optimizers[row["label"]], np.empty(0)), place)
    if floor is not None:
        axes.axvline(floor, color="#20262e", lw=1.1, ls=":")
    axes.set_yticks(range(len(table)), list(table["label"]))
    axes.set(xlim=(left, right), ylim=(len(table) - 0.4, -0.6))
    axes.grid(visible=False, axis="y")
    name_axes(axes, x=metric_name(value), y="", log_x=log)
    return figure


def caption(
    sweep: SweepFrames,
    style: Style,
    *,
    value: str = "final_eval_loss",
    log: bool = False,
    printed: Printed | None = None,
    floor: float | None = None,
) -> str:
    """Return how wide the seeds spread against how far the medians lie apart."""
    runs = sweep.runs[["label", value]]
    finite = runs[np.isfinite(runs[value])]
    spread = finite.groupby("label", observed=True)[value].agg(["min", "max"])
    medians = _table(sweep, style, value)["median"]
    widest = number(float((spread["max"] - spread["min"]).max()))
    marked = " Triangles: the values that the source prints, from one seed each." if printed else ""
    below = "" if floor is None else f" Dotted: {number(floor, 5)}, below which no parameters go."
    return (
        f"Over seeds one setting's {metric_name(value)} spreads by up to {widest}; the medians of all settings lie "
        f"within {number(float(medians.max() - medians.min()))} of each other. Dots: all seeds in order; diamond "
        f"and bar: median and {interval_and_seeds(style, sweep.runs)}."
        f"{marked}{below}{diverged_of(sweep.runs)}"
    )


def _marks(printed: Printed | None) -> dict[str, np.ndarray]:
    return {label: np.atleast_1d(np.asarray(value, dtype=float)) for label, value in (printed or {}).items()}


def _print_marks(axes: Axes, values: np.ndarray, place: int) -> None:
    axes.plot(values, [place + 0.4] * len(values), "^", color="#20262e", ms=7, mec="white")
    for value in values:
        axes.annotate(
            f"{value:g}",
            (value, place + 0.4),
            xytext=(7, -1),
            textcoords="offset points",
            fontsize=9,
            va="center",
        )


def _table(sweep: SweepFrames, style: Style, value: str) -> pd.DataFrame:
    return summarise(
        sweep.runs, value=value, confidence=style.confidence, resamples=style.resamples, rng=style.rng()
    )
