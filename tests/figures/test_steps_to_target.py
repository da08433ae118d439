"""How soon targets are reached: lines, caption and table say what the runs of a sweep say."""

from dataclasses import replace

import numpy as np
import pytest

from study.certify.sweeps import parabola_sweep, with_first_label_diverged
from study.errors import InvalidInput
from study.figures.steps_to_target import StepsToTarget
from tests.figures.drawing import context_of, drawn, said


def test_a_line_is_the_share_of_pairs_solved_by_then() -> None:
    """Evaluations are 0.3 exp(-rate step): adam's are 0.061, 0.0122, 0.0025, and the least of sgd's 0.115."""
    context = context_of(parabola_sweep(seeds=2, steps=96, diverged=False))
    chart = StepsToTarget(metric="eval/loss", targets=[0.05, 0.1, 0.02, 1e-9])
    (axes,) = drawn(chart, context).axes
    line = next(line for line in axes.get_lines() if line.get_label() == "adam lr=0.01")
    assert np.asarray(line.get_xdata())[1:].tolist() == [32, 64, 96]  # the last is the end of the budget
    assert np.asarray(line.get_ydata()).tolist() == [0, 0.25, 0.75, 0.75]
    assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "update (log scale)")
    caption = said(chart, context)
    assert "4 targets from 0.1 to 1e-09. n = 2 seeds each" in caption
    assert "adam lr=0.01 75.0%" in caption
    assert "sgd lr=0.01 0.0%" in caption
    assert "counted from the least evaluation loss there is" in caption


def test_the_table_says_who_reached_what_at_which_cost() -> None:
    """Of 3 seeds of sgd one diverged; the other two have 0.115 after 96 steps."""
    sweep = parabola_sweep(seeds=3, steps=96, labels={"sgd": 0.01, "adam": 0.05})
    chart, context = StepsToTarget(metric="eval/loss", targets=[0.12, 0.01]), context_of(sweep)
    (table,) = chart.tables(chart.compute(context), context)
    assert table.title == "Steps to target: evaluation loss"
    keys = ["target", "setting", "reached by", "expected steps (ERT)", "median steps"]
    assert [[row[key] for key in keys] for row in table.rows] == [
        ["0.12", "sgd", "2 of 3", "144", "96"],
        ["0.12", "adam", "3 of 3", "32", "32"],
        ["0.01", "sgd", "0 of 3", "∞", "∞"],
        ["0.01", "adam", "3 of 3", "96", "96"],
    ]
    assert [row["75% interval"] for row in table.rows][:2] == ["[96, ∞]", "[32, 32]"]


def test_a_metric_whose_floor_not_every_run_knows_is_taken_as_it_is() -> None:
    sweep = parabola_sweep(seeds=2, steps=64, diverged=False)
    runs = sweep.runs.assign(floor=[np.nan, *sweep.runs["floor"][1:]])
    caption = said(StepsToTarget(metric="eval/loss"), context_of(replace(sweep, runs=runs)))
    assert "at which the evaluation loss is at most the target; 51 targets" in caption


def test_a_sweep_of_which_no_run_descends_has_no_targets() -> None:
    sweep = parabola_sweep(seeds=2, steps=64, labels={"sgd": 0.1}, diverged=False)
    context = context_of(with_first_label_diverged(sweep))
    chart = StepsToTarget()
    assert said(chart, context).startswith("No run descends, so there is no target; n = 2 seeds")
    assert chart.tables(chart.compute(context), context) == []
    assert drawn(chart, context).axes


def test_runs_of_several_problems_share_no_targets() -> None:
    sweep = parabola_sweep(seeds=1, steps=64, labels={"sgd": 0.1, "adam": 0.1}, diverged=False)
    mixed = replace(sweep, runs=sweep.runs.assign(problem=["parabola", "linear"]))
    with pytest.raises(InvalidInput, match=r"needs runs of one problem.*got linear, parabola"):
        StepsToTarget().compute(context_of(mixed))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"metric": "accuracy"}, "steps_to_target.metric must be"),
        ({"targets": [0.1, 0]}, "list of one or more"),
    ],
)
@pytest.mark.usefixtures("untyped")
def test_a_wrong_option_is_one_line(options: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        StepsToTarget(**options)  # type: ignore[arg-type]
