"""The empty sheet of a figure and what stands around the data: sizes, legends, axes with their scale."""

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from study.figures.style import Line, Style

WIDE = 7.6
HALF = 6.0


def sheet(width: float = HALF, height: float = 4.4) -> tuple[Figure, Axes]:
    """Return a figure, known to no global state, with one pair of axes; sizes in inches."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()


def panels(
    count: int, *, columns: int, x: str, y: str, width: float = WIDE, height: float = 3.0
) -> tuple[Figure, list[Axes]]:
    """Return a figure of `count` panels of one scale in rows of `columns`, labelled on the outside only."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(width, rows * height + 0.5))
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    used = list(axes.flat)
    for empty in used[count:]:
        empty.remove()
    for panel in used[count - columns : count]:
        panel.tick_params(labelbottom=True)
        panel.set_xlabel(x)
    for panel in used[:count:columns]:
        panel.set_ylabel(y)
    return figure, used[:count]


def legend_above(figure: Figure, lines: Mapping[str, Line]) -> None:
    """Name the lines in rows above the axes, where no data can be hidden."""
    handles = [
        Line2D([], [], color=line.color, linestyle=line.dash, linewidth=2.4) for line in lines.values()
    ]
    longest = max((len(label) for label in lines), default=1)
    fits = max(1, int(figure.get_figwidth() * 11 // (longest + 5)))
    rows = -(-len(lines) // fits)
    figure.legend(
        handles, list(lines), loc="outside upper center", ncols=-(-len(lines) // rows), fontsize=11,
        handlelength=2, columnspacing=1.4,
    )  # fmt: skip


def used_lines(style: Style, labels: Iterable[str]) -> dict[str, Line]:
    """Return the lines of these labels, in the sweep's order."""
    wanted = set(labels)
    return {label: line for label, line in style.lines.items() if label in wanted}


def name_axes(axes: Axes, *, x: str, y: str, log_x: bool = False, log_y: bool = False) -> None:
    """Label both axes; set, name and tick the logarithmic ones. Call it once the limits are set."""
    for axis, name, log in ((axes.xaxis, x, log_x), (axes.yaxis, y, log_y)):
        axis.set_label_text(f"{name} (log scale)" if log else name)
        if log:
            (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
            _tick_decades(axis)


def _tick_decades(axis: Axis) -> None:
    """Write plain numbers: every decade, and more between them where there is room."""
    low, high = axis.get_view_interval()
    decades = np.log10(high / low)
    between = (1, 1.5, 2, 3, 4, 5, 7) if decades < 1 else (1, 2, 5) if decades < 2.5 else (1,)
    axis.set_major_locator(LogLocator(subs=between, numticks=12) if decades > 0.3 else MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def fill(axes: Axes, x: np.ndarray, low: np.ndarray, high: np.ndarray, line: Line) -> None:
    """Draw a band. One that reaches +inf is drawn to far above the axes; the caller sets their limits."""
    finite = np.isfinite(low)
    top = np.where(np.isfinite(high), high, 1e30)
    axes.fill_between(x, low, top, where=finite.tolist(), color=line.color, alpha=0.2, linewidth=0)


def limits(values: np.ndarray, *, log: bool, margin: float = 0.05) -> tuple[float, float]:
    """Return axis limits around the finite values (the positive ones on a log axis)."""
    kept = values[np.isfinite(values) & ((values > 0) | (not log))]
    if len(kept) == 0:
        return (0.1, 10.0) if log else (0.0, 1.0)
    low, high = (np.log10(kept.min()), np.log10(kept.max())) if log else (kept.min(), kept.max())
    least = (
        0.01 if log else 0.01 * (abs(high) or 1)
    )  # equal values get room too: their last digits are no spread
    room = max(margin * (high - low), least)
    ends = (low - room, high + room)
    return (float(10 ** ends[0]), float(10 ** ends[1])) if log else (float(ends[0]), float(ends[1]))


def mark_level(axes: Axes, level: float) -> None:
    """Draw a dotted horizontal line and write its value at the right end."""
    axes.axhline(level, color="#20262e", linewidth=1.1, linestyle=":")
    axes.annotate(
        f" {level:.4g}", (1, level), xycoords=("axes fraction", "data"), va="center", fontsize=9,
        annotation_clip=True,
    )  # fmt: skip
