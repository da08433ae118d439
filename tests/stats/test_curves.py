"""Epochs and fits by hand, the weights of a leaky average against the recursion they come from."""

import numpy as np
import pandas as pd
import pytest

from study.stats.curves import add_epochs, knows_target, leaky_weights, median_errors, median_fit

DATA = pd.DataFrame({"x": [0.0, 2.0], "y": [0.5, 4.0], "clean": [0.0, 4.0]})
FITS = pd.DataFrame({
    "label": "a", "seed": [0, 0, 1, 1, 2, 2], "x": [0.0, 1.0] * 3, "prediction": [1.0, 2.0, 2.0, 4.0, 9.0, 2.0],
})  # fmt: skip


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
    found = add_epochs(curves, _train(a=4, b=2), _runs(a=32, b=64))
    assert found["epoch"].tolist() == [0.0, 1.5, 2.0]


def test_a_label_that_diverged_early_takes_the_epochs_of_one_like_it() -> None:
    """Three losses before it broke are no two epochs; of another batch size nothing is known, and it is left out."""
    runs = _runs(a=32, b=32, c=64).assign(status=["ok", "diverged", "diverged"])
    curves = pd.DataFrame({"label": ["b", "c"], "step": [1, 1]})
    found = add_epochs(curves, _train(a=8, b=3, c=3), runs)
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
