"""Draw every figure of a plan, and turn each into SVG, PNG and a caption."""

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.figure import Figure

from study.figures.base import Context
from study.figures.style import theme
from study.figures.style.canvas import HALF, WIDE
from study.report.plan import FigurePlan

LARGEST_SVG = 300_000  # bytes; beyond it the page embeds the PNG


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawn figure.

    Attributes:
        file: its file name without suffix.
        caption: claim, n and interval.
        svg: the vector picture.
        png: the same in pixels.
        width: in inches, which says how much of a page it wants.
    """

    file: str
    caption: str
    svg: str
    png: bytes
    width: float

    @property
    def base64(self) -> str:
        """The PNG as text."""
        return base64.b64encode(self.png).decode()

    @property
    def inline(self) -> str | None:
        """The SVG as an element of a page, its ids its own, or None where it is too large for that."""
        if len(self.svg) > LARGEST_SVG:
            return None
        element = self.svg[self.svg.index("<svg") :]
        element = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{self.file}-", element)
        # The one style rule of Matplotlib's pictures would hold for the whole page.
        return element.replace(
            '<style type="text/css">*{', f'<style type="text/css">#{self.file}-figure_1 *{{'
        )


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
            _picture(plan.file, figure, plan.chart.caption(table, context))
            for plan, figure, table in zip(plans, drawn, tables, strict=True)
        ]


def _widen_lonely(figures: Sequence[Figure]) -> None:
    """Widen each narrow figure that has no other to share its row with."""
    waiting: Figure | None = None
    for figure in [*figures, None]:
        narrow = figure is not None and figure.get_figwidth() <= HALF
        if waiting is not None and not narrow:
            waiting.set_figwidth(WIDE)
        waiting = figure if narrow and waiting is None else None


def _picture(file: str, figure: Figure, caption: str) -> Picture:
    return Picture(
        file=file,
        caption=caption,
        svg=_saved(figure, "svg").decode(),
        png=_saved(figure, "png"),
        width=float(figure.get_figwidth()),
    )


def _saved(figure: Figure, format: str) -> bytes:
    """Return the figure as a file's bytes, without the date that would make every file a new one."""
    target = io.BytesIO()
    if format == "svg":  # fewer pixels for what is rasterised in it: a page holds them as text
        figure.savefig(target, format=format, dpi=110, metadata={"Date": None})
    else:
        figure.savefig(target, format=format)
    return target.getvalue()
