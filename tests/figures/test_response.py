"""A value along a setting."""

from dataclasses import replace

import numpy as np
import pytest

from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.figures.response import Response
from study.frames import SweepFrames
from study.tracking import names
from tests.figures.drawing import context_of, drawn, said, texts


def _grid(rates: tuple[float, ...] = (0.001, 0.01, 0.1)) -> SweepFrames:
    labels = {f"{name} lr={lr}": 0.5 * lr for name in ("sgd", "adam") for lr in rates}
    return parabola_sweep(seeds=3, steps=64, labels=labels)


def test_the_line_is_the_median_that_pandas_computes() -> None:
    sweep = _grid()
    axes = drawn(Response(), context_of(sweep)).axes[0]
    line = next(line for line in axes.get_lines() if line.get_label() == "adam")
    runs = sweep.runs[sweep.runs["optimizer"] == "adam"]
    expected = runs.groupby("optimizer.lr")["last_epoch_loss"].median()
    assert np.asarray(line.get_xdata()).tolist() == list(expected.index)
    assert np.asarray(line.get_ydata()).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("rates", "log_x", "scale"),
    [((0.001, 0.01, 0.1), None, "log"), ((1.0, 2.0, 5.0), None, "linear"), ((1.0, 2.0, 5.0), True, "log")],
)
def test_a_decade_and_more_is_drawn_on_a_log_axis(
    rates: tuple[float, ...], log_x: bool | None, scale: str
) -> None:
    axes = drawn(Response(log_x=log_x), context_of(_grid(rates))).axes[0]
    assert axes.get_xscale() == scale
    assert axes.get_xlabel() == ("learning rate (log scale)" if scale == "log" else "learning rate")


def test_divergence_is_counted_where_it_happened() -> None:
    """One run of sgd at the least rate."""
    context = context_of(_grid())
    assert "×1" in texts(drawn(Response(), context))
    assert "×k above the axes" in said(Response(), context)
    assert "1 of 18 runs diverged" in said(Response(), context)


def test_where_every_run_diverged_stands_on_the_axis_below_its_counts() -> None:
    """All runs at the largest rate: no median is there to widen the axis."""
    sweep = _grid()
    broken = sweep.runs["optimizer.lr"] == 0.1
    runs = sweep.runs.assign(
        status=sweep.runs["status"].mask(broken, names.DIVERGED),
        last_epoch_loss=sweep.runs["last_epoch_loss"].mask(broken, np.inf),
    )
    figure = drawn(Response(), context_of(replace(sweep, runs=runs)))
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    assert low < 0.001 < 0.1 < high < 0.2
    assert texts(figure).count("×3") == 2
    sheet = figure.get_tightbbox()
    assert min(sheet.x0, sheet.y0) >= 0
    assert (sheet.x1, sheet.y1) <= tuple(figure.get_size_inches())


def test_the_best_and_how_far_it_is_good() -> None:
    """Of the closed form: adam is best at the largest rate."""
    caption = said(Response(), context_of(_grid()))
    assert "adam is lowest at 0.1 (" in caption
    assert "n = 3 seeds a point" in caption


def test_where_the_best_is_in_doubt_is_said() -> None:
    """Minimum to maximum of three; and three seeds, least p .25, tell no rate from another."""
    sweep = _grid()
    losses = {0.1: [1.0, 1.5, 2.0], 0.01: [2.0, 3.0, 4.0], 0.001: [2.1, 3.0, 4.0]}
    runs = sweep.runs.assign(status="ok")
    runs["last_epoch_loss"] = [
        losses[lr][seed] for lr, seed in zip(runs["optimizer.lr"], runs["seed"], strict=True)
    ]
    caption = said(Response(), context_of(replace(sweep, runs=runs)))
    told = "is lowest at 0.1 (1.5 [1, 2]), not told from 0.001 and 0.01, and within twice that from 0.001"
    assert f"sgd {told} to 0.1; adam {told} to 0.1. " in caption


def test_a_setting_that_is_not_there_is_one_line() -> None:
    with pytest.raises(InvalidInput, match=r"did you mean 'optimizer.lr'"):
        Response(x="optimizer.rl").compute(context_of(_grid()))


def test_who_has_no_such_setting_is_named() -> None:
    sweep = _grid()
    sweep.runs.loc[sweep.runs["optimizer"] == "sgd", "optimizer.lr"] = np.nan
    assert said(Response(), context_of(sweep)).endswith("Without this setting, and not drawn: sgd.")
