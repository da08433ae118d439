"""Comparisons of pairs against SciPy, hand arithmetic, and the promise that nothing wins against itself."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from study.stats.bootstrap import Bootstrap
from study.stats.paired import (
    compare_pairs,
    differences,
    further_seeds,
    holm,
    interquartile_mean,
    why_unpaired,
)


def _runs(**samples: np.ndarray) -> pd.DataFrame:
    rows = [
        {"label": label, "seed": seed, "loss": float(value), "status": "ok",
         "data_sha": f"d{seed}", "init_sha": f"i{seed}", "order_sha": f"o{seed}"}
        for label, values in samples.items()
        for seed, value in enumerate(values)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _row(runs: pd.DataFrame, *, margin: float = 0.1, resamples: int = 999) -> dict[str, object]:
    table = compare_pairs(runs, value="loss", margin=margin, bootstrap=Bootstrap(resamples=resamples))
    return {str(key): value for key, value in table.to_dict("records")[0].items()}


@pytest.mark.parametrize("runs", [1, 3, 4, 7, 8, 25])
def test_interquartile_mean_is_scipys_trimmed_mean(runs: int) -> None:
    """A quarter off each end, rounded down."""
    values = np.random.default_rng(runs).normal(size=runs)
    assert interquartile_mean(values[None])[0] == pytest.approx(
        scipy.stats.trim_mean(values, 0.25), rel=1e-14
    )


def test_interquartile_mean_by_hand() -> None:
    """Of 1, 2, 4, 100 the middle two are left: 3. One +inf of four is trimmed, two are not."""
    assert interquartile_mean(np.array([[100.0, 1.0, 4.0, 2.0]])) == 3.0
    assert interquartile_mean(np.array([[np.inf, 1.0, 4.0, 2.0]])) == 3.0
    assert interquartile_mean(np.array([[np.inf, np.inf, 4.0, 2.0]])) == np.inf
    assert np.isnan(interquartile_mean(np.array([[np.inf, np.inf, -np.inf, -np.inf]])))


def test_holm_by_hand() -> None:
    """By hand: p = .01, .04, .03 times 3, 1, 2 in order of size, made monotone: .03, .06, .06."""
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_further_seeds_by_hand() -> None:
    """((1.95996 + .84162) 1 / .5)^2 = 31.4: 32 seeds, 22 beyond ten. Never fewer than one."""
    assert further_seeds(1.0, 10, margin=0.5, confidence=0.95) == 22
    assert further_seeds(1.0, 100, margin=0.5, confidence=0.95) == 1
    assert math.isnan(further_seeds(math.inf, 10, margin=0.5, confidence=0.95))
    assert math.isnan(further_seeds(1.0, 10, margin=0.0, confidence=0.95))


def test_a_pair_agrees_with_scipy() -> None:
    """Difference, interval, probability and p-value from SciPy on the same differences."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=25), rng.normal(size=25)
    row = _row(_runs(a=a, b=b), margin=0.0)
    assert row["paired"]
    assert row["difference"] == pytest.approx(scipy.stats.trim_mean(a - b, 0.25), rel=1e-12)
    assert row["p"] == pytest.approx(scipy.stats.wilcoxon(a - b).pvalue, rel=1e-12)
    assert row["improvement"] == np.mean(a < b)
    expected = scipy.stats.bootstrap(
        (a - b,), lambda d, axis: scipy.stats.trim_mean(d, 0.25, axis=axis), n_resamples=999,
        method="percentile", rng=np.random.default_rng(0), vectorized=True,
    )  # fmt: skip
    spacing = np.diff(np.sort(expected.bootstrap_distribution))[[25, -25]].max() * 20
    assert row["low"] == pytest.approx(expected.confidence_interval.low, abs=spacing)
    assert row["high"] == pytest.approx(expected.confidence_interval.high, abs=spacing)


def test_seed_effects_cancel_in_pairs_and_not_without() -> None:
    """Seeds differ by 1, rules by .2: paired it is resolved, with other receipts it is not, and both are said."""
    rng = np.random.default_rng(1)
    seed = rng.normal(size=20)
    runs = _runs(a=seed, b=seed + 0.2 + 0.01 * rng.normal(size=20))
    assert _row(runs)["verdict"] == "better"
    runs.loc[runs["label"] == "b", "order_sha"] = "another"
    row = _row(runs)
    assert not row["paired"]
    assert row["verdict"] == "unresolved"
    assert row["p"] == pytest.approx(
        scipy.stats.mannwhitneyu(*(runs.loc[runs["label"] == label, "loss"] for label in "ab")).pvalue,
        rel=1e-12,
    )
    assert float(str(row["more_seeds"])) > 100


def test_verdicts() -> None:
    """Far below, far above, within the margin, and the same in the other direction."""
    base = np.random.default_rng(2).normal(size=12)
    noise = 0.01 * np.random.default_rng(3).normal(size=12)
    assert _row(_runs(a=base, b=base + 1 + noise))["verdict"] == "better"
    assert _row(_runs(a=base + 1 + noise, b=base))["verdict"] == "worse"
    assert _row(_runs(a=base, b=base + 0.05 + noise))["verdict"] == "equivalent"
    assert _row(_runs(a=base, b=base))["verdict"] == "equivalent"


def test_divergence_counts_and_two_divergences_tie() -> None:
    """All of b diverged: a wins with an infinite difference; both diverged at a seed: no difference there."""
    a = np.arange(8.0)
    row = _row(_runs(a=a, b=np.full(8, np.inf)))
    assert (row["difference"], row["verdict"], row["improvement"]) == (-np.inf, "better", 1.0)
    assert differences(np.array([np.inf, np.inf]), np.array([np.inf, 1.0])).tolist() == [0.0, np.inf]
    mixed = _row(_runs(a=np.array([np.inf] * 4 + [1.0] * 4), b=np.array([1.0] * 4 + [np.inf] * 4)))
    assert mixed["verdict"] == "unresolved"
    assert (mixed["low"], mixed["high"]) == (-np.inf, np.inf)


def test_equal_receipts_are_a_pair() -> None:
    """Nothing to say."""
    assert why_unpaired(_runs(a=np.zeros(2), b=np.zeros(2))) is None


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("data_sha", "x", "data"), ("init_sha", "x", "start"), ("order_sha", "x", "order of minibatches"),
     ("order_sha", None, "no receipt of the order"), ("seed", 7, "same seeds")],
)  # fmt: skip
def test_any_difference_is_told_in_words(column: str, value: str | int | None, said: str) -> None:
    """One cell differs."""
    runs = _runs(a=np.zeros(2), b=np.zeros(2))
    runs.loc[3, column] = value
    assert said in str(why_unpaired(runs))


def test_a_seed_twice_is_no_pair() -> None:
    """Two runs of one label at one seed."""
    runs = _runs(a=np.zeros(2), b=np.zeros(2))
    assert "once each" in str(why_unpaired(pd.concat([runs, runs.iloc[:1]])))


@pytest.mark.slow
@pytest.mark.parametrize("paired", [True, False])
def test_nothing_wins_against_itself_more_than_one_time_in_twenty(paired: bool) -> None:
    """400 comparisons of a rule with itself under another name: at most 5% + 2 standard errors are wins."""
    rng = np.random.default_rng(5)
    wins = 0
    for _ in range(400):
        seed = rng.normal(size=12)
        runs = _runs(a=seed + rng.normal(size=12), b=seed + rng.normal(size=12))
        if not paired:
            runs["order_sha"] = runs["label"]
        wins += _row(runs, margin=0.0, resamples=200)["verdict"] in ("better", "worse")
    assert wins <= 400 * 0.05 + 2 * math.sqrt(400 * 0.05 * 0.95)
