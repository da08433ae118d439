"""Draw every figure of a plan, and turn each into SVG, PNG and a caption."""

import base64
import inspect
import io
import re
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from study.errors import InvalidInput, one_of
from study.figures.style import Style
from study.frames import SweepFrames
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


def draw_all(plans: tuple[FigurePlan, ...], sweep: SweepFrames, style: Style) -> list[Picture]:
    """Return the pictures of all plans, in order.

    Raises:
        InvalidInput: an option that the figure does not have.
    """
    theme: Any = style.theme()  # Any: Matplotlib's stubs want every key as a literal
    with mpl.rc_context(theme):
        return [_picture(plan, sweep, style) for plan in plans]


def _picture(plan: FigurePlan, sweep: SweepFrames, style: Style) -> Picture:
    module = import_module(f"study.figures.{plan.name}")
    _check_options(plan, module)
    figure: Figure = module.draw(sweep, style, **plan.options)
    return Picture(
        file=plan.file,
        caption=module.caption(sweep, style, **plan.options),
        svg=_saved(figure, "svg").decode(),
        png=_saved(figure, "png"),
        width=float(figure.get_figwidth()),
    )


def _check_options(plan: FigurePlan, module: ModuleType) -> None:
    parameters = inspect.signature(module.draw).parameters.values()
    valid = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    for option in plan.options:
        if option not in valid:
            raise InvalidInput(one_of(f"an option of figure {plan.name}", option, [*valid, "file"]))


def _saved(figure: Figure, format: str) -> bytes:
    """Return the figure as a file's bytes, without the date that would make every file a new one."""
    target = io.BytesIO()
    if format == "svg":  # fewer pixels for what is rasterised in it: a page holds them as text
        figure.savefig(target, format=format, dpi=110, metadata={"Date": None})
    else:
        figure.savefig(target, format=format)
    return target.getvalue()
