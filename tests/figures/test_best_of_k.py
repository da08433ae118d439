"""Best of k: lines, marks, what they are worth, and the tables that the page prints."""

import math
from dataclasses import replace

import numpy as np
import pytest

from study.certify.sweeps import parabola_sweep, tuned_sweep
from study.errors import InvalidInput
from study.figures.best_of_k import BestOfK
from tests.figures.drawing import context_of, drawn, said


def test_a_line_ends_at_the_least_and_a_diamond_is_as_shipped() -> None:
    sweep = tuned_sweep()
    (axes,) = drawn(BestOfK(), context_of(sweep)).axes
    tuning = sweep.trials[sweep.trials["seed"] >= 1000]
    medians = tuning.groupby(["group", "trial"])["excess"].median()
    lines = {str(line.get_label()): np.asarray(line.get_ydata()) for line in axes.get_lines()}
    diamonds = [
        float(np.asarray(line.get_ydata())[0]) for line in axes.get_lines() if line.get_marker() == "D"
    ]
    for name, diamond in zip(("sgd", "momentum", "rmsprop", "adam"), diamonds, strict=True):
        assert lines[name][-1] == medians[name].drop(1).min()
        assert diamond == medians[name, 1]


def test_what_is_shipped_is_worth_so_many_trials() -> None:
    """In the tiny sweep a later trial is a better one, so that any drawn one beats trial 1."""
    assert "within so many trials: sgd 1 (as shipped 0.256)" in said(BestOfK(), context_of(tuned_sweep()))
    sweep = tuned_sweep()
    trials = sweep.trials.copy()
    trials.loc[(trials["group"] == "sgd") & (trials["trial"] == 1), "excess"] = 0.0
    trials.loc[(trials["group"] == "adam") & (trials["trial"] == 1), "excess"] = math.inf
    caption = said(BestOfK(), context_of(replace(sweep, trials=trials)))
    assert "sgd more than 5 (as shipped 0)" in caption
    assert "adam any (as shipped it has no finite one)" in caption


def test_tables_name_what_was_chosen_and_warn_at_an_edge() -> None:
    sweep = tuned_sweep()
    trials = sweep.trials.copy()
    trials.loc[(trials["group"] == "adam") & (trials["trial"] == 5), "place.lr"] = 0.99
    context = context_of(replace(sweep, trials=trials))
    chosen, ranks = BestOfK().tables(BestOfK().compute(context), context)
    cells = [list(row.values()) for row in chosen.rows]
    assert [row[:4] for row in cells] == [
        row
        for name in ("sgd", "momentum", "rmsprop", "adam")
        for row in ([name, "1", "1", "lr=0.01"], [name, "3, 6", "5", "lr=0.05"])
    ]
    assert [row[-1] for row in cells] == ["none"] * 7 + ["lr: upper"]
    assert [list(row) for row in ranks.rows[:1]] == [["setting", "1 trial", "3 trials", "6 trials"]]
    medians = sweep.runs.groupby("label", observed=True)["last_epoch_loss"].median()
    place = int(medians[["sgd", "momentum", "rmsprop", "adam"]].rank()["adam"])
    assert ranks.rows[3]["1 trial"].startswith(f"{place}: ")


def test_a_sweep_that_does_not_tune_is_refused() -> None:
    with pytest.raises(InvalidInput, match="best_of_k needs a sweep that tunes, got none"):
        said(BestOfK(), context_of(parabola_sweep(seeds=2, steps=64)))
