"""Where lines go: a legend for few, a panel per optimizer for many, names at their ends."""

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.text import Annotation

from study.figures.style import Style, theme
from study.figures.style.layout import Layout, spread_out

COLORS = {"sgd": "#0072b2", "adam": "#b03a00", "nag": "#5a46e0"}


@pytest.fixture(autouse=True)
def themed() -> Iterator[None]:
    """Draw as reports do."""
    with mpl.rc_context(theme()):
        yield


def _layout(optimizers: dict[str, str]) -> Layout:
    """Return axes in which each line runs from 1 to its place among all."""
    layout = Layout.of(Style(COLORS, {}).lines_of(optimizers))
    for index, name in enumerate(optimizers):
        layout.places[name].plot([0, 1], [1, index], label=name)
    for axes in layout.axes:
        axes.set_ylim(0, len(optimizers))
    layout.name(x="x", y="y")
    return layout


def test_few_lines_share_one_pair_of_axes_under_a_legend() -> None:
    names = {f"adam lr={index}": "adam" for index in range(8)}
    layout = _layout(names)
    (axes,) = layout.figure.axes
    (legend,) = layout.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(names)
    layout.figure.draw_without_rendering()
    assert legend.get_window_extent().y0 >= axes.get_window_extent().y1  # above the data, not on them


def test_many_lines_have_a_panel_per_optimizer_and_are_named_at_their_ends() -> None:
    """Three optimizers at three rates: nine short names, each in its own panel."""
    names = {f"{optimizer} lr={rate}": optimizer for optimizer in COLORS for rate in (1, 2, 3)}
    layout = _layout(names)
    assert [axes.get_title(loc="left") for axes in layout.figure.axes] == list(COLORS)
    assert not layout.figure.legends
    for axes in layout.figure.axes:
        ends = [text for text in axes.texts if isinstance(text, Annotation)]
        assert [text.get_text() for text in ends] == ["lr=1", "lr=2", "lr=3"]
        assert all(text.xyann[0] > 1 for text in ends)  # beside the data, not on them


def test_the_only_line_of_an_optimizer_is_named_by_its_panel() -> None:
    """The others stand behind it in grey."""
    names = {f"rule{index}": f"rule{index}" for index in range(9)}
    layout = Layout.of(Style(dict.fromkeys(names, "#0072b2"), {}).lines_of(names))
    for name in names:
        layout.places[name].plot([0, 1], [0, 1], label=name)
    layout.name(x="x", y="y")
    for name, axes in zip(names, layout.figure.axes, strict=True):
        assert axes.get_title(loc="left") == name
        assert not axes.texts
        assert len(axes.get_lines()) == 9


def test_many_lines_of_one_optimizer_keep_one_pair_of_axes() -> None:
    """Sixteen names, none over another."""
    layout = _layout({f"sgd lr={index}": "sgd" for index in range(16)})
    (axes,) = layout.figure.axes
    layout.figure.draw_without_rendering()
    middles = sorted(text.get_position()[1] for text in axes.texts)
    assert len(middles) == 16
    room = axes.get_window_extent().height / layout.figure.dpi * 72  # points
    assert min(np.diff(middles)) * room >= max(text.get_fontsize() for text in axes.texts)


def test_a_line_that_leaves_upwards_is_named_at_the_top() -> None:
    layout = Layout.of(Style(COLORS, {}).lines_of({f"sgd lr={index}": "sgd" for index in range(9)}))
    for index, name in enumerate(layout.lines):
        layout.places[name].plot([0, 1], [1, np.inf if index == 0 else index], label=name)
    layout.axes[0].set_ylim(0, 9)
    layout.name(x="x", y="y")
    first = next(text for text in layout.axes[0].texts if text.get_text() == "lr=0")
    assert isinstance(first, Annotation)
    assert first.xy[1] == 1


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([0.2, 0.8], [0.2, 0.8]),
        ([0.5, 0.5, 0.5], [0.5, 0.6, 0.7]),
        ([1.0, 1.0, 0.0], [0.9, 1.0, 0.0]),
        ([0.95, 0.3, 0.96, 0.31], [0.9, 0.3, 1.0, 0.4]),
    ],
)
def test_places_by_hand(wanted: list[float], expected: list[float]) -> None:
    """At least a tenth apart, within 0 and 1, in their order."""
    assert spread_out(np.array(wanted), 0.1) == pytest.approx(expected)
