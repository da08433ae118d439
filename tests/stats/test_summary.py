"""The table of a sweep against pandas and SciPy."""

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.stats.summary import by_rank, medians, summarise


def test_counts_medians_and_intervals() -> None:
    """Two lines of pandas give the counts and medians, SciPy the interval of one label."""
    runs = parabola_sweep(seeds=7).runs
    table = summarise(runs, value="last_epoch_loss", confidence=0.95)
    assert list(table["label"]) == list(runs["label"].cat.categories)
    assert table["runs"].tolist() == [7, 7, 7, 7]
    assert table["diverged"].tolist() == [1, 0, 0, 0]
    assert table["no_progress"].tolist() == [0, 0, 0, 0]
    medians = runs.groupby("label", observed=True)["last_epoch_loss"].median()
    assert table["median"].tolist() == medians.tolist()
    adam = runs.loc[runs["optimizer"] == "adam", "last_epoch_loss"]
    interval = [
        scipy.stats.quantile_test(adam, p=0.5, alternative=side).confidence_interval(0.975)
        for side in ("greater", "less")
    ]
    row = table.iloc[3]
    assert (row["low"], row["high"]) == (interval[0].low, interval[1].high)
    assert row["low"] <= row["median"] <= row["high"]
    assert table["coverage"].tolist() == [0.984375] * 4  # 1 - 2 / 2^7: minimum to maximum of seven


def test_divergence_and_ties_in_the_rank() -> None:
    """By hand: medians 2, inf, 2, 1 rank 2, 4, 2, 1; sizes may differ between labels."""
    values: dict[str, list[float]] = {"a": [1, 2, 3], "b": [np.inf, np.inf, 1], "c": [2, 2], "d": [1.0]}
    runs = pd.DataFrame(
        [
            (label, "diverged" if np.isinf(value) else "no_progress" if value == 2 else "ok", value)
            for label in values
            for value in values[label]
        ],
        columns=["label", "status", "last_epoch_loss"],
    )
    table = summarise(runs, value="last_epoch_loss", confidence=0.95)
    assert table["label"].tolist() == ["a", "b", "c", "d"]
    assert table["rank"].tolist() == [2, 4, 2, 1]
    assert table["diverged"].tolist() == [0, 2, 0, 0]
    assert table["no_progress"].tolist() == [1, 0, 2, 0]
    assert table["median"].tolist() == [2, np.inf, 2, 1]
    assert not table.isna().any().any()


def test_order_is_the_sweeps() -> None:
    """Categories decide the order, not the alphabet, and an unused one gives no row."""
    runs = pd.DataFrame({
        "label": pd.Categorical(["b", "a"], categories=["z", "b", "a"]),
        "status": "ok", "last_epoch_loss": [1.0, 2.0],
    })  # fmt: skip
    assert summarise(runs, value="last_epoch_loss", confidence=0.95)["label"].tolist() == ["b", "a"]


def test_a_thousand_runs_take_no_time() -> None:
    """52 labels of 20 seeds end a sweep's table: under 0.3 s of one processor."""
    labels = [f"label {index:02d}" for index in range(52)]
    values = np.random.default_rng(0).lognormal(size=1040)
    runs = pd.DataFrame({"label": np.repeat(labels, 20), "status": "ok", "last_epoch_loss": values})
    started = time.process_time()
    summarise(runs, value="last_epoch_loss", confidence=0.95)
    assert time.process_time() - started < 0.3


def test_needs_no_drawing_library() -> None:
    """The sweep's own process imports it: neither matplotlib, seaborn, SciPy nor torch may come along."""
    code = (
        "import sys, study.stats.summary;"
        "sys.exit(not {'matplotlib', 'seaborn', 'scipy', 'torch', 'mlflow'}.isdisjoint(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_ranking_is_the_summary_best_first() -> None:
    """Equal medians stay in the order of the sweep, and any recorded value can rank."""
    runs = pd.DataFrame({"label": list("abcd"), "status": "ok", "excess": [2.0, np.inf, 2.0, 1.0]})
    ranked = by_rank(summarise(runs, value="excess", confidence=0.95))
    assert ranked["label"].tolist() == ["d", "a", "c", "b"]
    assert ranked["rank"].tolist() == [1, 2, 2, 4]
    assert medians(runs, "excess") == {"d": 1.0, "a": 2.0, "c": 2.0, "b": np.inf}
    assert list(medians(runs, "excess")) == ["d", "a", "c", "b"]


@pytest.mark.parametrize("value", ["excess", "last_epoch_loss"])
def test_a_value_that_was_not_recorded_is_said(value: str) -> None:
    runs = pd.DataFrame({"label": ["a", "b"], "status": "ok", "last_epoch_loss": [1.0, np.nan]})
    with pytest.raises(InvalidInput, match=f"the value {value} must be recorded for every run"):
        summarise(runs, value=value, confidence=0.95)
