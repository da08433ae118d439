"""Who is lower at each budget, and where two change places: by hand, and by SciPy's test of a plain loop's ratios."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from study.stats.crossings import crossings, signs_along


def _runs(**values: list[list[float]]) -> pd.DataFrame:
    """Of each optimizer the values at 1, 2, 4, ... epochs, a list of seeds each."""
    rows = [
        {"optimizer": name, "epochs": 2**at, "seed": seed, "data_sha": f"data {seed}", "excess": value}
        for name, budgets in values.items()
        for at, seeds in enumerate(budgets)
        for seed, value in enumerate(seeds)
    ]
    return pd.DataFrame(rows).assign(problem="parabola")


def _signs(runs: pd.DataFrame, value: str = "excess") -> pd.DataFrame:
    return signs_along(runs, x="epochs", value=value, confidence=0.95)


def test_the_test_is_wilcoxons_of_the_log_ratios_seed_by_seed() -> None:
    rng = np.random.default_rng(0)
    values = {name: rng.lognormal(size=(2, 12)).tolist() for name in "abc"}
    signs = _signs(_runs(**values))
    assert signs[["first", "second", "epochs", "n"]].values.tolist() == [
        [*pair, epochs, 12] for epochs in (1, 2) for pair in (["a", "b"], ["a", "c"], ["b", "c"])
    ]
    for row in signs.to_dict("records"):
        first, second = (values[row[name]][row["epochs"] - 1] for name in ("first", "second"))
        ratios = [math.log(one / other) for one, other in zip(first, second, strict=True)]
        assert row["p"] == pytest.approx(scipy.stats.wilcoxon(ratios, method="exact").pvalue, rel=1e-12)
        assert row["drawn"] == np.sign(np.median(first) - np.median(second))


def test_the_level_is_split_over_all_that_is_tested() -> None:
    """All of 8 seeds on one side have p = 2/256 = 0.0078: enough for 6 tests at 0.05, and not for 7."""
    better, worse = [[1.0 + seed for seed in range(8)]], [[2.0 + 1.1 * seed for seed in range(8)]]
    assert _signs(_runs(a=better, b=worse))[["p", "told"]].values.tolist() == [[2 / 256, -1]]
    for budgets, told in ((6, -1), (7, 0)):
        assert set(_signs(_runs(a=better * budgets, b=worse * budgets))["told"]) == {told}
    assert _signs(_runs(b=worse, a=better))["told"].tolist() == [1]


def test_diverged_runs_are_worst_and_two_of_them_tie() -> None:
    """Of 8 seeds a wins 6, one of them because b diverged; of the seventh both did, and that is no evidence."""
    a = [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, math.inf]]
    b = [[2.0, 3.5, 5.5, 8.0, 11.0, math.inf, math.inf]]
    (row,) = _signs(_runs(a=a, b=b)).to_dict("records")
    assert (row["n"], row["p"], row["told"], row["drawn"]) == (7, 2 / 64, -1, -1)
    (row,) = _signs(_runs(a=[[math.inf] * 8], b=[[math.inf] * 8])).to_dict("records")
    assert (row["p"], row["told"], row["drawn"]) == (1.0, 0, 0)


def test_only_shared_seeds_with_the_same_data_are_compared() -> None:
    runs = _runs(a=[[1.0, 2.0, 3.0]], b=[[2.0, 4.0, 6.0, 8.0]])
    assert _signs(runs)["n"].tolist() == [3]
    other = runs.assign(data_sha=runs["data_sha"] + runs["optimizer"])
    assert _signs(other).empty
    assert crossings(_signs(other), x="epochs").empty


def test_losses_without_a_floor_are_compared_by_their_differences() -> None:
    """Below 0 there is no ratio."""
    runs = _runs(a=[[-1.0, -2.0, -3.0, -4.0, 0.0]], b=[[1.0, 0.5, -1.0, -1.5, 3.5]])
    (row,) = _signs(runs.rename(columns={"excess": "eval_last_epoch"}), "eval_last_epoch").to_dict("records")
    assert row["p"] == 2 / 32


def test_runs_that_are_both_at_their_floor_tie() -> None:
    """All of 8 seeds are on one side, by less than their loss resolves."""
    runs = _runs(a=[[1e-9 * (1 + seed) for seed in range(8)]], b=[[2e-9 * (1 + seed) for seed in range(8)]])
    assert _signs(runs)["told"].tolist() == [-1]
    assert _signs(runs.assign(resolution=1e-7))[["p", "told"]].values.tolist() == [[1.0, 0]]


def _crossed(told: list[int], drawn: list[int]) -> list[list[object]]:
    signs = {
        "first": "a",
        "second": "b",
        "epochs": [2**at for at in range(len(told))],
        "told": told,
        "drawn": drawn,
    }
    return crossings(pd.DataFrame(signs), x="epochs").to_numpy().tolist()


def test_a_crossing_lies_between_two_budgets_at_which_opposite_signs_are_told() -> None:
    assert _crossed([1, -1], [1, -1]) == [["b", "a", 1, 2, True]]
    assert _crossed([-1, 0, 0, 1], [-1, 1, -1, 1]) == [
        ["a", "b", 1, 8, True]
    ]  # medians between are part of it
    assert _crossed([1, -1, 1], [1, -1, 1]) == [["b", "a", 1, 2, True], ["a", "b", 2, 4, True]]


def test_medians_that_change_places_where_it_is_not_told_are_said_to() -> None:
    assert _crossed([1, 0, 0], [1, 1, -1]) == [["b", "a", 2, 4, False]]
    assert _crossed([1, 0, -1, 0], [1, 1, -1, 1]) == [["b", "a", 1, 4, True], ["a", "b", 4, 8, False]]
    assert _crossed([0, 0, 0], [1, 0, 1]) == []
