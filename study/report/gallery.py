"""Draw every figure of a plan, and turn each into SVG, PDF, PNG, further views and a caption."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

from study.errors import InvalidInput
from study.figures.base import Chart, Context, Switch
from study.figures.style import theme
from study.figures.style.canvas import HALF, WIDE
from study.figures.table import Table
from study.report.plan import FigurePlan
from study.report.vector import inline, name_axes_of, readable

LARGEST_VIEW = 150_000
"""Bytes of a picture beyond which a page has no further views of it."""


@dataclass(frozen=True, slots=True)
class View:
    """One drawing of a figure."""

    choices: Sequence[str]  # what it shows of each switch, in words
    svg: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawn figure.

    Attributes:
        file: its name without suffix.
        caption: its text.
        views: its drawings, the one that is written to files first.
        png: that one in pixels.
        pdf: that one for print.
        width: in inches, which says how much of a page it wants.
        tables: of its numbers, for the page.
        switches: what its views differ in.
        runs: the ids of those that it stands on; None for all of the report.
        stands: those in words, as a page says it; nothing where it has none of its own.
    """

    file: str
    caption: str
    views: Sequence[View]
    png: bytes
    pdf: bytes
    width: float
    tables: Sequence[Table] = ()
    switches: Sequence[Switch] = ()
    runs: Sequence[str] | None = None
    stands: str = ""

    @property
    def svg(self) -> str:
        """The drawing that is written to a file."""
        return self.views[0].svg

    @property
    def name(self) -> str:
        """What it is called in words."""
        return self.file.replace("_", " ")

    @property
    def elements(self) -> list[tuple[str, Markup]]:
        """Each drawing as an element of a page, beside what it shows of each switch."""
        return [
            (
                " ".join(view.choices),
                inline(view.svg, name=f"{self.file}-{index}", title=self.name, description=self.caption),
            )
            for index, view in enumerate(self.views)
        ]


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
            _with_views(plan, table, saved(plan.file, plan.chart.caption(table, context), figure), context)
            for plan, figure, table in zip(plans, drawn, tables, strict=True)
        ]


def saved(file: str, caption: str, figure: Figure) -> Picture:
    """Return a drawn figure as a picture, laid out once for all its files; the caller sets the theme."""
    svg = _svg(figure)
    figure.set_layout_engine("none")
    return Picture(
        file=file,
        caption=caption,
        views=[View((), svg)],
        png=_bytes(figure, format="png"),
        pdf=_bytes(figure, format="pdf", metadata={"CreationDate": None}),
        width=float(figure.get_figwidth()),
    )


def write_pictures(pictures: Iterable[Picture], folder: Path) -> None:
    """Write each picture as SVG, PDF and PNG into `figures/` of a folder."""
    (folder / "figures").mkdir()
    for picture in pictures:
        (folder / "figures" / f"{picture.file}.svg").write_text(picture.svg, encoding="utf-8")
        (folder / "figures" / f"{picture.file}.pdf").write_bytes(picture.pdf)
        (folder / "figures" / f"{picture.file}.png").write_bytes(picture.png)


def _with_views(plan: FigurePlan, table: Any, picture: Picture, context: Context) -> Picture:
    """Return a picture with what its figure says beside it, and all that its switches let a reader see."""
    chart: Any = plan.chart  # a dataclass, which its type does not say
    own = replace(picture, tables=chart.tables(table, context), runs=chart.stands_on(table, context))
    switches = [switch for switch in chart.switches() if getattr(chart, switch.option) in switch.choices]
    if not switches or len(picture.svg) > LARGEST_VIEW:
        return own
    views = {}
    for values in product(*(switch.choices for switch in switches)):
        options = dict(zip((switch.option for switch in switches), values, strict=True))
        words = tuple(switch.choices[value] for switch, value in zip(switches, values, strict=True))
        alike = all(
            switch.drawn or options[switch.option] == getattr(chart, switch.option) for switch in switches
        )
        if all(getattr(chart, option) == value for option, value in options.items()):
            views[words] = picture.svg
        elif context.sweep.is_large and not alike:
            continue  # it would read every value once more
        elif (
            svg := _view(replace(chart, **options), table if alike else None, picture, context)
        ) is not None:
            views[words] = svg
    ordered = sorted(views, key=lambda words: views[words] != picture.svg)  # what is in the files is first
    return replace(own, switches=switches, views=[View(words, views[words]) for words in ordered])


def _view(chart: Chart[Any], table: Any, picture: Picture, context: Context) -> str | None:
    """Return a figure drawn otherwise, as wide as the picture; None where it cannot be."""
    try:
        figure = chart.draw(chart.compute(context) if table is None else table, context)
    except InvalidInput:
        return None
    figure.set_figwidth(picture.width)
    return _svg(figure)


def _widen_lonely(figures: Sequence[Figure]) -> None:
    """Widen each narrow figure that has no other to share its row with."""
    waiting: Figure | None = None
    for figure in [*figures, None]:
        narrow = figure is not None and figure.get_figwidth() <= HALF
        if waiting is not None and not narrow:
            waiting.set_figwidth(WIDE)
        waiting = figure if narrow and waiting is None else None


def _svg(figure: Figure) -> str:
    name_axes_of(figure)
    # fewer pixels for what is rasterised in it, which a page holds as text; no date, which would differ
    svg = _bytes(figure, format="svg", dpi=110, metadata={"Date": None}).decode()
    return readable(svg, figure)


def _bytes(figure: Figure, **how: Any) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, **how)
    return target.getvalue()
