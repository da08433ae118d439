"""Performance profiles: steps, names and scores."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text

from study.compare.pictures.profile import OTHERS, draw_profile
from study.figures.style import INK
from tests.compare.pictures.drawing import is_whole, saved, themed
from tests.figures.style.test_style import contrast_with_white

COLORS = {"adam": "#B03A00", "sgd": "#0072B2", "soap": "#117733"}
STEPS = [("adam", 1.0, 0.5), ("adam", 2.0, 0.75), ("sgd", 3.0, 0.25), ("nag", 1.0, 0.25), ("nag", 1.5, 0.5)]
PROFILE = pd.DataFrame(STEPS, columns=["label", "ratio", "share"])
SCORES = pd.Series({"adam": 0.667, "sgd": 0.083, "nag": 0.458, "soap": 0.0})


def _drawn(
    named: list[str],
    profile: pd.DataFrame = PROFILE,
    scores: pd.Series = SCORES,
    colors: dict[str, str] = COLORS,
) -> Figure:
    return themed(lambda: draw_profile(profile, scores, colors=colors, named=named))


def _share(line: Line2D, ratio: float) -> float:
    """Return a drawn profile's height, as steps go: of the last point that is not beyond."""
    x, y = (np.asarray(values, dtype=float) for values in (line.get_xdata(), line.get_ydata()))
    return float(y[x <= ratio][-1])


def _named(axes: Axes, label: str) -> Line2D:
    (line,) = [line for line in axes.get_lines() if line.get_label() == label]
    return line


def test_a_profile_rises_where_the_frame_says_and_goes_on_to_the_end() -> None:
    """Read at five ratios, and compared with a loop over the frame."""
    axes = _drawn(["adam", "sgd", "soap"]).axes[0]
    for label in ("adam", "sgd", "soap"):
        line = _named(axes, label)
        assert line.get_drawstyle() == "steps-post"
        assert line.get_color() == COLORS[label]
        assert np.asarray(line.get_xdata())[[0, -1]].tolist() == [1, 4]
        for ratio in (1.0, 1.9, 2.0, 3.5, 4.0):
            risen = [share for name, at, share in STEPS if name == label and at <= ratio]
            assert _share(line, ratio) == max(risen, default=0.0)


def test_the_others_are_thin_and_grey_and_counted() -> None:
    figure = _drawn(["adam"])
    axes = figure.axes[0]
    grey = [line for line in axes.get_lines() if line.get_color() == OTHERS]
    assert len(grey) == 3
    assert max(line.get_linewidth() for line in grey) < _named(axes, "adam").get_linewidth()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["3 other optimizers"]
    assert contrast_with_white(OTHERS) >= 3
    assert not _drawn(list(COLORS), scores=SCORES.drop("nag")).legends


def test_names_stand_at_the_right_with_their_scores_and_none_over_another() -> None:
    """All end at the same height: the best score is on top."""
    labels = [f"o{index}" for index in range(6)]
    profile = pd.DataFrame({"label": labels, "ratio": [1.0, 1.5, 2.0, 2.5, 3.0, 3.5], "share": 1.0})
    scores = pd.Series(dict(zip(labels, [1.0, 0.83, 0.67, 0.5, 0.33, 0.17], strict=True)))
    figure = _drawn(labels[::-1], profile, scores, dict.fromkeys(labels, "#0072B2"))
    figure.draw_without_rendering()
    texts = [text for text in figure.axes[0].texts if isinstance(text, Annotation)]
    texts = sorted(texts, key=lambda text: -text.xyann[1])
    assert [text.get_text() for text in texts] == [f"{label}  {scores[label]:.2f}" for label in labels]
    assert {text.get_color() for text in texts} == {INK}  # not every colour of a line can be read as text
    boxes = [Text.get_window_extent(text) for text in texts]  # without the line that leads there
    assert all(upper.y0 >= lower.y1 - 1 for upper, lower in pairwise(boxes))
    assert all(box.x0 >= figure.axes[0].get_window_extent().x1 - 1 for box in boxes)


def test_named_lines_differ_without_their_colours() -> None:
    axes = _drawn(["adam", "sgd", "soap"]).axes[0]
    assert len({str(_named(axes, label)._dash_pattern) for label in COLORS}) == 3  # type: ignore[attr-defined]


def test_one_optimizer_alone() -> None:
    figure = _drawn(["adam"], scores=SCORES[["adam"]])
    assert not figure.legends
    assert len(figure.axes[0].get_lines()) == 1


@pytest.mark.slow
def test_all_of_it_is_on_the_sheet_and_the_same_bytes_twice() -> None:
    """Inputs stay as they were."""
    before = PROFILE.copy(deep=True), SCORES.copy(deep=True)
    names = {"schedulefree_adamw": "#117733", "adam": "#B03A00"}
    scores = SCORES.rename({"soap": "schedulefree_adamw"})
    first, second = (
        saved(lambda: draw_profile(PROFILE, scores, colors=names, named=list(names))) for _ in range(2)
    )
    assert first == second
    assert is_whole(lambda: draw_profile(PROFILE, scores, colors=names, named=list(names)))
    pd.testing.assert_frame_equal(PROFILE, before[0])
    pd.testing.assert_series_equal(SCORES, before[1])
