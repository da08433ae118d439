"""Every figure there is, found by listing the folder: draws from a tiny sweep, names its labels, alters nothing."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from study.figures.style import Style
from study.frames import SweepFrames
from study.report.plan import figure_names
from tests.report.synthetic import bowl_sweep, parabola_sweep

COLORS = {"sgd": "#0072B2", "adam": "#D55E00"}
OPTIONS: dict[str, dict[str, object]] = {
    "spread": {"printed": {"adam": [0.01, 0.02]}, "floor": 0.009},
    "loss_curves": {"floor": 0.01},
    "response": {"log_x": True},
}
WITHOUT_LABELS = {"leaky_average", "response"}  # a formula; one line per optimizer


def _style(sweep: SweepFrames) -> Style:
    return Style.of(sweep.runs, colors=COLORS, spare=["#332288", "#882255"], resamples=200)


def _sweep(name: str) -> SweepFrames:
    return bowl_sweep() if name == "trajectories" else parabola_sweep(seeds=3, steps=64)


def _module(name: str) -> ModuleType:
    return import_module(f"study.figures.{name}")


def _draw(name: str, sweep: SweepFrames, **more: object) -> Figure:
    style = _style(sweep)
    with mpl.rc_context(style.theme()):
        figure: Figure = _module(name).draw(sweep, style, **{**OPTIONS.get(name, {}), **more})
        figure.draw_without_rendering()
    return figure


def _texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure, the sweep it was drawn from, and what the frames of that were before."""

    name: str
    sweep: SweepFrames
    before: Mapping[str, pd.DataFrame]
    figure: Figure


@pytest.fixture(scope="module", params=figure_names())
def drawn(request: pytest.FixtureRequest) -> Drawn:
    """Draw each figure once."""
    name, sweep = str(request.param), _sweep(str(request.param))
    before = {key: getattr(sweep, key).copy(deep=True) for key in ("runs", "points", "fits", "data")}
    return Drawn(name, sweep, before, _draw(name, sweep))


def test_draws_names_its_labels_and_alters_nothing(drawn: Drawn) -> None:
    """All frames are bitwise what they were, and each label stands somewhere on the sheet."""
    for key, frame in drawn.before.items():
        pd.testing.assert_frame_equal(getattr(drawn.sweep, key), frame)
    if drawn.name not in WITHOUT_LABELS:
        for label in drawn.sweep.runs["label"].unique():
            assert label in _texts(drawn.figure)


def test_axes_are_named_with_their_scale(drawn: Drawn) -> None:
    """A logarithmic axis says so; a panel that shows numbers has a name on at least one side."""
    for axes in drawn.figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                assert "log scale" in axis.get_label_text()


@pytest.mark.parametrize("name", figure_names())
def test_caption_says_n_and_interval_or_that_there_is_none(name: str) -> None:
    """House rule: claim, n, and the interval by its name."""
    sweep = _sweep(name)
    caption = _module(name).caption(sweep, _style(sweep), **OPTIONS.get(name, {}))
    assert "n = " in caption or "no run" in caption
    assert "percentile bootstrap interval" in caption or "no interval" in caption
    assert caption.endswith(".")
    assert "nan" not in caption


@pytest.mark.parametrize("name", figure_names())
def test_draw_and_caption_take_the_same_options(name: str) -> None:
    """One YAML line feeds both, so their keywords and defaults agree."""
    draw, caption = (inspect.signature(getattr(_module(name), what)) for what in ("draw", "caption"))
    assert list(draw.parameters.values()) == list(caption.parameters.values())


@pytest.mark.parametrize("name", sorted(set(figure_names()) - {"leaky_average", "trajectories"}))
def test_survives_a_label_that_diverged_everywhere(name: str) -> None:
    """All runs of the first label broken at once: still a figure, and it is said."""
    sweep = parabola_sweep(seeds=3, steps=64)
    first = (sweep.runs["label"] == sweep.runs["label"].cat.categories[0]).to_numpy()
    sweep.runs.loc[first, ["last_epoch_loss", "final_eval_loss", "excess"]] = np.inf
    sweep.runs.loc[first, "status"] = "diverged"
    keep = ~sweep.points["run_id"].isin(sweep.runs.loc[first, "run_id"]) | (sweep.points["step"] < 5)
    broken = replace(
        sweep,
        points=sweep.points[keep & (sweep.points["metric"] == "train/loss")],
        fits=sweep.fits[sweep.fits["optimizer"] != "sgd"],
    )
    _draw(name, broken)
    caption = _module(name).caption(broken, _style(broken), **OPTIONS.get(name, {}))
    assert "nan" not in caption


def test_loss_curve_is_the_median_pandas_computes() -> None:
    """The drawn line of a label without divergence holds pandas' medians, point by point."""
    sweep = parabola_sweep(seeds=3, steps=40)
    style = _style(sweep)
    label = "adam lr=0.01"
    axes = _draw("loss_curves", sweep).axes[0]
    line = next(line for line in axes.get_lines() if line.get_color() == style.lines[label].color)
    curves = sweep.curves("train/loss")
    expected = curves[curves["label"] == label].groupby("step")["value"].median()
    assert np.asarray(line.get_ydata()) == pytest.approx(expected.to_numpy(), rel=1e-15)


def test_tutorial_view_shows_one_seed_from_0_to_top() -> None:
    """Linear, 0 to 0.2, and the values of that seed alone."""
    sweep = parabola_sweep(seeds=3, steps=40, diverged=False)
    axes = _draw("tutorial_view", sweep, seed=2).axes[0]
    assert axes.get_ylim() == (0, 0.2)
    assert axes.get_yscale() == "linear"
    curves = sweep.curves("train/loss")
    chosen = curves[(curves["label"] == "sgd lr=0.01") & (curves["seed"] == 2)]["value"]
    assert np.asarray(axes.get_lines()[0].get_ydata()).tolist() == chosen.tolist()


def test_seeds_are_joined_only_if_paired() -> None:
    """Another order digest for one label: no grey lines, and the caption says why."""
    sweep = parabola_sweep(seeds=3, steps=40)
    style = _style(sweep)
    module = _module("final_losses")
    joined = sum(line.get_color() == "#9aa3af" for line in _draw("final_losses", sweep).axes[0].get_lines())
    assert joined == 3
    sweep.runs.loc[sweep.runs["optimizer"] == "adam", "order_sha"] = "another"
    lines = _draw("final_losses", sweep).axes[0].get_lines()
    assert not any(line.get_color() == "#9aa3af" for line in lines)
    assert "labels differ in the order of minibatches" in module.caption(sweep, style)


def test_trajectories_together_or_apart() -> None:
    """One panel per label, or one for all; the path is the recorded one."""
    sweep = bowl_sweep()
    assert len(_draw("trajectories", sweep).axes) == 2
    together = _draw("trajectories", sweep, together=True).axes
    assert len(together) == 1
    path = next(x for x in (np.asarray(line.get_xdata()) for line in together[0].get_lines()) if len(x) == 21)
    assert path[-1] == pytest.approx(-5 * 0.92**20, rel=1e-12)
