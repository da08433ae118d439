"""As shipped and tuned: where the marks lie, and what is claimed of them."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from study.certify.sweeps import parabola_sweep, tuned_sweep
from study.errors import InvalidInput
from study.figures.tuned_beside import TunedBeside
from tests.figures.drawing import context_of, drawn, said


def test_marks_are_the_medians_and_a_line_joins_them() -> None:
    sweep = tuned_sweep()
    (axes,) = drawn(TunedBeside(), context_of(sweep)).axes
    medians = sweep.runs.groupby("label", observed=True)["last_epoch_loss"].median()
    marks = [line.get_xdata() for line in axes.get_lines() if line.get_marker() == "o"]
    assert [float(np.asarray(x)[0]) for x in marks] == [
        medians[f"{name}{how}"] for name in ("sgd", "momentum", "rmsprop", "adam") for how in ("", " tuned")
    ]
    joins = [line.get_xdata() for line in axes.get_lines() if line.get_linestyle() == "--"]
    assert [list(map(float, np.asarray(x))) for x in joins[:1]] == [[medians["sgd"], medians["sgd tuned"]]]


def test_the_gap_is_told_as_ratios_at_a_seed() -> None:
    """By a plain loop over the seeds; the first and the last as shipped are rmsprop and sgd."""
    runs = tuned_sweep().runs.pivot(index="seed", columns="label", values="excess")
    caption = said(TunedBeside(), context_of(tuned_sweep()))
    gaps = [sorted(runs[f"sgd{how}"] / runs[f"rmsprop{how}"])[1] for how in ("", " tuned")]
    assert caption.startswith(f"As shipped, sgd ends {gaps[0]:.3g} [")
    assert f"as high above the floor as rmsprop; both tuned, {gaps[1]:.3g} [" in caption
    worst = max(runs["sgd tuned"] / runs["rmsprop tuned"])
    assert f"times (at the worst seed {worst:.3g}): the median ratio at a seed" in caption
    gain = sorted(runs["adam"] / runs["adam tuned"])[1]
    assert f"adam {gain:.3g} [" in caption
    assert "the best of 6 trials at 3 other seeds" in caption


def test_no_ratio_is_claimed_where_there_is_none() -> None:
    sweep = tuned_sweep()
    runs = sweep.runs.copy()
    runs.loc[runs["optimizer"].isin(["sgd", "rmsprop"]), "excess"] = math.inf
    caption = said(TunedBeside(), context_of(replace(sweep, runs=runs)))
    assert "ends" not in caption
    assert "sgd" not in caption.partition("Tuned:")[0]
    unknown = replace(sweep, runs=sweep.runs.assign(excess=math.nan))
    assert said(TunedBeside(), context_of(unknown)).startswith("Tuned: the best of")


def test_one_mark_where_nothing_beats_what_is_shipped() -> None:
    sweep = tuned_sweep()
    trials = sweep.trials[sweep.trials["label"] != "adam tuned"]
    both = [
        (1, 6) if label == "adam" else budgets for label, budgets in trials[["label", "budgets"]].to_numpy()
    ]
    runs = sweep.runs[sweep.runs["label"] != "adam tuned"]
    runs = runs.assign(label=runs["label"].cat.remove_unused_categories())
    caption = said(
        TunedBeside(),
        context_of(replace(sweep, runs=runs, trials=trials.assign(budgets=pd.Series(both, trials.index)))),
    )
    assert "No trial is better than what is shipped for adam: one mark." in caption


def test_a_sweep_that_does_not_tune_or_is_not_whole_is_refused() -> None:
    with pytest.raises(InvalidInput, match="tuned_beside needs a sweep that tunes, got none"):
        said(TunedBeside(), context_of(parabola_sweep(seeds=2, steps=64)))
    sweep = tuned_sweep()
    shipped = sweep.trials[~sweep.trials["label"].astype(str).str.endswith("tuned")]
    with pytest.raises(InvalidInput, match="the sweep is not whole"):
        said(TunedBeside(), context_of(replace(sweep, trials=shipped)))
