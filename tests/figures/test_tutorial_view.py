"""One seed's curves, as they are."""

from dataclasses import replace

import numpy as np
import pytest

from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.figures.tutorial_view import TutorialView
from tests.figures.drawing import context_of, drawn, said


def test_shows_one_seed_on_a_linear_axis() -> None:
    """From 0 to 0.2, and the values of that seed alone."""
    sweep = parabola_sweep(seeds=3, steps=40, diverged=False)
    axes = drawn(TutorialView(seed=2, top=0.2), context_of(sweep)).axes[0]
    assert axes.get_ylim() == (0, 0.2)
    assert axes.get_yscale() == "linear"
    curves = sweep.curves("train/loss")
    chosen = curves[(curves["label"] == "sgd lr=0.01") & (curves["seed"] == 2)]["value"]
    assert np.asarray(axes.get_lines()[0].get_ydata()).tolist() == chosen.tolist()


def test_the_first_seed_and_the_room_it_needs() -> None:
    """Seeds from 100 on: the first is theirs; the axis ends at twice the largest loss of the later half."""
    sweep = parabola_sweep(seeds=3, steps=40, diverged=False)
    sweep = replace(sweep, runs=sweep.runs.assign(seed=sweep.runs["seed"] + 100))
    table = TutorialView().compute(context_of(sweep))
    curves = sweep.curves("train/loss")
    later = curves[(curves["seed"] == 100) & (curves["step"] >= 20)]
    assert table.seed == 100
    assert table.top == pytest.approx(2 * later["value"].max())
    assert "seed 100 alone (n = 1 of 3" in said(TutorialView(), context_of(sweep))


def test_the_level_is_that_of_its_seed() -> None:
    sweep = parabola_sweep(seeds=3, steps=40)
    runs = sweep.runs.assign(train_floor=sweep.runs["seed"].map({0: 0.02, 1: 0.07, 2: 0.04}))
    level = TutorialView(seed=1).compute(context_of(replace(sweep, runs=runs))).level
    assert level is not None
    assert level.at == 0.07


def test_a_run_that_diverges_does_not_decide_the_axis() -> None:
    sweep = parabola_sweep(seeds=1, steps=40)  # the first label breaks at once
    assert TutorialView().compute(context_of(sweep)).top < 0.5


def test_a_seed_that_is_not_there_is_one_line() -> None:
    context = context_of(parabola_sweep(seeds=3, steps=32))
    with pytest.raises(InvalidInput, match=r"^tutorial_view.seed must be one of the sweep, 0 to 2, got 7$"):
        TutorialView(seed=7).compute(context)
