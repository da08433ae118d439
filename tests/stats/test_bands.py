"""Bands over seeds against pandas, with runs that break on the way."""

import numpy as np
import pandas as pd
import pytest

from study.certify.sweeps import parabola_sweep
from study.stats.bands import median_band
from study.stats.bootstrap import Bootstrap, median_interval


def test_median_is_pandas_median_where_nothing_diverged() -> None:
    """One line of pandas."""
    sweep = parabola_sweep(seeds=4, steps=32, diverged=False)
    curves = sweep.curves("train/loss")
    band = median_band(curves, sweep.runs, bootstrap=Bootstrap())
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
    band = median_band(curves, runs, bootstrap=Bootstrap())
    assert band["median"].tolist() == [2.0, 3.0]
    assert band["high"].tolist() == [3.0, np.inf]


def test_a_run_that_broke_before_any_point_still_counts() -> None:
    """One of two runs has no points: the median is (1 + inf) / 2."""
    runs = pd.DataFrame({"run_id": ["a", "b"], "label": "x", "status": ["diverged", "ok"]})
    curves = pd.DataFrame({"run_id": ["b"], "label": "x", "step": [0], "value": [1.0]})
    assert median_band(curves, runs, bootstrap=Bootstrap())["median"].tolist() == [np.inf]


def test_inputs_stay_and_a_seed_repeats() -> None:
    """The frames given are not altered, and the same stream gives the same band."""
    sweep = parabola_sweep(seeds=3, steps=20)
    curves = sweep.curves("train/loss")
    before = curves.copy(deep=True), sweep.runs.copy(deep=True)
    first, second = (median_band(curves, sweep.runs, bootstrap=Bootstrap(seed=5)) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(curves, before[0])
    pd.testing.assert_frame_equal(sweep.runs, before[1])


def test_band_is_the_interval_of_each_step() -> None:
    """Runs as rows, steps as columns, one label: the bootstrap's own numbers."""
    sweep = parabola_sweep(seeds=4, steps=8, labels={"adam": 0.1}, diverged=False)
    curves = sweep.curves("train/loss")
    wide = curves.pivot(index="seed", columns="step", values="value").to_numpy()
    _, low, _ = median_interval(wide, Bootstrap(seed=2))
    band = median_band(curves, sweep.runs, bootstrap=Bootstrap(seed=2))
    assert band["low"].to_numpy() == pytest.approx(low, rel=0)
