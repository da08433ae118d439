"""Canvas of a figure, and what stands around the data: sizes, legends, axes with their scale."""

import json
import math
import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from study.figures.style import MOST_NAMED, Line, Style

WIDE = 7.6
HALF = 4.46  # inches; beside another on a page, its text is as large as a wide figure's
_LETTER = 0.072  # inches, of an axis's name

SERIES, FIXED = "series:", "fixed"
"""How the names of marks begin that a page can find, and the name of those whose colours it leaves as they are."""


def sheet(width: float = HALF, height: float = 3.3) -> tuple[Figure, Axes]:
    """Return a figure, known to no global state, with one pair of axes; sizes in inches."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()


def panels(count: int, *, columns: int, height: float, width: float = WIDE) -> tuple[Figure, list[Axes]]:
    """Return a figure of `count` panels of one scale in rows of `columns`, with numbers on the outside only."""
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(width, rows * height + 0.5))
    axes = list(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
    for empty in axes[count:]:
        empty.remove()
    for panel in axes[max(count - columns, 0) : count]:
        panel.tick_params(labelbottom=True)
    return figure, axes[:count]


def rows(labels: Sequence[str], *, each: float = 0.36) -> tuple[Figure, Axes]:
    """Return a figure of one row per label, the first on top; rows of many labels lie closer.

    Args:
        labels: in their order.
        each: height of a row of few, in inches.
    """
    many = len(labels) > 20
    figure, axes = sheet(WIDE, 0.8 + (0.17 if many else each) * len(labels))
    axes.set_yticks(range(len(labels)), labels, fontsize=7 if many else 9)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    return figure, axes


def is_many(marks: int) -> bool:
    """Whether so many marks are drawn as pixels, in vector formats too: each would be an element of a page.

    >>> is_many(2000), is_many(2001)
    (False, True)
    """
    return marks > _MOST_MARKS


_MOST_MARKS = 2000


def mark(artists: Artist | Iterable[Artist], name: str, optimizer: str) -> None:
    """Say whose marks these are, so that a page can hide them, or tell their values.

    Args:
        artists: that are drawn, or will be.
        name: of the line, often a label of the sweep.
        optimizer: whose it is, under which it is found where the name is no label.
    """
    for artist in [artists] if isinstance(artists, Artist) else artists:
        artist.set_gid(SERIES + json.dumps([name, optimizer]))


def used_lines(style: Style, labels: Iterable[str]) -> dict[str, Line]:
    """Return the lines of these labels, in the sweep's order; few of many are told apart as few can be."""
    wanted = set(labels)
    used = {label: line for label, line in style.lines.items() if label in wanted}
    if len(used) <= MOST_NAMED < len(style.lines):
        return style.lines_of({label: line.optimizer for label, line in used.items()})
    return used


def name_axes(axes: Sequence[Axes], *, x: str, y: str, log_x: bool = False, log_y: bool = False) -> None:
    """Name both axes, of one pair or of all panels at once; set, name and tick the logarithmic ones.

    Call it once the limits are set. A name longer than its axis is broken into lines.
    """
    for panel in axes:
        if log_x:
            panel.set_xscale("log")
            _tick_decades(panel.xaxis)
        if log_y:
            panel.set_yscale("log")
            _tick_decades(panel.yaxis)
    figure = axes[0].figure
    assert isinstance(figure, Figure)
    across = f"{x} (log scale)" if log_x else x
    if len(axes) == 1:
        axes[0].set(xlabel=across, ylabel=_fitted(y, log_y, figure.get_figheight() - 0.9))
    else:
        size = axes[0].xaxis.label.get_fontsize()
        figure.supxlabel(across, fontsize=size)
        figure.supylabel(_fitted(y, log_y, figure.get_figheight() - 0.2), fontsize=size)


def _fitted(name: str, log: bool, room: float) -> str:
    """Return the name of an upright axis, in as many lines as it needs to fit into so many inches."""
    letters = max(int(room / _LETTER), 8)
    whole = f"{name} (log scale)" if log else name
    if len(whole) <= letters:
        return whole
    return textwrap.fill(name, letters) + ("\n(log scale)" if log else "")


def _tick_decades(axis: Axis) -> None:
    """Write plain numbers: every decade, and more between them where there is room."""
    low, high = axis.get_view_interval()
    decades = np.log10(high / low)
    between = (1, 1.5, 2, 3, 4, 5, 7) if decades < 1 else (1, 2, 5) if decades < 2.5 else (1,)
    axis.set_major_locator(LogLocator(subs=between, numticks=9) if decades > 0.3 else MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def limits(values: npt.ArrayLike, *, log: bool) -> tuple[float, float]:
    """Return axis limits around the finite values (the positive ones on a log axis), with room at each end."""
    every = np.asarray(values, dtype=float)
    kept = every[np.isfinite(every) & ((every > 0) | (not log))]
    if len(kept) == 0:
        return (0.1, 10.0) if log else (0.0, 1.0)
    low, high = np.log10([kept.min(), kept.max()]) if log else (kept.min(), kept.max())
    least = 0.01 if log else 0.01 * (abs(high) or 1)  # the last digits of equal values are no spread
    room = max(0.05 * (high - low), least)
    ends = float(low - room), float(high + room)
    return (10 ** ends[0], 10 ** ends[1]) if log else ends
