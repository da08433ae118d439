"""The map of a field: its colours and its cells."""

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.text import Annotation, Text

from study.compare.pictures.standing import DARKEST, draw_standing
from tests.compare.pictures.drawing import EXPOSES, LONGEST, is_whole, saved, themed, told
from tests.figures.style.test_style import contrast_with_white

ORDER = ["soap", "adam", "sgd"]
PROBLEMS = {problem: EXPOSES[problem] for problem in ("ellipsoid", "rosenbrock", "digits")}


def _table(
    behind: list[list[float]], order: list[str] = ORDER, problems: dict[str, str] = PROBLEMS
) -> pd.DataFrame:
    """Return a row per cell, problem by problem; the least of each is the best, of the infinite all runs failed."""
    return pd.DataFrame(
        [
            {
                "problem": problem,
                "label": label,
                "behind": value,
                "best": value == 0,
                "failed": math.isinf(value),
            }
            for column, problem in enumerate(problems)
            for label, value in zip(order, [row[column] for row in behind], strict=True)
        ]
    ).astype({"failed": float})


FEW = _table([[0.0, 0.04, 9.95], [1.26, 0.0, 9.94], [math.inf, 4.0, 0.0]])


def _drawn(table: pd.DataFrame = FEW, order: list[str] = ORDER, focus: str | None = None) -> Figure:
    return themed(lambda: draw_standing(table, exposes=PROBLEMS, order=order, focus=focus))


def _cells(axes: Axes) -> dict[tuple[int, int], Text]:
    """Return the texts by row and column."""
    texts = [text for text in axes.texts if type(text) is Text]
    return {(int(text.get_position()[1]), int(text.get_position()[0])): text for text in texts}


def _framed(axes: Axes) -> set[tuple[int, int]]:
    """Return which cells have a frame, of five corners each."""
    paths = [patch.get_path().vertices for patch in axes.patches if isinstance(patch, PathPatch)]
    frames = [np.asarray(path, dtype=float).reshape(-1, 5, 2) for path in paths]
    return {(int(y), int(x)) for frame in frames for x, y in frame[:, :4].mean(axis=1)}


def _colors(axes: Axes) -> np.ndarray:
    """Return the cells' colours: red, green, blue and alpha."""
    (image,) = axes.images
    return np.asarray(image.to_rgba(np.ma.asarray(image.get_array())))


def test_cells_are_written_in_decades() -> None:
    cells = _cells(_drawn().axes[0])
    written = [[cells[row, column].get_text() for column in range(3)] for row in range(3)]
    assert written == [["0", "0.0", ">9"], ["1.3", "0", "9.9"], ["∞", "4.0", "0"]]


def test_rows_and_columns_are_in_their_order_whatever_the_frame_s() -> None:
    """The best mean rank on top."""
    (first, *_), (second, *_) = (
        _drawn(table, order=["sgd", "soap", "adam"]).axes
        for table in (FEW, FEW.sample(frac=1, random_state=1))
    )
    written = {place: text.get_text() for place, text in _cells(first).items()}
    assert written == {place: text.get_text() for place, text in _cells(second).items()}
    assert [written[0, column] for column in range(3)] == ["∞", "4.0", "0"]
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["sgd", "soap", "adam"]
    assert first.get_ylim() == (3, 0)
    named = ["ellipsoid", "conditioning", "rosenbrock", "a curved valley", "digits", "convex, many classes"]
    assert told(first, Annotation) == named


def test_colours_go_from_light_to_dark_and_end_at_four_decades() -> None:
    table = _table([[0.0, 0.5, 1.0], [2.0, 3.0, 4.0], [7.0, math.inf, 0.0]])
    colors = _colors(_drawn(table).axes[0]).reshape(-1, 4)
    light = [1 / contrast_with_white(to_hex(tuple(color))) for color in colors]
    assert light[:6] == sorted(light[:6], reverse=True)
    assert len(set(light[:6])) == 6
    assert light[6] == light[5] > light[7]  # beyond four decades as at four; what diverged is darker
    assert light[0] == light[8]


def test_every_cell_can_be_read() -> None:
    """4.5:1, which WCAG 2.1 asks of text (1.4.3), on each of 100 shades and where most runs diverged."""
    shades = [*np.linspace(0, DARKEST, 100), math.inf]
    table = _table([[shade] * 3 for shade in shades], [f"o{index}" for index in range(101)])
    (axes, *_) = _drawn(table[table["problem"] == "ellipsoid"], [f"o{index}" for index in range(101)]).axes
    colors = _colors(axes)
    for (row, _), text in _cells(axes).items():
        on_white = contrast_with_white(to_hex(tuple(colors[row, 0])))
        assert (on_white if text.get_color() == "white" else 21 / on_white) >= 4.5


def test_who_is_not_told_from_the_best_is_framed() -> None:
    assert _framed(_drawn().axes[0]) == {(0, 0), (1, 1), (2, 2)}
    assert _framed(_drawn(FEW.assign(best=False)).axes[0]) == set()


def test_cells_of_which_some_runs_failed_have_a_corner() -> None:
    """The infinite one says so itself."""
    table = FEW.assign(failed=[0.0, 0.2, 1.0, 0.0, 0.0, 0.4, 0.0, 0.0, 0.0])
    corners = {
        (int(y), int(x))
        for line in _drawn(table).axes[0].get_lines()
        for x, y in np.asarray(line.get_xydata()).tolist()
    }
    assert corners == {(1, 0), (2, 1)}


def test_the_row_in_focus_stands_out() -> None:
    axes = _drawn(focus="adam").axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["soap", "▸ adam", "sgd"]
    assert [tick.get_fontweight() for tick in axes.get_yticklabels()] == ["normal", "bold", "normal"]
    (frame,) = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert frame.get_bbox().bounds == (0, 1, 3, 1)
    assert not [patch for patch in _drawn().axes[0].patches if isinstance(patch, Rectangle)]


def test_a_row_that_diverged_everywhere_is_drawn() -> None:
    cells = _cells(_drawn(_table([[0.0] * 3, [1.0] * 3, [math.inf] * 3])).axes[0])
    assert [cells[2, column].get_text() for column in range(3)] == ["∞"] * 3


def test_what_was_not_measured_stays_blank() -> None:
    """Of another problem and of a label that is not among the rows nothing is drawn."""
    table = pd.concat([FEW.iloc[1:], FEW.assign(problem="other"), FEW.assign(label="other")])
    axes = _drawn(table).axes[0]
    assert set(_cells(axes)) == {(row, column) for row in range(3) for column in range(3)} - {(0, 0)}
    assert _colors(axes)[0, 0].tolist() == [1, 1, 1, 1]


def test_one_optimizer_has_a_map_too() -> None:
    (axes, *_) = _drawn(FEW[FEW["label"] == "soap"], ["soap"], "soap").axes
    assert {place: text.get_text() for place, text in _cells(axes).items()} == {
        (0, 0): "0",
        (0, 1): "0.0",
        (0, 2): ">9",
    }


def _many() -> tuple[pd.DataFrame, list[str]]:
    """Return 30 optimizers on 20 problems."""
    order = [f"schedulefree_adamw{index}" for index in range(30)]
    behind = np.random.default_rng(0).exponential(2, (30, 20)).round(1)
    behind[behind > 8] = np.inf
    return _table(behind.tolist(), order, LONGEST), order


@pytest.mark.slow
def test_thirty_optimizers_on_twenty_problems_fit_on_the_sheet() -> None:
    """No number is wider than its cell."""
    table, order = _many()
    assert is_whole(lambda: draw_standing(table, exposes=LONGEST, order=order, focus=order[3]))
    figure = themed(lambda: draw_standing(table, exposes=LONGEST, order=order, focus=order[3]))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    cell = axes.get_window_extent().width / 20, axes.get_window_extent().height / 30
    for text in _cells(axes).values():
        box = text.get_window_extent()
        assert box.width < cell[0]
        assert box.height < cell[1]


@pytest.mark.slow
def test_the_same_frame_gives_the_same_bytes_and_is_left_as_it_was() -> None:
    before = FEW.copy(deep=True)
    first, second = (
        saved(lambda: draw_standing(FEW, exposes=PROBLEMS, order=ORDER, focus="sgd")) for _ in range(2)
    )
    assert first == second
    pd.testing.assert_frame_equal(FEW, before)
