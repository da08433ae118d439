"""Tuning against brute force: every subset of the trials, every choice by a plain loop, ratios by hand."""

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from study.certify.sweeps import tuned_sweep
from study.errors import InvalidInput
from study.stats.bootstrap import Bootstrap
from study.stats.tuning import (
    at_edge,
    choose,
    expected_best,
    median_best,
    pairs,
    ranking,
    ratio,
    search_curves,
    shares,
)

INF = math.inf
VALUES = [
    [3.0, 1.0, 7.0, 2.0, 5.0],
    [0.3, 0.1, INF, 0.2, INF],
    [1.0, 1.0, 1.0, 2.0, 2.0],
    [0.5],
    [INF, INF, 1.0],
]


def _trials(losses: Sequence[Sequence[float | str]]) -> pd.DataFrame:
    """Return runs of trials 1, 2, ...: a loss, "diverged", or "stuck 0.2" for a run without progress."""
    rows = []
    for trial, ended in enumerate(losses, start=1):
        for end in ended:
            stuck = isinstance(end, str) and end.startswith("stuck")
            loss = INF if end == "diverged" else float(str(end).removeprefix("stuck "))
            status = "no_progress" if stuck else "diverged" if loss == INF else "ok"
            rows.append({"trial": trial, "status": status, "eval_last_epoch": loss})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("losses", "budget", "best"),
    [
        ([[3, 3, 3], [2, 2, 9], [1, 1, 1]], 1, 1),
        ([[3, 3, 3], [2, 2, 9], [1, 1, 1]], 2, 2),
        ([[3, 3, 3], [2, 2, 9], [1, 1, 1]], 3, 3),
        ([[2, 2, 2], [2, 2, 2]], 2, 1),  # of equals the first
        ([[3, 3, 3], [1, "diverged", "diverged"]], 2, 1),  # the median is infinite
        ([[3, 3, 3], [1, 1, "diverged"]], 2, 2),
        ([[3, 3, 3], ["stuck 1", "stuck 1", 1]], 2, 1),  # most runs went nowhere
        ([["diverged"] * 3, ["stuck 2"] * 3], 2, 2),  # all are such
        ([["diverged"] * 3, ["diverged"] * 3], 2, 1),
    ],
)
def test_who_is_chosen(losses: list[list[float | str]], budget: int, best: int) -> None:
    assert choose(_trials(losses), budget) == best


@pytest.mark.parametrize("values", VALUES)
def test_the_best_of_k_over_all_subsets(values: list[float]) -> None:
    for k in range(1, len(values) + 1):
        found = sorted(min(subset) for subset in combinations(values, k))
        assert expected_best(np.array(values), k) == pytest.approx(np.mean(found), rel=1e-12)
        # the least value that at least half of the searches find
        assert median_best(np.array(values), k) == found[(len(found) - 1) // 2]


def test_shares_of_75_trials_are_a_distribution() -> None:
    for k in (1, 37, 75):
        assert shares(75, k).sum() == pytest.approx(1, rel=1e-12)
    assert shares(75, 1) == pytest.approx(1 / 75)


def test_dodge_by_hand() -> None:
    """Of 1 2 3 4, two are drawn: the best is 1 in 3 of 6 cases, 2 in 2, 3 in 1; E = (3 + 4 + 3)/6."""
    assert expected_best(np.array([4.0, 2.0, 1.0, 3.0]), 2) == pytest.approx(10 / 6)


def test_it_estimates_the_mean_over_searches_without_bias() -> None:
    """Trials of an exponential law: the least of k has the mean 1/k."""
    drawn = np.random.default_rng(0).exponential(size=(12, 40_000))
    for k in (1, 3, 6):
        assert expected_best(drawn, k).mean() == pytest.approx(1 / k, rel=0.01)  # 4 standard errors


def test_curves_are_of_the_drawn_trials_and_bands_of_seeds_drawn_again() -> None:
    trials, bootstrap = tuned_sweep().trials, Bootstrap(resamples=500)
    curves = search_curves(trials, value="excess", bootstrap=bootstrap)
    own = trials[(trials["group"] == "adam") & (trials["seed"] >= 1000) & (trials["trial"] > 1)]
    medians = own.groupby("trial")["excess"].median()
    mine = curves[curves["group"] == "adam"].set_index("k")
    assert mine.loc[5, "best"] == medians.min()
    assert mine.loc[1, "best"] == sorted(medians)[2]
    drawn = np.random.default_rng(0).integers(0, 3, (500, 3))
    table = own.pivot(index="trial", columns="seed", values="excess").to_numpy()
    again = sorted(np.median(table[:, seeds], axis=1).min() for seeds in drawn)
    assert (mine.loc[5, "low"], mine.loc[5, "high"]) == (
        again[math.ceil(12.5) - 1],
        again[math.ceil(487.5) - 1],
    )
    assert (curves["low"] <= curves["best"]).all()
    assert (curves["best"] <= curves["high"]).all()
    averaged = search_curves(trials, value="excess", bootstrap=bootstrap, expected=True)
    assert averaged.loc[averaged["group"] == "adam", "best"].iloc[0] == pytest.approx(
        medians.mean(), rel=1e-12
    )


def test_a_trial_without_a_run_at_some_seed_is_refused() -> None:
    trials = tuned_sweep().trials
    holed = trials.drop(trials.index[(trials["trial"] == 3) & (trials["seed"] == 1001)][0])
    with pytest.raises(InvalidInput, match="excess must be recorded for each trial at each tuning seed; sgd"):
        search_curves(holed, value="excess", bootstrap=Bootstrap())


def test_ranks_at_each_budget_are_those_of_fresh_seeds() -> None:
    trials = tuned_sweep().trials
    ranked = ranking(trials, value="excess", confidence=0.95)
    assert ranked["budget"].tolist() == [1] * 4 + [3] * 4 + [6] * 4
    for budget, trial in ((1, 1), (3, 5), (6, 5)):
        own = trials[(trials["seed"] < 1000) & (trials["trial"] == trial)]
        medians = own.groupby("group", sort=False)["excess"].median()
        shown = ranked[ranked["budget"] == budget].set_index("group")
        assert shown["median"].to_dict() == medians.to_dict()
        assert shown["rank"].to_dict() == medians.rank().astype(int).to_dict()
        tuning = trials[(trials["seed"] >= 1000) & (trials["trial"] == trial)]
        assert shown["chosen_by"].to_dict() == tuning.groupby("group")["eval_last_epoch"].median().to_dict()


def test_pairs_are_as_shipped_and_the_best_of_all() -> None:
    trials = tuned_sweep().trials
    assert pairs(trials)["adam"] == ("adam", "adam tuned")
    only = trials[trials["label"] != "adam tuned"]
    assert list(pairs(only)) == ["sgd", "momentum", "rmsprop"]  # the sweep is not whole
    both = [
        (1, 6) if label == "adam" else budgets for label, budgets in only[["label", "budgets"]].to_numpy()
    ]
    assert pairs(only.assign(budgets=pd.Series(both, only.index)))["adam"] == ("adam", "adam")


def test_a_ratio_is_the_median_over_seeds() -> None:
    rows = [("a", seed, 2.0**seed) for seed in range(7)] + [("b", seed, 1.0) for seed in range(7)]
    runs = pd.DataFrame(rows, columns=["label", "seed", "excess"]).sample(frac=1, random_state=0)
    told = ratio(runs, "a", "b", value="excess", confidence=0.95)
    assert told == pytest.approx((8, 1, 64, 64), rel=1e-12)  # n = 7: minimum to maximum, which cover 98.4%
    runs.loc[(runs["label"] == "a") & (runs["seed"] == 6), "excess"] = INF
    assert ratio(runs, "a", "b", value="excess", confidence=0.95) == pytest.approx((8, 1, INF, INF))
    runs.loc[runs["seed"] == 6, "excess"] = INF
    assert ratio(runs, "a", "b", value="excess", confidence=0.95) is None
    runs.loc[runs["seed"] == 6, "excess"] = [0.0, 1.0]
    assert ratio(runs, "a", "b", value="excess", confidence=0.95) is None


def test_edges_are_the_outer_twentieth_and_what_lies_beyond() -> None:
    places = {"lr": 0.049, "a": 0.051, "b": 0.949, "c": 0.951, "d": -INF, "e": 1.2}
    row = pd.Series({f"place.{name}": place for name, place in places.items()} | {"optimizer.lr": 0.0})
    assert at_edge(row) == {"lr": "lower", "c": "upper", "d": "lower", "e": "upper"}
