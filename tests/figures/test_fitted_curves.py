"""Fits beside what they are fits of."""

from dataclasses import replace

import numpy as np
import pytest

from study.certify.sweeps import bowl_sweep, parabola_sweep
from study.errors import InvalidInput
from study.figures.fitted_curves import FittedCurves
from tests.figures.drawing import context_of, drawn, said


def test_each_distance_is_told_in_the_order_of_the_sweep() -> None:
    """The root mean square distance to x^2, seed by seed, by NumPy."""
    sweep = parabola_sweep(seeds=3, steps=64, diverged=False)
    adam = sweep.fits[sweep.fits["label"] == "rmsprop lr=0.01"]
    distances = [
        np.sqrt(np.mean((fit["prediction"] - fit["x"] ** 2) ** 2)) for _, fit in adam.groupby("seed")
    ]
    caption = said(FittedCurves(), context_of(sweep))
    assert caption.startswith(
        "Root mean square distance to the noise-free target, medians over seeds: sgd lr=0.01 "
    )
    assert f"; rmsprop lr=0.01 {np.median(distances):.3g}; " in caption


def test_a_problem_without_a_curve_is_one_line() -> None:
    with pytest.raises(
        InvalidInput, match=r"^fitted_curves needs a problem with a curve .* to draw, got bowl$"
    ):
        FittedCurves().compute(context_of(bowl_sweep()))


def test_settings_with_other_data_show_none() -> None:
    """Whose data were kept cannot be told, so neither dots nor distances."""
    sweep = parabola_sweep(seeds=2, steps=32)
    shas = sweep.runs["data_sha"].where(sweep.runs["optimizer"] != "adam", "another")
    context = context_of(replace(sweep, runs=sweep.runs.assign(data_sha=shas)))
    assert FittedCurves().compute(context).data.empty
    assert said(FittedCurves(), context).startswith("The settings do not share their data")


def test_without_a_target_the_distance_is_that_of_the_datas_own_seed() -> None:
    """Other seeds have other data: only the fit of seed 0 is compared with the data of seed 0."""
    sweep = parabola_sweep(seeds=3, steps=64, diverged=False)
    sweep = replace(sweep, data=sweep.data.assign(clean=sweep.data["y"]))
    fit = sweep.fits[(sweep.fits["label"] == "adam lr=0.01") & (sweep.fits["seed"] == 0)]
    at = np.interp(fit["x"], sweep.data["x"], sweep.data["y"])
    table = FittedCurves().compute(context_of(sweep))
    assert table.errors["adam lr=0.01"] == pytest.approx(np.sqrt(np.mean((fit["prediction"] - at) ** 2)))
    assert "of that one seed" in said(FittedCurves(), context_of(sweep))


def test_at_most_the_best_are_shown() -> None:
    context = context_of(parabola_sweep(seeds=2, steps=64, diverged=False))
    assert len(drawn(FittedCurves(best=3), context).axes) == 3
    least = "Shown are 3 of 4 settings, those with the lowest median training loss of the last epoch."
    assert least in said(FittedCurves(best=3), context)
