"""Optimizers as paths on a map: the bowl's contours and where each rule went."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures.style import Line, Style
from study.figures.style.canvas import legend_above, panels, used_lines
from study.figures.style.words import diverged_of, number
from study.frames import SweepFrames
from study.stats.surface import bowl_surface, paths


def draw(
    sweep: SweepFrames,
    style: Style,
    *,
    together: bool = False,
    x1: Sequence[float] = (-5.5, 1.0),
    x2: Sequence[float] = (-3.0, 1.0),
    coefficients: Sequence[float] = (0.1, 2.0),
    rotation: float = 0.0,
) -> Figure:
    """Return the paths of (x1, x2) over the contours of the bowl, a panel per label or all in one.

    Args:
        sweep: its points of `param/x1` and `param/x2`.
        style: colours.
        together: one panel for all.
        x1: ends of the horizontal axis, moved outwards where a path goes further.
        x2: ends of the vertical axis, likewise.
        coefficients: of the bowl.
        rotation: of the bowl, in degrees.
    """
    walked = _walked(sweep)
    lines = used_lines(style, walked["label"])
    x1, x2 = _around(walked["x1"], x1), _around(walked["x2"], x2)
    if together:
        figure, axes = panels(1, columns=1, x="x₁", y="x₂", height=4.6)
        sheets = dict.fromkeys(lines, axes[0])
        legend_above(figure, lines)
    else:
        figure, axes = panels(len(lines), columns=2, x="x₁", y="x₂", height=2.4)
        sheets = dict(zip(lines, axes, strict=True))
    for panel in axes:
        _map(panel, x1, x2, coefficients=coefficients, rotation=rotation)
        panel.set(xlim=x1, ylim=x2)
    for label, line in lines.items():
        _walk(sheets[label], walked[walked["label"] == label], line)
        if not together:
            sheets[label].set_title(label)
    return figure


def caption(
    sweep: SweepFrames,
    style: Style,
    *,
    together: bool = False,
    x1: Sequence[float] = (-5.5, 1.0),
    x2: Sequence[float] = (-3.0, 1.0),
    coefficients: Sequence[float] = (0.1, 2.0),
    rotation: float = 0.0,
) -> str:
    """Return where each path ends."""
    ends = _walked(sweep).groupby("label", observed=True).tail(1).to_dict("records")
    where = "; ".join(f"{end['label']} ({number(end['x1'])}, {number(end['x2'])})" for end in ends)
    steps = max(int(end["step"]) for end in ends)
    return (
        f"After {steps} steps: {where}. Dots: every step, from the cross; the star is the minimum; contours of the "
        f"loss, each twice the one within. Nothing is drawn at random: n = 1, no interval.{diverged_of(sweep.runs)}"
    )


def _walked(sweep: SweepFrames) -> pd.DataFrame:
    """Return each label's path: of its first seed, since every seed walks the same."""
    first = sweep.runs.drop_duplicates("label")[["run_id", "label"]]
    return paths(sweep.points).merge(first, on="run_id").sort_values(["label", "step"])


def _around(values: pd.Series, ends: Sequence[float]) -> tuple[float, float]:
    return min(ends[0], float(values.min()) - 0.2), max(ends[1], float(values.max()) + 0.2)


def _map(
    axes: Axes, x1: Sequence[float], x2: Sequence[float], *, coefficients: Sequence[float], rotation: float
) -> None:
    across, up = np.linspace(x1[0], x1[1], 131), np.linspace(x2[0], x2[1], 81)
    height = bowl_surface(across, up, coefficients=coefficients, rotation=rotation)
    axes.contour(
        across,
        up,
        height,
        levels=height.max() / 2.0 ** np.arange(10, -1, -1),
        colors="#c3cad4",
        linewidths=0.8,
    )
    axes.plot(0, 0, "*", color="#20262e", ms=9, zorder=4)
    axes.grid(visible=False)


def _walk(axes: Axes, path: pd.DataFrame, line: Line) -> None:
    axes.plot(path["x1"], path["x2"], color=line.color, ls=line.dash, lw=1.3, alpha=0.9)
    axes.plot(path["x1"], path["x2"], "o", color=line.color, ms=3.2, mew=0)
    axes.plot(path["x1"].iloc[:1], path["x2"].iloc[:1], "X", color="#20262e", ms=7, mec="white", zorder=5)
