"""The table of a sweep against pandas and SciPy."""

import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.job import Job
from study.stats.summary import by_rank, fields, shortlist, summarise


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
    assert shortlist(runs, "excess", None) == ["d", "a", "c", "b"]
    assert shortlist(runs, "excess", 2) == ["d", "a"]


def test_ranks_are_within_a_field() -> None:
    """By hand: two budgets, the second of which is met first; a short list takes the firsts of both."""
    runs = pd.DataFrame({
        "label": list("abcde"), "status": "ok", "epochs": [4, 2, 2, 4, 2], "excess": [1.0, 9.0, 8.0, 2.0, 7.0],
    })  # fmt: skip
    table = summarise(runs, value="excess", confidence=0.95)
    assert table["field"].tolist() == ["epochs=4", "epochs=2", "epochs=2", "epochs=4", "epochs=2"]
    assert table["rank"].tolist() == [1, 3, 2, 2, 1]
    assert by_rank(table)["label"].tolist() == ["a", "d", "e", "c", "b"]
    assert shortlist(runs, "excess", 3) == ["a", "e", "c"]


def test_medians_that_look_alike_share_a_rank() -> None:
    """Four digits: .08901 and .0890100001 do, .08901 and .08902 do not, and the next rank counts them."""
    losses = [0.0890100001, 0.08902, 0.08901, 0.5]
    runs = pd.DataFrame({"label": list("abcd"), "status": "ok", "excess": losses})
    assert summarise(runs, value="excess", confidence=0.95)["rank"].tolist() == [1, 3, 1, 4]


def test_what_is_not_ranked_stays_in_the_order_of_the_sweep() -> None:
    runs = pd.DataFrame({"label": list("ba"), "status": "ok", "excess": [2.0, 1.0]})
    table = summarise(runs, value="excess", confidence=0.95, rank=False)
    assert "rank" not in table
    assert by_rank(table)["label"].tolist() == ["b", "a"]


@pytest.mark.parametrize("value", ["excess", "last_epoch_loss"])
def test_a_value_that_was_not_recorded_is_said(value: str) -> None:
    runs = pd.DataFrame({"label": ["a", "b"], "status": "ok", "last_epoch_loss": [1.0, np.nan]})
    with pytest.raises(InvalidInput, match=f"the value {value} must be recorded for every run"):
        summarise(runs, value=value, confidence=0.95)


def _runs(**columns: Sequence[object]) -> pd.DataFrame:
    return pd.DataFrame(columns).assign(label="x", **{"optimizer.lr": 0.1})


def test_one_problem_and_one_budget_are_one_field() -> None:
    """Whatever else differs, and wherever the problem's file lies."""
    runs = _runs(problem=["a", "a"], epochs=[2, 2], batch_size=[1, 32], **{"problem.path": ["/x", "/y"]})
    assert fields(runs).tolist() == ["", ""]
    assert fields(pd.DataFrame({"label": ["a"], "status": ["ok"]})).tolist() == [""]


def test_fields_are_called_by_what_differs() -> None:
    """The airfoil's: the library has twice the epochs and twice the gradient."""
    scale: dict[str, Sequence[object]] = {
        "problem.gradient_scale": [1.0, 2.0, 2.0],
        "problem.points": [9, 9, 9],
    }
    runs = _runs(problem=["a"] * 3, epochs=[2, 4, 4], **scale)
    assert fields(runs).tolist() == ["epochs=2 gradient_scale=1", *["epochs=4 gradient_scale=2"] * 2]
    assert fields(runs.iloc[1:]).tolist() == ["", ""]
    assert fields(runs.set_index(pd.Index([7, 5, 3]))).index.tolist() == [7, 5, 3]


def test_fields_of_two_problems() -> None:
    """What belongs to one problem only is no difference, nor is the budget that its file sets."""
    runs = _runs(problem=["a", "b", "b"], epochs=[2, 4, 4], **{"problem.noise": [np.nan, 0.5, 0.25]})
    assert fields(runs).tolist() == ["problem=a", "problem=b noise=0.5", "problem=b noise=0.25"]
    assert fields(runs.assign(epochs=[2, 4, 8]))[2] == "problem=b epochs=8 noise=0.25"


def test_a_job_and_what_the_store_gives_back_of_it_are_of_one_field() -> None:
    """Params are text, frames hold numbers."""
    jobs = [
        Job({"name": "bowl", "rotation": angle}, {"name": "sgd"}, epochs, None, seeds=range(1), label="")
        for angle, epochs in ((0, 20), (5.0, 20), (12.5, 1_000_000))
    ]
    texts = pd.DataFrame([job.params() for job in jobs])
    frame = texts.rename(columns={"problem.name": "problem"}).astype(
        {"problem.rotation": float, "epochs": int}
    )
    assert fields(texts).tolist() == fields(frame).tolist()
    assert fields(frame).tolist() == [
        "epochs=20 rotation=0", "epochs=20 rotation=5", "epochs=1000000 rotation=12.5",
    ]  # fmt: skip
