"""A figure of anybody's: its options are its fields, checked by their annotations."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from matplotlib.figure import Figure

from study.errors import InvalidInput
from study.figures.base import Chart, Context, Value
from study.ranges import Count, Range, Text


@dataclass(frozen=True)
class MyFigure(Chart[int]):
    """A figure with an option of each kind."""

    x: Literal["step", "epoch"] = "step"
    value: Value = None
    best: Count | None = None
    log: bool = False
    name: Text = ""
    free: int = 0
    even: Annotated[int, Range("even", lambda value: isinstance(value, int) and value % 2 == 0)] = 0

    def compute(self, context: Context) -> int:
        return len(context.sweep.runs)

    def draw(self, table: int, context: Context) -> Figure:
        return Figure(figsize=(table, len(context.sweep.runs)))

    def caption(self, table: int, context: Context) -> str:
        return f"{table} of {len(context.sweep.runs)} runs."


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"x": "epochs"}, "my_figure.x must be one of epoch, step, got 'epochs'; did you mean 'epoch'?"),
        (
            {"value": "exces"},
            "my_figure.value must be one of eval_last_epoch, excess, final_eval_loss, last_epoch_loss, or null for "
            "the report's, got 'exces'; did you mean 'excess'?",
        ),
        ({"best": 0}, "my_figure.best must be a whole number >= 1, or null, got 0"),
        ({"log": "yes"}, "my_figure.log must be true or false, got 'yes'"),
        ({"name": 3}, "my_figure.name must be text, got 3"),
        ({"even": 3}, "my_figure.even must be even, got 3"),
    ],
)
def test_a_value_out_of_its_range_is_one_line(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        MyFigure(**options)
    assert str(caught.value) == said


def test_what_is_in_range_or_has_none_is_taken() -> None:
    figure = MyFigure(x="epoch", value="excess", best=3, log=True, name="a", free=-1, even=2)
    assert (figure.x, figure.value, figure.best) == ("epoch", "excess", 3)
