"""Where many lines go so that each is named and none is hidden: one pair of axes with a legend, or panels."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from study.figures.style import INK, MOST_NAMED, Line
from study.figures.style.canvas import HALF, WIDE, mark, name_axes, panels, sheet
from study.figures.style.contrast import legible
from study.stats.levels import Level

ROW = 11
"""Points from one row of small text above the axes to the next."""

_LEADER = {"arrowstyle": "-", "lw": 0.5, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)}


@dataclass(frozen=True, slots=True)
class Layout:
    """Axes for lines. Plot them, set limits, then call `name`.

    Up to eight lines share one pair of axes under a legend. More have a panel per optimizer, where each line is
    named at its end; an optimizer's only line is named by the panel's title, and the others stand behind it in grey.
    """

    figure: Figure
    lines: Mapping[str, Line]  # by name
    places: Mapping[str, Axes]  # of each line

    @classmethod
    def of(cls, lines: Mapping[str, Line], *, wide: bool = False) -> "Layout":
        """Return axes for these lines.

        Args:
            lines: by name, in their order.
            wide: whether few lines too get a figure as wide as the page, as names too long for half of it do.
        """
        if len(lines) <= MOST_NAMED:
            width = WIDE if wide or _legend_rows(lines, HALF) > 2 else HALF
            figure, axes = sheet(width, 3.1 + 0.18 * _legend_rows(lines, width))
            return cls(figure, lines, dict.fromkeys(lines, axes))
        counts = Counter(line.optimizer for line in lines.values())
        most = max(counts.values())
        if len(counts) == 1:
            figure, axes = sheet(WIDE, max(3.8, 1.0 + 0.14 * most))
            return cls(figure, lines, dict.fromkeys(lines, axes))
        columns = 2 if len(counts) <= 4 else 3 if len(counts) <= 9 else 4
        height = max(5.2 / columns, 0.6 + 0.13 * most)
        figure, drawn = panels(len(counts), columns=columns, height=height)
        by_optimizer = dict(zip(counts, drawn, strict=True))
        for name, panel in by_optimizer.items():
            panel.set_title(name)
        return cls(figure, lines, {name: by_optimizer[line.optimizer] for name, line in lines.items()})

    @property
    def axes(self) -> list[Axes]:
        """All axes, each once."""
        return list(dict.fromkeys(self.places.values()))

    @property
    def has_legend(self) -> bool:
        """Whether a legend names the lines."""
        return len(self.lines) <= MOST_NAMED

    def plot(self, points: pd.DataFrame, *, by: str, x: str, y: str, **look: Any) -> None:
        """Draw every line along the column x, and its band where the points have `low` and `high`.

        Args:
            points: the columns named.
            by: the column of the lines' names.
            x: the column along which they run.
            y: their values.
            look: of all lines, as Matplotlib calls it.
        """
        for name, line in self.lines.items():
            part, axes = points[points[by] == name], self.places[name]
            if "low" in part:
                known, top = np.isfinite(part["low"]).tolist(), np.minimum(part["high"], 1e30)
                band = axes.fill_between(
                    part[x], part["low"], top, where=known, color=line.color, alpha=0.2, linewidth=0
                )
                mark(band, name, line.optimizer)
            mark(
                axes.plot(part[x], part[y], color=line.color, ls=line.dash, label=name, **look),
                name,
                line.optimizer,
            )

    def make_room(self, rows: int) -> None:
        """Make the figure higher by so many rows of small text above its axes."""
        self.figure.set_figheight(self.figure.get_figheight() + rows * ROW / 72)

    def bound(self, low: float, high: float, *, level: Level | None) -> None:
        """Set the ends of the loss axes along updates or epochs, and mark the level where one is that of all runs."""
        for axes in self.axes:
            if level is not None and level.at is not None:
                axes.axhline(level.at, color=INK, linewidth=1.1, linestyle=":")
                if self.has_legend:
                    axes.annotate(
                        f" {level.at:.4g}", (1, level.at), xycoords=("axes fraction", "data"), va="center",
                        fontsize=8, annotation_clip=True,
                    )  # fmt: skip
            axes.set_ylim(low, high)
            axes.margins(x=0.01)
            whole = axes.dataLim.xmax >= 5  # no fractions of steps
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=whole, steps=[1, 2, 5, 10]))

    def name(self, *, x: str, y: str, log_x: bool = False, log_y: bool = False) -> None:
        """Name the axes and the lines, once all is drawn and the limits are set."""
        name_axes(self.axes, x=x, y=y, log_x=log_x, log_y=log_y)
        if self.has_legend:
            legend_above(self.figure, self.lines)
            return
        drawn = [[line for line in axes.get_lines() if line.get_label() in self.lines] for axes in self.axes]
        if all(len(lines) <= 1 for lines in drawn):
            for axes, own in zip(self.axes, drawn, strict=True):
                for line in (other for others in drawn for other in others if other not in own):
                    axes.plot(line.get_xdata(), line.get_ydata(), color="#c9cfd8", lw=0.7, zorder=1)
        else:
            self.figure.draw_without_rendering()  # how high the axes are is known once they are laid out
            for axes, lines in zip(self.axes, drawn, strict=True):
                self._name_ends(axes, lines)

    def _name_ends(self, axes: Axes, lines: Sequence[Line2D]) -> None:
        """Write each line's name at the right of the axes, as near to its end as the others let it."""
        ends = np.array([_end(axes, line) for line in lines])
        box = axes.get_window_extent()
        width, room = (72 / self.figure.dpi * side for side in (box.width, box.height))  # points
        size = min(8.0, room / max(len(lines), 1) / 1.1)
        for line, at, place in zip(lines, ends, spread_out(ends, 1.15 * size / room), strict=True):
            name = str(line.get_label())
            shown = name.removeprefix(self.lines[name].optimizer).strip() or name
            told = axes.annotate(
                shown, (1, at), xytext=(1 + 18 / width, place), xycoords="axes fraction", textcoords="axes fraction",
                color=legible(self.lines[name].color), fontsize=size, va="center",
                arrowprops={**_LEADER, "color": line.get_color()},
            )  # fmt: skip
            mark(told, name, self.lines[name].optimizer)


def legend_above(figure: Figure, lines: Mapping[str, Line]) -> None:
    """Name the lines in rows above the axes, where no data can be hidden."""
    handles = [
        Line2D([], [], color=line.color, linestyle=line.dash, linewidth=2.2) for line in lines.values()
    ]
    columns = math.ceil(len(lines) / _legend_rows(lines, figure.get_figwidth()))
    figure.legend(
        handles, list(lines), loc="outside upper center", ncols=columns, handlelength=2.2, columnspacing=1.2
    )


def _legend_rows(lines: Mapping[str, Line], width: float) -> int:
    """Return in how many rows the names fit into so many inches."""
    longest = max((len(label) for label in lines), default=1)
    return math.ceil(len(lines) / max(1, int(width * 13 // (longest + 6))))


def spread_out(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Return places within 0 and 1 near the wanted ones, in their order, and at least a gap apart if they fit."""
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    upwards = np.maximum.accumulate(wanted[order] - steps)
    places = np.empty(len(wanted))
    places[order] = np.minimum(upwards, 1 - steps[-1:].sum()) + steps
    return places


def _end(axes: Axes, line: Line2D) -> float:
    """Return how high a line ends, as a share of the axes; one that leaves them upwards ends at their top."""
    y = np.asarray(line.get_ydata(), dtype=float)
    if len(y) == 0 or not np.isfinite(y[-1]):
        return 1.0
    at = axes.transAxes.inverted().transform(axes.transData.transform((0.5, y[-1])))[1]
    return float(np.clip(at, 0, 1)) if np.isfinite(at) else 0.0
