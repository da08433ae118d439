"""Draw every figure of a plan, and turn each into SVG, PNG and a caption."""

import base64
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

from study.figures.base import Context
from study.figures.style import theme
from study.figures.style.canvas import HALF, WIDE
from study.figures.table import Table
from study.report.plan import FigurePlan

LARGEST_SVG = 300_000  # bytes; beyond it the page embeds the PNG


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawn figure."""

    file: str  # its name without suffix
    caption: str
    svg: str
    png: bytes  # the same in pixels
    width: float  # in inches, which says how much of a page it wants
    tables: Sequence[Table]  # of its numbers, for the page

    @property
    def element(self) -> Markup:
        """The picture in a page: an SVG whose ids are its own, or pixels where that would be too large."""
        if len(self.svg) > LARGEST_SVG:
            png = base64.b64encode(self.png).decode()
            return Markup('<img alt="{}" src="data:image/png;base64,{}">').format(self.file, png)
        svg = self.svg[self.svg.index("<svg") :]
        svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{self.file}-", svg)
        # The one style rule of Matplotlib's pictures would hold for the whole page.
        rule = '<style type="text/css">'
        return Markup(
            svg.replace(f"{rule}*{{", f"{rule}#{self.file}-figure_1 *{{")
        )  # Matplotlib's own, escaped by it


def draw_all(plans: Sequence[FigurePlan], context: Context) -> list[Picture]:
    """Return the pictures of all plans, in order. Every figure is computed before the first is drawn.

    Raises:
        InvalidInput: a figure cannot be drawn from this sweep.
    """
    tables = [plan.chart.compute(context) for plan in plans]
    with mpl.rc_context(theme()):
        drawn = [plan.chart.draw(table, context) for plan, table in zip(plans, tables, strict=True)]
        _widen_lonely(drawn)
        return [
            saved(plan.file, plan.chart.caption(table, context), figure, plan.chart.tables(table, context))
            for plan, figure, table in zip(plans, drawn, tables, strict=True)
        ]


def saved(file: str, caption: str, figure: Figure, tables: Sequence[Table] = ()) -> Picture:
    """Return a drawn figure as a picture; the caller sets the theme."""
    return Picture(
        file=file,
        caption=caption,
        # fewer pixels for what is rasterised in it, which a page holds as text; no date, which would differ
        svg=_bytes(figure, format="svg", dpi=110, metadata={"Date": None}).decode(),
        png=_bytes(figure, format="png"),
        width=float(figure.get_figwidth()),
        tables=tables,
    )


def write_pictures(pictures: Iterable[Picture], folder: Path) -> None:
    """Write each picture as SVG and PNG into `figures/` of a folder."""
    (folder / "figures").mkdir()
    for picture in pictures:
        (folder / "figures" / f"{picture.file}.svg").write_text(picture.svg, encoding="utf-8")
        (folder / "figures" / f"{picture.file}.png").write_bytes(picture.png)


def _widen_lonely(figures: Sequence[Figure]) -> None:
    """Widen each narrow figure that has no other to share its row with."""
    waiting: Figure | None = None
    for figure in [*figures, None]:
        narrow = figure is not None and figure.get_figwidth() <= HALF
        if waiting is not None and not narrow:
            waiting.set_figwidth(WIDE)
        waiting = figure if narrow and waiting is None else None


def _bytes(figure: Figure, **how: Any) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, **how)
    return target.getvalue()
