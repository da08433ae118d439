"""Bands against pandas, epochs and fits by hand, weights of a leaky average against the recursion they come from."""

import numpy as np
import pandas as pd
import pytest

from study.certify.sweeps import parabola_sweep
from study.stats.curves import (
    add_epochs,
    knows_target,
    leaky_weights,
    median_band,
    median_errors,
    median_fit,
    updates_per_epoch,
)
from study.stats.intervals import median_interval

DATA = pd.DataFrame({"x": [0.0, 2.0], "y": [0.5, 4.0], "clean": [0.0, 4.0]})
FITS = pd.DataFrame({
    "label": "a", "seed": [0, 0, 1, 1, 2, 2], "x": [0.0, 1.0] * 3, "prediction": [1.0, 2.0, 2.0, 4.0, 9.0, 2.0],
})  # fmt: skip


def test_median_is_pandas_median_where_nothing_diverged() -> None:
    """One line of pandas."""
    sweep = parabola_sweep(seeds=4, steps=32, diverged=False)
    curves = sweep.curves("train/loss")
    band = median_band(curves, sweep.runs, confidence=0.95)
    expected = curves.groupby(["label", "step"], observed=True)["value"].median()
    got = band.set_index(["label", "step"])["median"]
    assert got.loc[list(expected.index)].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-15)
    assert (band["low"] <= band["median"]).all()
    assert (band["median"] <= band["high"]).all()
    assert (band["runs"] == 4).all()


def test_a_diverged_run_counts_as_infinite_after_its_end() -> None:
    """By hand: three runs 1, 2, 3; the first breaks before step 1, so that the median moves from 2 to 3."""
    runs = pd.DataFrame({"run_id": ["a", "b", "c"], "label": "x", "status": ["diverged", "ok", "ok"]})
    curves = pd.DataFrame({
        "run_id": ["a", "b", "b", "c", "c"], "label": "x", "step": [0, 0, 1, 0, 1],
        "value": [1.0, 2.0, 2.0, 3.0, 3.0],
    })  # fmt: skip
    band = median_band(curves, runs, confidence=0.95)
    assert band["median"].tolist() == [2.0, 3.0]
    assert band["high"].tolist() == [3.0, np.inf]


def test_a_run_that_broke_before_any_point_still_counts() -> None:
    """One of two runs has no points: the median is (1 + inf) / 2."""
    runs = pd.DataFrame({"run_id": ["a", "b"], "label": "x", "status": ["diverged", "ok"]})
    curves = pd.DataFrame({"run_id": ["b"], "label": "x", "step": [0], "value": [1.0]})
    assert median_band(curves, runs, confidence=0.95)["median"].tolist() == [np.inf]


def test_inputs_stay_and_a_band_repeats() -> None:
    """The frames given are not altered, and the same points give the same band."""
    sweep = parabola_sweep(seeds=3, steps=20)
    curves = sweep.curves("train/loss")
    before = curves.copy(deep=True), sweep.runs.copy(deep=True)
    first, second = (median_band(curves, sweep.runs, confidence=0.95) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(curves, before[0])
    pd.testing.assert_frame_equal(sweep.runs, before[1])


def test_band_is_the_interval_of_each_step() -> None:
    """Runs as rows, steps as columns, one label: the numbers of an array's columns."""
    sweep = parabola_sweep(seeds=4, steps=8, labels={"adam": 0.1}, diverged=False)
    curves = sweep.curves("train/loss")
    wide = curves.pivot(index="seed", columns="step", values="value").to_numpy()
    _, low, _ = median_interval(wide, 0.95)
    band = median_band(curves, sweep.runs, confidence=0.95)
    assert band["low"].to_numpy() == pytest.approx(low, rel=0)


def _runs(**batches: int) -> pd.DataFrame:
    rows = [
        {
            "run_id": label,
            "label": label,
            "status": "ok",
            "epochs": 2,
            "problem.noise": 0.1,
            "batch_size": size,
        }
        for label, size in batches.items()
    ]
    return pd.DataFrame(rows)


def _train(**steps: int) -> pd.DataFrame:
    return pd.concat([pd.DataFrame({"run_id": run, "step": range(count)}) for run, count in steps.items()])


def test_each_label_has_its_own_updates_per_epoch() -> None:
    """By hand: 4 updates in 2 epochs are 2 each; a full batch makes one per epoch."""
    curves = pd.DataFrame({"label": ["a", "a", "b"], "step": [0, 3, 2]})
    found = add_epochs(curves, updates_per_epoch(_train(a=4, b=2), _runs(a=32, b=64)))
    assert found["epoch"].tolist() == [0.0, 1.5, 2.0]


def test_a_label_that_diverged_early_takes_the_epochs_of_one_like_it() -> None:
    """Three losses before it broke are no two epochs; of another batch size nothing is known, and it is left out."""
    runs = _runs(a=32, b=32, c=64).assign(status=["ok", "diverged", "diverged"])
    curves = pd.DataFrame({"label": ["b", "c"], "step": [1, 1]})
    found = add_epochs(curves, updates_per_epoch(_train(a=8, b=3, c=3), runs))
    assert found[["label", "epoch"]].to_numpy().tolist() == [["b", 0.25]]


def test_median_over_seeds_at_each_x() -> None:
    """Medians of 1, 2, 9 and of 2, 4, 2."""
    assert median_fit(FITS)["prediction"].tolist() == [2.0, 2.0]


def test_distance_to_the_interpolated_target() -> None:
    """The target is 0 at 0 and 2 at 1; root mean squares sqrt(1/2), 2, sqrt(81/2), their median 2."""
    assert median_errors(FITS, DATA) == {"a": pytest.approx(2.0, rel=1e-15)}


def test_whether_there_is_a_target() -> None:
    """Where it equals what was trained on, there is none to draw."""
    assert knows_target(DATA)
    assert not knows_target(DATA.assign(clean=DATA["y"]))


@pytest.mark.parametrize("gamma", [0.95, 0.9, 0.8, 0.7, 0.0])
def test_weights_reproduce_the_recursion(gamma: float) -> None:
    """s_t = gamma s_{t-1} + (1 - gamma) v_t from s = 0, in a loop; float64, 40 products: 1e-13."""
    values = np.random.default_rng(0).normal(size=40)
    state = 0.0
    for value in values:
        state = gamma * state + (1 - gamma) * value
    assert leaky_weights(gamma, 40) @ values[::-1] == pytest.approx(state, rel=1e-13)
    assert leaky_weights(gamma, 40).sum() == pytest.approx(1 - gamma**40, rel=1e-13)
