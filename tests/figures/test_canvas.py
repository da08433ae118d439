"""Limits and ticks of axes by hand."""

import numpy as np
import pytest

from study.figures.style.canvas import limits, name_axes, panels, sheet


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
    name_axes(axes, x="update", y="loss", log_y=True)
    figure.draw_without_rendering()
    shown = [tick for tick in axes.yaxis.get_majorticklocs() if 0.01 <= tick <= 0.01 * span * (1 + 1e-9)]
    assert len(shown) >= 3
    assert axes.get_ylabel() == "loss (log scale)"


def test_panels_are_labelled_outside_only() -> None:
    """Three panels in two columns: x below the second and third, y left of the first and third."""
    _, axes = panels(3, columns=2, x="x", y="y")
    assert [panel.get_xlabel() for panel in axes] == ["", "x", "x"]
    assert [panel.get_ylabel() for panel in axes] == ["y", "", "y"]
