"""Standing: the map of a field, how far each optimizer ends behind the best one of each problem."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from seaborn import color_palette

from study.compare.pictures.labels import FOCUS, name_rows, shortened
from study.figures.style import INK, SOFT
from study.figures.style.canvas import FIXED, WIDE
from study.figures.style.contrast import contrast

DARKEST = 4.0
"""Decades behind from which on all cells look alike."""

_EACH = 0.27  # inches, of a row
_SMALL = 8  # points
_SLANT = 60  # degrees
_EXPOSED = 28  # letters of what a problem exposes
_LEAST = 10  # columns that the sheet is wide, so that a few are not as wide as a page
_CORNER = [(-1, 0), (0, 0), (0, -1)]  # the upper right one, as a marker


def draw_standing(
    table: pd.DataFrame, *, exposes: Mapping[str, str], order: Sequence[str], focus: str | None = None
) -> Figure:
    """Return a map with a row for each optimizer and a column for each problem.

    Args:
        table: one row per problem and optimizer. Columns: `problem`, `label`, `behind` (decades above the least
            median excess of the problem; infinite where most runs diverged), `best` (not told from the best one),
            `failed` (share of runs that diverged or made no progress). A cell that it does not have stays blank.
        exposes: what each problem exposes, in the order of the columns.
        order: the labels in the order of the rows, the one of the best mean rank first.
        focus: the label that is being compared, whose row stands out.
    """
    figure = Figure(figsize=(WIDE, 2.6 + _EACH * len(order)))
    axes = figure.subplots()
    cells = _cells(table, list(exposes), order)
    image = _draw_colors(axes, cells, (len(order), len(exposes)))
    for color in ("black", "white"):
        _draw_cells(axes, [cell for cell in cells if _readable(image, cell) == color], color)
    name_rows(axes, order, first=0.5, focus=focus)
    _name_columns(axes, exposes)
    if focus is not None and focus in order:
        corner = (0, list(order).index(focus))
        axes.add_patch(
            Rectangle(corner, len(exposes), 1, fill=False, ec=FOCUS, lw=2.4, clip_on=False, zorder=3)
        )
    _explain(figure, axes, image)
    return figure


@dataclass(frozen=True, slots=True)
class _Cell:
    row: int
    column: int
    behind: float
    best: bool
    failed: float

    @property
    def text(self) -> str:
        """How many decades behind, as it is written."""
        if math.isinf(self.behind):
            return "∞"
        if self.behind >= 9.95:
            return ">9"
        return f"{self.behind:.1f}" if self.behind > 0 else "0"

    @property
    def shade(self) -> float:
        """Where it lies on the scale of colours; beyond it where most runs diverged."""
        return 2 * DARKEST if math.isinf(self.behind) else min(self.behind, DARKEST)


def _cells(table: pd.DataFrame, problems: Sequence[str], order: Sequence[str]) -> list[_Cell]:
    known = table[table["label"].isin(order) & table["problem"].isin(problems)]
    return [
        _Cell(
            list(order).index(cell["label"]), list(problems).index(cell["problem"]), float(cell["behind"]),
            bool(cell["best"]), float(cell["failed"]),
        )
        for cell in known.to_dict("records")
    ]  # fmt: skip


def _colors() -> Colormap:
    """Return the study's map of one hue, light for the best, its blackest third left for what diverged."""
    taken = color_palette("mako_r", as_cmap=True)(np.linspace(0, 0.72, 256))
    return LinearSegmentedColormap.from_list("behind", taken).with_extremes(over=INK, bad="white")


def _draw_colors(axes: Axes, cells: Sequence[_Cell], size: tuple[int, int]) -> AxesImage:
    rows, columns = size
    shades: Float[np.ndarray, "label problem"] = np.full(size, np.nan)
    for cell in cells:
        shades[cell.row, cell.column] = cell.shade
    image = axes.imshow(
        shades,
        cmap=_colors(),
        vmin=0,
        vmax=DARKEST,
        extent=(0, columns, rows, 0),
        aspect="auto",
        interpolation="none",
    )
    axes.hlines(range(1, rows), 0, columns, color="white", lw=1.2)
    axes.vlines(range(1, columns), 0, rows, color="white", lw=1.2)
    axes.set(xlim=(0, max(columns, _LEAST)), ylim=(rows, 0))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return image


def _draw_cells(axes: Axes, cells: Sequence[_Cell], color: str) -> None:
    """Write the cells of one ink, frame those not told from the best, mark the corner where some runs failed.

    The ink is the one that the colours below it ask for, on whatever page.
    """
    for cell in cells:
        middle = (cell.column + 0.5, cell.row + 0.53)
        axes.text(*middle, cell.text, color=color, fontsize=_SMALL, ha="center", va="center", gid=FIXED)
    inset = Path.unit_rectangle().transformed(Affine2D().scale(0.84).translate(0.08, 0.08))
    places = [Affine2D().translate(cell.column, cell.row) for cell in cells if cell.best]
    if places:
        frames = Path.make_compound_path(*(inset.transformed(place) for place in places))
        axes.add_patch(PathPatch(frames, fill=False, edgecolor=color, linewidth=1.0, gid=FIXED))
    some = [cell for cell in cells if cell.failed > 0 and math.isfinite(cell.behind)]
    across, down = [cell.column + 0.94 for cell in some], [cell.row + 0.06 for cell in some]
    axes.plot(across, down, linestyle="", marker=_CORNER, ms=9, color=color, mew=0, gid=FIXED)


def _readable(image: AxesImage, cell: _Cell) -> str:
    """Return black or white, whichever has more contrast with a cell."""
    red, green, blue, _ = np.asarray(image.to_rgba(np.array(cell.shade))).tolist()
    shade = to_hex((red, green, blue))
    return max("black", "white", key=lambda ink: contrast(ink, shade))


def _name_columns(axes: Axes, exposes: Mapping[str, str]) -> None:
    """Write each problem on a slant above its column, and what it exposes along it."""
    axes.set_xticks([])
    for column, (problem, exposed) in enumerate(exposes.items()):
        short = shortened(exposed, _EXPOSED)
        for text, color, offset in ((problem, INK, (-2.0, 6.0)), (short, SOFT, (5.5, 2.5))):
            axes.annotate(
                text, (column + 0.5, 0), xytext=offset, textcoords="offset points", rotation=_SLANT,
                rotation_mode="anchor", ha="left", va="baseline", fontsize=_SMALL, color=color,
            )  # fmt: skip


def _explain(figure: Figure, axes: Axes, image: AxesImage) -> None:
    """Draw the scale of colours, and name the marks."""
    bar = figure.colorbar(image, ax=axes, orientation="horizontal", shrink=0.5, aspect=34, pad=0.02)
    bar.set_ticks(range(5), labels=["0", "1", "2", "3", "4 and more"], fontsize=_SMALL)
    bar.set_label("decades behind the least median excess of the problem", fontsize=9)
    handles = [
        Patch(facecolor="none", edgecolor="black", linewidth=1.2, label="not told from the best"),
        Line2D([], [], linestyle="", marker=_CORNER, ms=9, color="black", mew=0, label="some runs failed"),
        Patch(color=INK, label="∞: most runs diverged"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
