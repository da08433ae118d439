"""Figures become pictures: computed before any is drawn, and as wide as their row lets them be."""

from dataclasses import dataclass, field

import pytest
from matplotlib.figure import Figure

from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.figures.base import Chart, Context
from study.figures.style.canvas import HALF, WIDE
from study.report.gallery import draw_all
from study.report.plan import FigurePlan
from tests.figures.drawing import context_of


@dataclass(frozen=True)
class Logged(Chart[int]):
    """A figure of some width that writes down what it is asked for."""

    width: float = HALF
    refuses: bool = False
    log: list[str] = field(default_factory=list)

    def compute(self, context: Context) -> int:
        self.log.append("compute")
        if self.refuses:
            raise InvalidInput("it cannot be drawn from this sweep")
        return len(context.sweep.runs)

    def draw(self, table: int, context: Context) -> Figure:
        self.log.append(f"draw {table} of {len(context.sweep.runs)}")
        return Figure(figsize=(self.width, 1))

    def caption(self, table: int, context: Context) -> str:
        self.log.append(f"caption {table}")
        return f"{table} of {len(context.sweep.runs)}"


def _widths(*widths: float) -> list[float]:
    plans = [FigurePlan(f"f{index}", Logged(width)) for index, width in enumerate(widths)]
    return [picture.width for picture in draw_all(plans, context_of(parabola_sweep(seeds=1, steps=32)))]


def test_one_table_serves_picture_and_caption() -> None:
    log: list[str] = []
    (picture,) = draw_all([FigurePlan("a", Logged(log=log))], context_of(parabola_sweep(seeds=1, steps=32)))
    assert log == ["compute", "draw 4 of 4", "caption 4"]
    assert (picture.file, picture.caption) == ("a", "4 of 4")
    assert picture.png.startswith(b"\x89PNG")
    assert "<svg" in picture.svg


def test_nothing_is_drawn_where_one_figure_cannot_be() -> None:
    log: list[str] = []
    plans = [FigurePlan("a", Logged(log=log)), FigurePlan("b", Logged(refuses=True))]
    with pytest.raises(InvalidInput, match="cannot be drawn"):
        draw_all(plans, context_of(parabola_sweep(seeds=1, steps=32)))
    assert log == ["compute"]


@pytest.mark.parametrize(
    ("widths", "expected"),
    [
        ([HALF], [WIDE]),
        ([HALF, HALF], [HALF, HALF]),
        ([HALF, HALF, HALF], [HALF, HALF, WIDE]),
        ([WIDE, HALF, WIDE], [WIDE, WIDE, WIDE]),
        ([HALF, WIDE, HALF, HALF], [WIDE, WIDE, HALF, HALF]),
        ([], []),
    ],
)
def test_a_narrow_figure_alone_in_its_row_is_widened(widths: list[float], expected: list[float]) -> None:
    assert _widths(*widths) == expected
