"""Optimizers as paths on a map: where each rule went, over the problem's contours."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from typing_extensions import override

from study.figures.base import Chart, Context, run_ids
from study.figures.style import INK, MOST_NAMED, Line
from study.figures.style.canvas import mark, name_axes, panels, used_lines
from study.figures.style.layout import legend_above
from study.figures.style.words import diverged_of, number, some
from study.ranges import Count
from study.stats.summary import shortlist
from study.stats.surface import Surface, paths, surfaces
from study.tracking import names

_TIMES = 3  # from a contour to the next: ten of them span five decades, as a valley's floor and its walls do
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Walks:
    """What is drawn: the path of each label's first seed, the names of its coordinates, each label's surface."""

    walked: pd.DataFrame
    names: tuple[str, str]
    surfaces: Mapping[str, Surface]


@dataclass(frozen=True)
class Trajectories(Chart[Walks]):
    """The paths of a problem's two parameters, a panel per label or all in one; contours where they are known.

    Args:
        together: one panel for all, as long as they are not more than a legend can name.
        best: show so many labels at most, those with the lowest median of the report's value.
    """

    together: bool = False
    best: Count = 16

    @override
    def compute(self, context: Context) -> Walks:
        runs, shown = context.runs, shortlist(context.runs, context.value, self.best)
        first = runs[runs["label"].isin(shown)].drop_duplicates("label")[["run_id", "label", "status"]]
        walked, names = paths(context.sweep.recorded.read(run_ids(first), None))
        return Walks(walked.merge(first, on="run_id").sort_values(["label", "step"]), names, surfaces(runs))

    @override
    def draw(self, table: Walks, context: Context) -> Figure:
        lines = used_lines(context.style, table.walked["label"])
        if self._is_together(table):
            figure, axes = panels(1, columns=1, height=4.2)
            legend_above(figure, lines)
        else:
            columns, height = (2, 2.2) if len(lines) <= MOST_NAMED else (4, 1.6)
            figure, axes = panels(len(lines), columns=columns, height=height)
            for label, panel in zip(lines, axes, strict=True):
                panel.set_title(label)
        sheets = dict(zip(lines, cycle(axes), strict=False))
        minima = np.array([surface.minimum for surface in table.surfaces.values()]).reshape(-1, 2).T
        ends = [_ends(table.walked, side, at) for side, at in zip(("x", "y"), minima, strict=True)]
        for panel in axes:
            panel.set(xlim=ends[0], ylim=ends[1])
            panel.grid(visible=False)
            shown = {one for label, one in table.surfaces.items() if sheets.get(label) is panel}
            if len(shown) == 1:  # of several none would be that of all paths
                _draw_contours(panel, *shown)
        for label, line in lines.items():
            mark(
                _walk(sheets[label], table.walked[table.walked["label"] == label], line),
                label,
                line.optimizer,
            )
        x, y = (name.translate(_SUBSCRIPTS) for name in table.names)
        name_axes(axes, x=x, y=y)
        return figure

    @override
    def stands_on(self, table: Walks, context: Context) -> Sequence[str]:
        return run_ids(context.runs[context.runs["run_id"].isin(table.walked["run_id"].unique())])

    @override
    def caption(self, table: Walks, context: Context) -> str:
        ends = table.walked.groupby("label", observed=True).tail(1).to_dict("records")
        steps, labels = max(int(end["step"]) for end in ends), context.runs["label"].nunique()
        where = some([
            f"{end['label']} ({number(end['x'])}, {number(end['y'])})"
            + (f" at step {end['step']}" if end["step"] < steps else "")
            for end in ends
        ])  # fmt: skip
        fewer = f" Shown are the {len(ends)} of {labels} that end lowest." if len(ends) < labels else ""
        return (
            f"After {steps} steps: {where}. Dots: every step, from the cross.{fewer} "
            f"{self._told(table, context.runs['seed'].nunique())}{diverged_of(context.runs)}"
        )

    def _is_together(self, table: Walks) -> bool:
        return self.together and table.walked["label"].nunique() <= MOST_NAMED

    def _told(self, table: Walks, seeds: int) -> str:
        """Say what the map is, and which seed walks on it."""
        one = "One path per setting: n = 1, no interval."
        first = one if seeds == 1 else f"Drawn is the first of {seeds} seeds: n = 1, no interval."
        if not table.surfaces:
            unknown = "what the store keeps of this problem does not say how high its loss is elsewhere"
            return f"No contours: {unknown}. {first}"
        if self._is_together(table) and len(set(table.surfaces.values())) > 1:
            return f"No contours: the surfaces of the settings differ. {first}"
        return f"The star is the minimum; contours of the loss, each {_TIMES} times the one within. {first}"


def _ends(walked: pd.DataFrame, side: str, minima: Iterable[float]) -> tuple[float, float]:
    """Return the ends of an axis: around all paths and known minima, but not after one that diverges."""
    calm = walked.loc[(walked["status"] != names.DIVERGED) | (walked["step"] == 0), side]
    around = [*calm, *minima]
    low, high = float(min(around)), float(max(around))
    room = 0.08 * ((high - low) or 1.0)
    return low - room, high + room


def _draw_contours(axes: Axes, surface: Surface) -> None:
    across, up = np.meshgrid(np.linspace(*axes.get_xlim(), 131), np.linspace(*axes.get_ylim(), 81))
    height = surface.height(across, up)
    levels: Sequence[float] = height.max() / float(_TIMES) ** np.arange(10, -1, -1)
    axes.contour(across, up, height, levels=levels, colors="#c3cad4", linewidths=0.8)
    axes.plot(*surface.minimum, "*", color=INK, ms=9, zorder=4)


def _walk(axes: Axes, path: pd.DataFrame, line: Line) -> list[Line2D]:
    x, y = path["x"], path["y"]
    return [
        *axes.plot(x, y, color=line.color, ls=line.dash, lw=1.3, alpha=0.9),
        *axes.plot(x, y, "o", color=line.color, ms=3, mew=0),
        *axes.plot(x.iloc[:1], y.iloc[:1], "X", color=INK, ms=7, mec="white", zorder=5),
    ]
