"""Limits and ticks of axes by hand."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from study.figures.style import Style, theme
from study.figures.style.canvas import WIDE, limits, name_axes, panels, rows, sheet, used_lines


def test_limits_ignore_what_cannot_be_drawn() -> None:
    """Infinity and NaN anywhere, zero on a log axis; 5% of room at each end."""
    values = np.array([np.inf, np.nan, 0.0, 1.0, 100.0])
    assert limits(values, log=False) == pytest.approx((-5.0, 105.0))
    assert limits(values, log=True) == pytest.approx((10**-0.1, 10**2.1))
    assert limits(np.array([np.inf]), log=True) == (0.1, 10.0)


@pytest.mark.parametrize("log", [True, False])
def test_equal_values_are_not_spread_over_the_axis(log: bool) -> None:
    """A difference in the last digits stays invisible: at least 1% of room."""
    low, high = limits(np.array([2.0, 2.0 * (1 + 1e-12)]), log=log)
    assert low < 1.99
    assert high > 2.01


@pytest.mark.parametrize("span", [1.02, 1.5, 5, 50, 1e6])
def test_a_log_axis_always_has_numbers(span: float) -> None:
    """Three ticks at least, however narrow or wide."""
    figure, axes = sheet()
    axes.set_ylim(0.01, 0.01 * span)
    name_axes([axes], x="update", y="loss", log_y=True)
    figure.draw_without_rendering()
    shown = [tick for tick in axes.yaxis.get_majorticklocs() if 0.01 <= tick <= 0.01 * span * (1 + 1e-9)]
    assert len(shown) >= 3
    assert axes.get_ylabel() == "loss (log scale)"


def test_panels_are_numbered_outside_and_named_once() -> None:
    """Three panels in two columns: numbers below the second and third, left of the first and third."""
    figure, axes = panels(3, columns=2, height=2.0)
    name_axes(axes, x="x", y="y", log_y=True)
    assert [panel.xaxis.get_tick_params()["labelbottom"] for panel in axes] == [False, True, True]
    assert [panel.yaxis.get_tick_params()["labelleft"] for panel in axes] == [True, False, True]
    assert (figure.get_supxlabel(), figure.get_supylabel()) == ("x", "y (log scale)")
    assert not any(panel.get_xlabel() or panel.get_ylabel() for panel in axes)


@pytest.mark.parametrize(("height", "lines"), [(6.0, 1), (3.3, 2), (2.4, 3)])
def test_a_long_name_is_broken_to_the_height_of_its_axis(height: float, lines: int) -> None:
    """Nothing of it is cut, and the scale keeps a line of its own."""
    with mpl.rc_context(theme()):
        figure, axes = sheet(WIDE, height)
        name_axes([axes], x="update", y="training loss of the last epoch", log_y=True)
        figure.draw_without_rendering()
    assert axes.get_ylabel().count("\n") == lines - 1
    assert axes.get_ylabel().replace("\n", " ") == "training loss of the last epoch (log scale)"
    assert axes.yaxis.label.get_window_extent().y0 >= 0
    assert axes.yaxis.label.get_window_extent().y1 <= height * figure.dpi


def test_the_first_row_is_on_top_and_many_rows_lie_closer() -> None:
    """Fifty-two of them fit on a page."""
    few, axes = rows(["a", "b"])
    many, _ = rows([str(index) for index in range(52)])
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert many.get_figheight() / 52 < few.get_figheight() / 2
    assert many.get_figheight() < 11


def test_few_of_many_lines_are_told_apart_as_few_can_be() -> None:
    """Two of twelve settings of one optimizer: the ends of a palette, and not two neighbours in it."""
    runs = pd.DataFrame({"label": [f"sgd lr={index}" for index in range(12)], "optimizer": "sgd"})
    style = Style.of(runs, colors={"sgd": "#0072b2"}, spare=["#111111"])
    chosen = used_lines(style, ["sgd lr=3", "sgd lr=4"])
    assert list(chosen) == ["sgd lr=3", "sgd lr=4"]
    assert {line.color for line in chosen.values()} != {style.lines[label].color for label in chosen}
    assert len({line.dash for line in chosen.values()}) == 2
    assert used_lines(style, style.lines) == style.lines
