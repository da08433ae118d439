"""One optimizer against each baseline: read back from what is drawn."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from study.compare.pictures.pairs import draw_pairs
from study.stats.verdicts import VERDICTS
from tests.compare.pictures.drawing import EXPOSES, LONGEST, is_whole, marked, place, saved, themed, told

DOTS = ("o", "D", "s")


def _row(problem: str, estimate: float = 0.0, verdict: str = "unresolved", **other: Any) -> dict[str, Any]:
    """Return a row whose interval is one to either side."""
    return {
        "problem": problem, "optimizer": "mine", "against": "adam", "n": 10, "estimate": estimate,
        "low": estimate - 1, "high": estimate + 1, "verdict": verdict, "scale": "log ratio", "failed_first": 0.0,
        "failed_second": 0.0, **other,
    }  # fmt: skip


def _drawn(rows: list[dict[str, Any]], exposes: dict[str, str] = EXPOSES, margin: float = 1.25) -> Figure:
    return themed(lambda: draw_pairs(pd.DataFrame(rows), exposes=exposes, margin=margin))


def _many(baselines: int, problems: dict[str, str], seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        [
            _row(
                problem, rng.normal(0, 3), str(rng.choice(VERDICTS)), against=f"schedulefree_adamw{index}",
                scale=str(rng.choice(["log ratio", "difference"])), failed_first=float(rng.choice([0.0, 1.0])),
            )
            for index in range(baselines)
            for problem in problems
        ]
    )  # fmt: skip


def _intervals(axes: Axes) -> dict[float, tuple[float, float]]:
    """Return the ends of the intervals, as factors, by row."""
    lines = [line for line in axes.get_lines() if line.get_marker() == "None" and line.get_linewidth() > 1]
    ends = {
        float(np.asarray(line.get_ydata())[0]): np.asarray(line.get_xdata(), dtype=float) for line in lines
    }
    return {at: (float(low), float(high)) for at, (low, high) in ends.items()}


def test_dots_and_intervals_stand_at_their_factors_in_the_rows_of_their_problems() -> None:
    """The frame is in another order than the rows."""
    rows = [_row("digits", math.log(3)), _row("ellipsoid", math.log(0.5))]
    (axes,) = _drawn(rows).axes
    assert [place(dot) for dot in marked(axes, "o").values()] == [
        pytest.approx((0.5, 0)),
        pytest.approx((3, 2)),
    ]
    assert _intervals(axes)[2] == pytest.approx((3 / math.e, 3 * math.e))
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list(EXPOSES)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first row is on top
    assert axes.get_xscale() == "log"


def test_marks_say_the_verdict() -> None:
    verdicts = ["better by more than M", "worse, size open", "equivalent", "cannot be resolved at this n"]
    rows = [_row(problem, 0.0, verdict) for problem, verdict in zip(EXPOSES, verdicts, strict=False)]
    figure = _drawn(rows)
    dots = marked(figure.axes[0], *DOTS)
    assert [dots[at].get_marker() for at in range(4)] == ["o", "D", "s", "o"]
    assert [dots[at].get_markerfacecolor() != "white" for at in range(4)] == [True, True, True, False]
    assert len({dots[at].get_color() for at in range(4)}) == 4
    (legend,) = figure.legends
    named = ["better", "worse", "equivalent", "not resolved", "within a factor of 1.25"]
    assert [text.get_text() for text in legend.get_texts()] == named


def test_what_lies_beyond_the_axis_is_an_arrow_with_its_factor() -> None:
    """One of forty at its floor, one diverged; the others set the axis."""
    many = {f"p{index}": "" for index in range(40)}
    rows = [_row(problem) for problem in many]
    rows[3] = _row("p3", math.log(3e-9), "better by more than M", low=-25.0, high=-18.0)
    rows[7] = _row("p7", math.inf, "worse by more than M", low=0.1, high=math.inf)
    (axes,) = _drawn(rows, many).axes
    low, high = axes.get_xlim()
    assert [place(arrow) for arrow in marked(axes, "<").values()] == [pytest.approx((low, 3))]
    assert [place(arrow) for arrow in marked(axes, ">").values()] == [pytest.approx((high, 7))]
    assert len([line for line in axes.get_lines() if line.get_marker() in ("<", ">")]) == 2
    assert len(marked(axes, *DOTS)) == 38
    assert {"×3·10⁻⁹", "×∞"} <= set(told(axes, Annotation))
    assert _intervals(axes)[7] == pytest.approx((math.exp(0.1), high))


def test_infinite_ends_are_small_arrows_at_both_edges_beside_the_dot() -> None:
    (axes,) = _drawn([_row("ellipsoid", 0.1, low=-math.inf, high=math.inf)]).axes
    assert list(marked(axes, "<")) == list(marked(axes, ">")) == [0.0]
    assert list(marked(axes, "o")) == [0.0]
    assert _intervals(axes)[0] == pytest.approx(axes.get_xlim())
    assert not [text for text in told(axes, Annotation) if "×" in text]


def test_a_tie_at_the_floor_is_a_dot_at_1() -> None:
    """Its interval has no width."""
    (axes,) = _drawn([_row("ellipsoid", 0.0, "equivalent", low=0.0, high=0.0)]).axes
    assert np.asarray(marked(axes, "s")[0].get_xdata()).tolist() == [1.0]
    assert _intervals(axes)[0] == (1.0, 1.0)


@pytest.mark.slow
def test_a_difference_has_its_verdict_as_text_alone() -> None:
    """So has a problem that was not compared."""
    (axes,) = _drawn([_row("ellipsoid", 5.0, "worse by more than M", scale="difference")]).axes
    assert not marked(axes, *DOTS, "<", ">")
    assert not _intervals(axes)
    assert told(axes, Text) == ["worse by more than its margin", *["not compared"] * (len(EXPOSES) - 1)]
    assert (
        10 < axes.get_xlim()[1] / axes.get_xlim()[0] < 20
    )  # a difference is no factor, and asks for no room


def test_shares_of_failures_are_written_where_there_are_any() -> None:
    rows = [_row("ellipsoid", failed_first=0.3), _row("digits", failed_second=1.0), _row("saddle")]
    (axes,) = _drawn(rows).axes
    notes = [text for text in told(axes, Annotation) if text.startswith("failed")]
    assert notes == ["failed 30% / 0%", "failed 0% / 100%"]


@pytest.mark.parametrize("margin", [1.25, 2.0])
def test_the_band_is_the_margin(margin: float) -> None:
    (axes,) = _drawn([_row("ellipsoid")], margin=margin).axes
    (band,) = axes.patches
    box = band.get_extents().transformed(axes.transData.inverted())
    assert (box.x0, box.x1) == pytest.approx((1 / margin, margin))


def test_problems_say_what_they_expose_as_far_as_there_is_room() -> None:
    """A clause of the first; the others fit."""
    rows = [_row("ellipsoid", against=f"b{index}") for index in range(4)]
    first, *others = _drawn(rows).axes
    exposed = ["conditioning", "a curved valley", "convex, many classes", "the escape from a strict …"]
    assert [text for text in told(first, Annotation) if not set("←→") & set(text)][:4] == exposed
    assert not [text for axes in others for text in told(axes, Annotation) if not set("←→") & set(text)]


@pytest.mark.parametrize(("baselines", "columns"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 2)])
def test_panels_stand_side_by_side_and_beyond_four_in_rows_of_two(baselines: int, columns: int) -> None:
    """All on one axis, each with what it is against."""
    rows = [_row("digits", index / 10, against=f"b{index}") for index in range(baselines)]
    panels = _drawn(rows).axes
    assert [panel.get_title(loc="left") for panel in panels] == [
        f"against b{index}" for index in range(baselines)
    ]
    assert len({panel.get_xlim() for panel in panels}) == 1
    places = [panel.get_subplotspec() for panel in panels]
    assert max(place.colspan.stop for place in places if place is not None) == columns


@pytest.mark.slow
@pytest.mark.parametrize("baselines", [1, 4, 6])
def test_all_of_a_large_figure_is_on_the_sheet(baselines: int) -> None:
    pairs = _many(baselines, LONGEST)
    assert is_whole(lambda: draw_pairs(pairs, exposes=LONGEST, margin=1.25))


@pytest.mark.slow
def test_the_same_frame_gives_the_same_bytes_and_is_left_as_it_was() -> None:
    pairs = _many(2, EXPOSES)
    before = pairs.copy(deep=True)
    first, second = (saved(lambda: draw_pairs(pairs, exposes=EXPOSES, margin=1.25)) for _ in range(2))
    assert first == second
    pd.testing.assert_frame_equal(pairs, before)
