"""Comparisons of pairs as frames, against SciPy and hand arithmetic."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from study.stats.bootstrap import Bootstrap
from study.stats.paired import COLUMNS, Rule, compare_pairs, variance_ratio

N = 25
RULE = Rule("eval_last_epoch", 1.25, Bootstrap(resamples=999))


def _runs(**excesses: np.ndarray) -> pd.DataFrame:
    rows = [
        {"label": label, "seed": seed, "eval_last_epoch": 0.1 + float(excess), "floor": 0.1, "epochs": 3,
         "status": "ok" if np.isfinite(excess) else "diverged", "problem": "parabola"}
        for label, values in excesses.items()
        for seed, excess in enumerate(values)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _pairs(runs: pd.DataFrame, *, looks: int = 1) -> pd.DataFrame:
    return compare_pairs(runs, Rule("eval_last_epoch", 1.25, Bootstrap(resamples=999), looks))


def _row(runs: pd.DataFrame) -> dict[str, object]:
    (row,) = _pairs(runs).to_dict("records")
    return {str(key): value for key, value in row.items()}


def _lognormal(seed: int, center: float = 0.0, spread: float = 0.3, n: int = N) -> np.ndarray:
    return np.exp(center + spread * np.random.default_rng(seed).standard_normal(n))


def test_a_pair_agrees_with_scipy() -> None:
    """Estimate, p and interval from SciPy on the logarithms of the excesses.

    The percentile interval is stretched about the estimate by sqrt(25 / 24) * 2.0639 / 1.95996 (t of 24 degrees, z).
    """
    a, b = _lognormal(0), _lognormal(1, 0.1)
    row, r = _row(_runs(a=a, b=b)), np.log(a / b)
    assert tuple(row) == COLUMNS
    assert (row["paired"], row["scale"], row["n"], row["margin"]) == (True, "log ratio", N, math.log(1.25))
    assert row["estimate"] == pytest.approx(scipy.stats.trim_mean(r, 0.25), rel=1e-9)
    assert row["p_holm"] == pytest.approx(scipy.stats.wilcoxon(r).pvalue, rel=1e-9)
    assert row["improvement"] == np.mean(a < b)
    expected = scipy.stats.bootstrap(
        (r,), lambda d, axis: scipy.stats.trim_mean(d, 0.25, axis=axis), n_resamples=999,
        method="percentile", rng=np.random.default_rng(0), vectorized=True,
    )  # fmt: skip
    spacing = np.diff(np.sort(expected.bootstrap_distribution))[[25, -25]].max() * 20
    center, by = float(str(row["estimate"])), math.sqrt(25 / 24) * 2.0639 / 1.95996
    low, high = expected.confidence_interval
    assert row["low"] == pytest.approx(center + by * (low - center), abs=spacing)
    assert row["high"] == pytest.approx(center + by * (high - center), abs=spacing)


def test_a_difference_that_does_not_matter_against_the_start_does_against_the_floor() -> None:
    """176 times the excess, both less than a thousandth of the start: that was once called equivalent."""
    a = _lognormal(0, math.log(1e-6))
    assert _row(_runs(a=a, b=176 * a * _lognormal(1)))["verdict"] == "better by more than M"


@pytest.mark.slow
def test_seeds_are_paired_whatever_else_differs() -> None:
    """Seeds lie 20 times as far apart as the rules: paired it is resolved, and what pairing bought is told."""
    seed, noise = _lognormal(0, spread=2.0), _lognormal(1, spread=0.05)
    runs = _runs(a=seed, b=1.1 * seed * noise).assign(order_sha=lambda frame: frame["label"])
    row = _row(runs)
    assert row["verdict"] == "better by less than M"
    a, b = np.log(seed), np.log(1.1 * seed * noise)
    assert row["variance_ratio"] == pytest.approx(
        (a.var(ddof=1) + b.var(ddof=1)) / (a - b).var(ddof=1), rel=1e-6
    )
    runs.loc[runs["label"] == "b", "seed"] += 100
    apart = _row(runs)
    assert (apart["paired"], apart["verdict"]) == (False, "unresolved")
    assert math.isnan(float(str(apart["variance_ratio"])))
    assert apart["p_holm"] == pytest.approx(scipy.stats.mannwhitneyu(a, b).pvalue, rel=1e-9)


def test_pairing_is_decided_pair_by_pair() -> None:
    """C has other seeds: a and b stay paired. d lacks a few: it is paired at those it has."""
    runs = _runs(a=_lognormal(0), b=_lognormal(1), c=_lognormal(2), d=_lognormal(3, n=N - 5))
    runs.loc[runs["label"] == "c", "seed"] += 100
    table = _pairs(runs).set_index(["first", "second"])
    assert table["paired"].to_dict() == {
        ("a", "b"): True, ("a", "c"): False, ("a", "d"): True,
        ("b", "c"): False, ("b", "d"): True, ("c", "d"): False,
    }  # fmt: skip
    assert table.loc[("a", "d"), "n"] == N - 5


def test_p_is_corrected_over_all_pairs_and_intervals_are_wider_with_more() -> None:
    """Three pairs: the least p is taken three times; each interval leaves a third of 5% outside."""
    samples = {"a": _lognormal(0), "b": _lognormal(1, 0.5), "c": _lognormal(2, 0.6)}
    three, one = _pairs(_runs(**samples)), _row(_runs(a=samples["a"], b=samples["b"]))
    plain = [scipy.stats.wilcoxon(np.log(samples[x] / samples[y])).pvalue for x, y in ("ab", "ac", "bc")]
    assert three["p_holm"].min() == pytest.approx(3 * min(plain), rel=1e-9)
    assert three["low"][0] < float(str(one["low"])) < float(str(one["high"])) < three["high"][0]


def test_looks_share_the_level() -> None:
    """At the fourth part of 5% a single pair needs 8 seeds, not 6."""
    runs = _runs(a=_lognormal(0, -3, n=7), b=_lognormal(1, n=7))
    assert _pairs(runs)["verdict"].tolist() == ["better by more than M"]
    assert _pairs(runs, looks=4)["verdict"].tolist() == ["cannot be resolved at this n"]


def test_nothing_is_compared_across_fields() -> None:
    """Another budget is another field, and so is another problem: of four settings two pairs are left."""
    runs = _runs(a=_lognormal(0), b=_lognormal(1), c=_lognormal(2), d=_lognormal(3))
    runs.loc[runs["label"].isin(["c", "d"]), "epochs"] = 6
    table = _pairs(runs)
    assert table[["first", "second", "field"]].to_numpy().tolist() == [
        ["a", "b", "epochs=3"],
        ["c", "d", "epochs=6"],
    ]
    assert _pairs(runs.assign(epochs=runs["label"].map({"a": 1, "b": 2, "c": 3, "d": 4}))).empty


def test_who_diverges_in_one_run_of_ten_is_not_better() -> None:
    """Three of 25 runs diverge, the others lie a tenth: unresolved, with both rates and McNemar's p, 2 / 2^3."""
    a, b = _lognormal(0, -2.3), _lognormal(1)
    a[:3] = np.inf
    row = _row(_runs(a=a, b=b))
    assert (row["verdict"], row["failed_first"], row["failed_second"]) == ("unresolved", 3 / N, 0.0)
    assert row["p_failed"] == pytest.approx(0.25)
    b[:3] = np.inf  # as often, at the same seeds: no more reproach
    assert _row(_runs(a=a, b=b))["verdict"] == "better by more than M"


def test_no_progress_fails_too() -> None:
    """Ended no lower than it began: the loss counts as it is, and the failure beside it."""
    runs = _runs(a=_lognormal(0, -2.3), b=_lognormal(1))
    runs.loc[runs["label"] == "a", "status"] = "no_progress"
    row = _row(runs)
    assert (row["verdict"], row["failed_first"]) == ("unresolved", 1.0)
    assert row["p_failed"] == pytest.approx(2 / 2**N, rel=1e-6)


def test_all_diverged_lose() -> None:
    """Every run of b diverged: a is better by an infinite ratio; both diverged everywhere: they tie."""
    infinite = np.full(N, np.inf)
    row = _row(_runs(a=_lognormal(0), b=infinite))
    assert (row["estimate"], row["verdict"], row["improvement"]) == (-np.inf, "better by more than M", 1.0)
    assert _row(_runs(a=infinite, b=infinite))["verdict"] == "equivalent"


@pytest.mark.slow
def test_seeds_are_told_where_the_verdict_is_open() -> None:
    """Unresolved: both numbers. Resolved: none. Too few runs to judge the spread: none either."""
    open_ = _row(_runs(a=_lognormal(0, spread=1), b=_lognormal(1, spread=1)))
    assert open_["verdict"] == "unresolved"
    assert float(str(open_["seeds_to_tell"])) > N
    assert float(str(open_["seeds_to_tie"])) > N
    told = _row(_runs(a=_lognormal(0), b=_lognormal(1, 2)))
    few = _row(_runs(a=_lognormal(0, n=5), b=_lognormal(1, n=5)))
    assert few["verdict"] == "cannot be resolved at this n"
    assert all(math.isnan(float(str(row["seeds_to_tell"]))) for row in (told, few))


def test_variance_ratio_of_what_has_none() -> None:
    """One seed, a diverged run, the same difference everywhere."""
    assert math.isnan(variance_ratio(np.array([1.0]), np.array([2.0])))
    assert math.isnan(variance_ratio(np.array([1.0, np.inf]), np.array([2.0, 1.0])))
    assert math.isnan(variance_ratio(np.array([1.0, 2.0]), np.array([2.0, 3.0])))


@pytest.mark.slow
@pytest.mark.parametrize("paired", [True, False])
def test_nothing_wins_against_itself_more_than_one_time_in_twenty(paired: bool) -> None:
    """400 comparisons of a rule with itself under another name: at most 5% + 2 standard errors are wins."""
    rng = np.random.default_rng(5)
    wins = 0
    for _ in range(400):
        seed = rng.normal(size=12)
        runs = _runs(a=np.exp(seed + rng.normal(size=12)), b=np.exp(seed + rng.normal(size=12)))
        if not paired:
            runs.loc[runs["label"] == "b", "seed"] += 100
        wins += compare_pairs(runs, RULE, advise=False)["verdict"].str.startswith(("better", "worse")).sum()
    assert wins <= 400 * 0.05 + 2 * math.sqrt(400 * 0.05 * 0.95)
