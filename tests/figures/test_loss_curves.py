"""Loss curves against two lines of pandas, and what their captions may say."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.figures.loss_curves import LossCurves
from study.frames import Recorded
from tests.figures.drawing import context_of, drawn, said, texts


def _line(figure: Figure, label: str) -> Line2D:
    return next(line for axes in figure.axes for line in axes.get_lines() if line.get_label() == label)


def test_the_line_is_the_median_that_pandas_computes() -> None:
    sweep = parabola_sweep(seeds=3, steps=40)
    line = _line(drawn(LossCurves(), context_of(sweep)), "adam lr=0.01")
    curves = sweep.curves("train/loss")
    expected = curves[curves["label"] == "adam lr=0.01"].groupby("step")["value"].median()
    assert np.asarray(line.get_ydata()) == pytest.approx(expected.to_numpy(), rel=1e-15)
    assert np.asarray(line.get_xdata()).tolist() == list(range(40))


def test_epochs_are_counted_by_the_updates_of_one() -> None:
    """64 updates of 2 epochs: eval/loss was taken before the first and after each."""
    sweep = parabola_sweep(seeds=3, steps=64, diverged=False)
    line = _line(drawn(LossCurves(metric="eval/loss", x="epoch"), context_of(sweep)), "adam lr=0.01")
    assert np.asarray(line.get_xdata()).tolist() == [0.0, 1.0, 2.0]


def test_floors_that_differ_between_all_runs_are_taken_off_each() -> None:
    """By hand: the first evaluation of a run less its own floor, of one setting at three seeds."""
    sweep = parabola_sweep(seeds=3, steps=64, labels={"sgd": 0.5}, diverged=False)
    floors = np.array([0.001, 0.002, 0.003])
    sweep = replace(sweep, runs=sweep.runs.assign(floor=floors))
    first = sweep.curves("eval/loss").groupby("seed")["value"].first().to_numpy()
    band = LossCurves(metric="eval/loss", above_floor=True).compute(context_of(sweep)).band
    assert band["median"].iloc[0] == np.median(first - floors)


def test_a_sweep_of_which_no_run_came_to_its_end_has_updates_and_no_epochs() -> None:
    sweep = parabola_sweep(seeds=2, steps=64)
    runs = sweep.runs.assign(status="diverged")
    figure = drawn(LossCurves(x="epoch"), context_of(replace(sweep, runs=runs)))
    assert figure.axes[0].get_xlabel() == "update"


def test_above_the_floor_of_each_run() -> None:
    """Floors of 0.01 and 0.02: the medians of the differences, by pandas."""
    sweep = parabola_sweep(seeds=2, steps=64, diverged=False)
    sweep = replace(sweep, runs=sweep.runs.assign(floor=np.where(sweep.runs["seed"] == 0, 0.01, 0.02)))
    chart = LossCurves(metric="eval/loss", above_floor=True)
    figure = drawn(chart, context_of(sweep))
    curves = sweep.curves("eval/loss")
    curves["value"] -= np.where(curves["seed"] == 0, 0.01, 0.02)
    expected = curves[curves["label"] == "sgd lr=0.01"].groupby("step")["value"].median()
    line = _line(figure, "sgd lr=0.01")
    assert np.asarray(line.get_ydata()) == pytest.approx(expected.to_numpy(), rel=1e-12)
    assert "evaluation loss above the floor" in "".join(texts(figure)).replace("\n", " ")
    assert "differs between the runs" not in said(chart, context_of(sweep))


def test_only_the_evaluation_loss_has_a_floor() -> None:
    context = context_of(parabola_sweep(seeds=2, steps=32))
    with pytest.raises(
        InvalidInput, match=r"^loss_curves.above_floor needs metric: eval/loss, got train/loss$"
    ):
        LossCurves(above_floor=True).compute(context)


@pytest.mark.parametrize(
    ("metric", "hint"), [("train/los", "; did you mean 'train/loss'"), ("accuracy", "got 'accuracy'$")]
)
def test_a_metric_that_nobody_recorded_is_one_line(metric: str, hint: str) -> None:
    context = context_of(parabola_sweep(seeds=2, steps=32))
    with pytest.raises(InvalidInput, match=f"must be one of eval/loss, train/loss.*{hint}"):
        LossCurves(metric=metric).compute(context)


def test_what_a_fit_reaches_is_marked() -> None:
    """The median over the seeds of the sweep, each counted once."""
    sweep = parabola_sweep(seeds=3, steps=32)
    fits = sweep.runs["seed"].map({0: 0.02, 1: 0.07, 2: 0.04})
    context = context_of(replace(sweep, runs=sweep.runs.assign(train_floor=fits)))
    (level,) = (
        line for line in drawn(LossCurves(), context).axes[0].get_lines() if line.get_linestyle() == ":"
    )
    assert np.asarray(level.get_ydata()).tolist() == [0.04, 0.04]
    assert "dotted line at 0.04 is the least training loss found" in said(LossCurves(), context)
    assert "(median over seeds; 0.02 to 0.07)" in said(LossCurves(), context)


def test_seeds_that_do_not_differ_have_no_interval() -> None:
    """As learning rates do not: the bands are lines."""
    sweep = parabola_sweep(seeds=3, steps=32, diverged=False)
    rates = replace(sweep, recorded=Recorded.of(sweep.points.assign(value=0.5)))
    assert "; n = 3 seeds each, which are all the same, so no interval." in said(
        LossCurves(), context_of(rates)
    )


def test_runs_of_two_problems_have_no_level() -> None:
    sweep = parabola_sweep(seeds=2, steps=32)
    noise = np.where(sweep.runs["optimizer"] == "adam", 0.1, 0.2)
    context = context_of(replace(sweep, runs=sweep.runs.assign(**{"problem.noise": noise})))
    assert not [
        line for line in drawn(LossCurves(), context).axes[0].get_lines() if line.get_linestyle() == ":"
    ]
    assert "dotted" not in said(LossCurves(), context)


def test_the_best_few_of_many() -> None:
    """The two with the largest rates of decay, and the caption says of how many."""
    context = context_of(parabola_sweep(seeds=3, steps=64))
    chart = LossCurves(best=2)
    labels = {line.get_label() for line in drawn(chart, context).axes[0].get_lines()}
    assert {label for label in labels if " lr=" in str(label)} == {"rmsprop lr=0.01", "adam lr=0.01"}
    assert "shown are the 2 of 4 with the lowest median training loss of the last epoch" in said(
        chart, context
    )


def test_where_curves_end_is_said_and_no_winner_named() -> None:
    """Least and largest median of the last epoch's mean, by pandas; of evaluations, of the last one."""
    sweep = parabola_sweep(seeds=3, steps=64, diverged=False)
    context = context_of(sweep)
    ends = sweep.runs.groupby("label", observed=True)["last_epoch_loss"].median()
    claim = f"In the mean of the last epoch medians lie between {ends.min():.3g} and {ends.max():.3g}."
    assert said(LossCurves(), context).startswith(claim)
    last = sweep.curves("eval/loss").query("step == 64").groupby("label", observed=True)["value"].median()
    claim = f"At the end medians lie between {last.min():.3g} and {last.max():.3g}."
    assert said(LossCurves(metric="eval/loss"), context).startswith(claim)
    alone = context_of(parabola_sweep(seeds=3, steps=64, labels={"adam": 0.05}, diverged=False))
    assert said(LossCurves(metric="eval/loss"), alone).startswith("At the end the median is 0.0122.")


def test_a_label_without_a_point_is_named() -> None:
    sweep = parabola_sweep(seeds=2, steps=32, diverged=False)
    quiet = sweep.runs.loc[sweep.runs["optimizer"] == "adam", "run_id"]
    told = sweep.points[~sweep.points["run_id"].isin(quiet)]
    context = context_of(replace(sweep, recorded=Recorded.of(told)))
    assert "Without a point: adam lr=0.01." in said(LossCurves(), context)


def test_seconds_are_those_of_the_stacks_clock() -> None:
    """Two stacks took 2 and 4 seconds a step: a label with a run in each stands at 3, one in the first alone at 2."""
    sweep = parabola_sweep(seeds=2, steps=8, labels={"sgd": 0.5, "adam": 0.1}, diverged=False)
    slow, quick = np.arange(9) * 4.0, np.arange(9) * 2.0
    runs = sweep.runs
    clocks = {
        run: slow if label == "sgd" and seed == 1 else quick
        for run, label, seed in zip(runs["run_id"], runs["label"], runs["seed"], strict=True)
    }
    figure = drawn(LossCurves(x="seconds"), context_of(replace(sweep, clocks=clocks)))
    assert np.asarray(_line(figure, "sgd").get_xdata()).tolist() == [3.0 * step for step in range(8)]
    assert np.asarray(_line(figure, "adam").get_xdata()).tolist() == [2.0 * step for step in range(8)]
    with pytest.raises(InvalidInput, match="kept no clock"):
        LossCurves(x="seconds").compute(context_of(sweep))
