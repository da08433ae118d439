"""Mean ranks, and who is not told from whom."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text

from study.compare.pictures.ranks import draw_ranks
from study.figures.style import INK, SOFT
from tests.compare.pictures.drawing import is_whole, marked, place, saved, themed, told

RANKS = pd.DataFrame(
    {
        "label": ["sgd", "soap", "adam", "nag"],  # not in their order
        "rank": [3.5, 1.25, 2.0, 3.25],
        "low": [3.0, 1.0, 1.5, 2.5],
        "high": [4.0, 1.5, 2.5, 4.0],
    }
)
ORDER = ["soap", "adam", "nag", "sgd"]
COLORS = {"soap": "#117733", "adam": "#B03A00", "nag": "#5A46E0", "sgd": "#0072B2"}
GROUPS = [["soap", "adam"], ["adam", "nag", "sgd"]]


def _drawn(
    groups: list[list[str]] = GROUPS,
    difference: float = 1.5,
    focus: str | None = None,
    ranks: pd.DataFrame = RANKS,
) -> Figure:
    return themed(lambda: draw_ranks(ranks, groups, difference, colors=COLORS, focus=focus))


def _bars(axes: Axes, color: str) -> list[Line2D]:
    return [line for line in axes.get_lines() if line.get_color() == color]


def test_dots_and_intervals_stand_at_their_ranks_the_best_on_top() -> None:
    axes = _drawn().axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ORDER
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    dots = marked(axes, "o")
    for row in RANKS.to_dict("records"):
        at, color = ORDER.index(row["label"]), COLORS[row["label"]]
        assert place(dots[at]) == (row["rank"], at)
        (interval,) = [line for line in _bars(axes, color) if line is not dots[at]]
        assert np.asarray(interval.get_xydata()).tolist() == [[row["low"], at], [row["high"], at]]


def test_each_group_has_a_bar_beside_its_rows() -> None:
    """Right of the axes, those that share a row beside one another."""
    figure = _drawn()
    figure.draw_without_rendering()
    axes = figure.axes[0]
    bars = _bars(axes, SOFT)
    heights = [np.asarray(bar.get_ydata(), dtype=float).round().tolist() for bar in bars]
    assert heights == [[0, 1], [1, 3]]
    places = [bar.get_window_extent().x0 for bar in bars]
    assert axes.get_window_extent().x1 < places[0] < places[1]
    assert told(axes, Text) == ["not told\napart"]


def test_without_a_group_there_is_no_bar_and_no_word_of_it() -> None:
    axes = _drawn(groups=[]).axes[0]
    assert not _bars(axes, SOFT)
    assert not told(axes, Text)


@pytest.mark.parametrize("difference", [0.4, 1.5, 7.0])
def test_the_critical_difference_is_a_bar_of_its_length_on_the_axis(difference: float) -> None:
    axes = _drawn(difference=difference).axes[0]
    (ruler,) = _bars(axes, INK)
    start, end = np.asarray(ruler.get_xdata(), dtype=float).tolist()
    assert (start, end - start) == pytest.approx((1.25, difference))
    assert axes.get_xlim()[0] < start < end < axes.get_xlim()[1]
    assert min(np.asarray(ruler.get_ydata(), dtype=float)) < -0.5  # above the first row
    assert told(axes, Annotation) == [f"critical difference {difference:.2f} (Nemenyi)"]


def test_one_optimizer_has_no_critical_difference() -> None:
    """Nothing divides what is undefined."""
    axes = _drawn([], math.nan, ranks=RANKS[RANKS["label"] == "soap"]).axes[0]
    assert not _bars(axes, INK)
    assert list(marked(axes, "o")) == [0]
    assert axes.get_xlim()[0] < 1 < 2 < axes.get_xlim()[1]


def test_the_row_in_focus_stands_out() -> None:
    axes = _drawn(focus="adam").axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["soap", "▸ adam", "nag", "sgd"]
    (band,) = axes.patches
    box = band.get_extents().transformed(axes.transData.inverted())
    assert sorted((box.y0, box.y1)) == pytest.approx([0.5, 1.5])
    assert not _drawn().axes[0].patches


def _many() -> tuple[pd.DataFrame, list[list[str]]]:
    """Return 30 optimizers in 21 groups of ten neighbours."""
    labels = [f"schedulefree_adamw{index}" for index in range(30)]
    at = np.arange(1.0, 31)
    ranks = pd.DataFrame(
        {"label": labels, "rank": at, "low": np.maximum(at - 2, 1), "high": np.minimum(at + 2, 30)}
    )
    return ranks, [labels[first : first + 10] for first in range(21)]


@pytest.mark.slow
def test_thirty_optimizers_fit_on_the_sheet() -> None:
    """Bars of one lane do not touch."""
    ranks, groups = _many()
    colors = dict.fromkeys(ranks["label"], "#117733")
    assert is_whole(lambda: draw_ranks(ranks, groups, 9.5, colors=colors, focus="schedulefree_adamw3"))
    figure = themed(lambda: draw_ranks(ranks, groups, 9.5, colors=colors))
    boxes = [bar.get_window_extent() for bar in _bars(figure.axes[0], SOFT)]
    assert len(boxes) == 21
    lanes = {round(box.x0) for box in boxes}
    assert len(lanes) == 10
    for lane in lanes:
        own = sorted((box for box in boxes if round(box.x0) == lane), key=lambda box: box.y0)
        assert all(lower.y1 < upper.y0 for lower, upper in pairwise(own))


@pytest.mark.slow
def test_the_same_frame_gives_the_same_bytes_and_is_left_as_it_was() -> None:
    before = RANKS.copy(deep=True)
    first, second = (saved(lambda: draw_ranks(RANKS, GROUPS, 1.5, colors=COLORS)) for _ in range(2))
    assert first == second
    pd.testing.assert_frame_equal(RANKS, before)
