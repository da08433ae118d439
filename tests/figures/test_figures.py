"""What every figure must hold, by the files there are: a new one is tested the moment it exists.

The checks know nothing of the figure and the sweep that they are given.
"""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from study.config.make import make
from study.errors import InvalidInput
from study.figures.base import Chart, Context, class_name
from study.figures.style import Style, theme
from study.frames import SweepFrames
from study.report.plan import figure_names
from study.stats.bootstrap import Bootstrap
from study.stats.summary import VALUES
from tests.report.synthetic import bowl_sweep, parabola_sweep

FRAMES = ("runs", "points", "fits", "data")
SPARE = ["#332288", "#882255"]


def check_figure(chart: Chart[Any], sweep: SweepFrames) -> str:
    """Hold a figure to what every figure must hold, and return its caption."""
    context = Context(
        sweep, Style.of(sweep.runs, colors={}, spare=SPARE), Bootstrap(resamples=200), VALUES[0]
    )
    before = {name: getattr(sweep, name).copy(deep=True) for name in FRAMES}
    table = chart.compute(context)
    caption = chart.caption(table, context)
    with mpl.rc_context(theme()):
        figure = chart.draw(table, context)
        figure.draw_without_rendering()
    assert_inputs_stay(sweep, before)
    assert_axes_are_named(figure)
    assert_nothing_is_cut(figure)
    assert_axes_keep_their_room(figure)
    assert_caption_says_n(caption)
    return caption


def assert_inputs_stay(sweep: SweepFrames, before: Mapping[str, pd.DataFrame]) -> None:
    """All frames are what they were, bit by bit."""
    for name, frame in before.items():
        pd.testing.assert_frame_equal(getattr(sweep, name), frame)


def assert_axes_are_named(figure: Figure) -> None:
    """Each axis has a name, its own or the figure's, or words for ticks; a logarithmic one says that it is."""
    assert figure.axes
    for axes in figure.axes:
        for axis, whole in ((axes.xaxis, figure.get_supxlabel()), (axes.yaxis, figure.get_supylabel())):
            name = axis.get_label_text() or whole
            assert name or _says_words(axis)
            assert (axis.get_scale() == "log") == ("(log scale)" in name)


def assert_nothing_is_cut(figure: Figure) -> None:
    """Every text lies on the sheet."""
    box = figure.get_tightbbox()
    assert box.x0 >= -0.01
    assert box.y0 >= -0.01
    assert box.x1 <= figure.get_figwidth() + 0.01
    assert box.y1 <= figure.get_figheight() + 0.01


def assert_axes_keep_their_room(figure: Figure) -> None:
    """Legends and labels leave half of the sheet to the data, and no panel smaller than a stamp."""
    boxes = [axes.get_position() for axes in figure.axes]
    across = max(box.x1 for box in boxes) - min(box.x0 for box in boxes)
    up = max(box.y1 for box in boxes) - min(box.y0 for box in boxes)
    assert across * up >= 0.5
    assert min(box.width for box in boxes) * figure.get_figwidth() >= 1.0
    assert min(box.height for box in boxes) * figure.get_figheight() >= 0.6


def assert_caption_says_n(caption: str) -> None:
    """House rule: claim, n, and the interval by its name, or that there is none; and no number that is none."""
    assert "n = " in caption or "no run" in caption
    assert "percentile bootstrap interval" in caption or "no interval" in caption
    assert caption.endswith(".")
    assert "nan" not in caption


def figure_of(name: str) -> Chart[Any]:
    """Return one of our figures with its defaults."""
    chart = make(f"study.figures.{name}.{class_name(name)}", {}, group=name)
    assert isinstance(chart, Chart)
    return chart


def sweep_for(chart: Chart[Any]) -> SweepFrames:
    """Return a tiny sweep that a figure can be drawn from."""
    for sweep in (parabola_sweep(seeds=3, steps=64), bowl_sweep()):
        try:
            chart.compute(Context(sweep, Style({}, {}), Bootstrap(resamples=100), VALUES[0]))
        except InvalidInput:
            continue
        return sweep
    raise AssertionError(f"{type(chart).__name__} can be drawn from none of the sweeps here")


def test_our_figures_are_found() -> None:
    assert {"loss_curves", "fitted_curves", "final_losses", "trajectories"} <= set(figure_names())
    assert not {"base", "style"} & set(figure_names())


@pytest.mark.parametrize("name", figure_names())
def test_every_figure(name: str) -> None:
    chart = figure_of(name)
    check_figure(chart, sweep_for(chart))


@pytest.mark.parametrize("name", figure_names())
def test_a_label_that_diverged_everywhere(name: str) -> None:
    """All runs of the first label broken at once: the same holds, and it is said where runs are."""
    chart = figure_of(name)
    caption = check_figure(chart, _with_first_label_diverged(sweep_for(chart)))
    assert "diverged" in caption or name in ("leaky_average", "fitted_curves", "tutorial_view")


@pytest.mark.parametrize("name", sorted({*figure_names()} - {"trajectories"}))
def test_fifteen_settings(name: str) -> None:
    """Five optimizers at three learning rates: the first sweep of many a person."""
    check_figure(figure_of(name), _grid(optimizers=5, rates=3))


@pytest.mark.parametrize("name", ["loss_curves", "ranking", "response", "final_losses"])
@pytest.mark.parametrize(("optimizers", "rates"), [(1, 16), (4, 13), (15, 1)])
def test_even_more_settings(name: str, optimizers: int, rates: int) -> None:
    check_figure(figure_of(name), _grid(optimizers=optimizers, rates=rates))


def _grid(*, optimizers: int, rates: int) -> SweepFrames:
    names = ["sgd", "momentum", "rmsprop", "adam", "adagrad", *(f"rule{index}" for index in range(10))]
    labels = {
        f"{name} lr={10.0**-rate:g}": 0.01 * (rate + place)
        for place, name in enumerate(names[:optimizers], start=1)
        for rate in range(rates)
    }
    return parabola_sweep(seeds=2, steps=64, labels=labels, diverged=False)


def _with_first_label_diverged(sweep: SweepFrames) -> SweepFrames:
    first = (sweep.runs["label"] == sweep.runs["label"].cat.categories[0]).to_numpy()
    sweep.runs.loc[first, list(VALUES)] = np.inf
    sweep.runs.loc[first, "status"] = "diverged"
    kept = ~sweep.points["run_id"].isin(sweep.runs.loc[first, "run_id"]) | (sweep.points["step"] < 5)
    frames = {
        "points": sweep.points[kept],
        "fits": sweep.fits[sweep.fits["label"] != sweep.runs.loc[first, "label"].iloc[0]],
    }
    return SweepFrames(**{name: getattr(sweep, name) for name in sweep.__slots__} | frames)


def _says_words(axis: Axis) -> bool:
    texts = [label.get_text() for label in axis.get_ticklabels()]
    return any(any(letter.isalpha() for letter in text) for text in texts)
