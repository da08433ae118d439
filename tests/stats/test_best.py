"""Sets of best settings, against tests one by one and against chance."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from study.stats.best import not_told_from_best

RATES = (0.01, 0.1, 1.0)


def _runs(excesses: dict[tuple[str, float], np.ndarray]) -> pd.DataFrame:
    rows = [
        {"optimizer": name, "optimizer.lr": rate, "problem": "p", "status": "ok",
         "seed": seed, "excess": float(value)}
        for (name, rate), values in excesses.items()
        for seed, value in enumerate(values)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _sets(runs: pd.DataFrame) -> dict[str, list[float]]:
    return not_told_from_best(runs, x="optimizer.lr", value="excess", share=0.05)


def test_a_set_is_what_wilcoxon_does_not_tell_at_a_sixth_of_the_level() -> None:
    """Two lines of three rates are 3 + 3 pairs: p is taken six times."""
    rng = np.random.default_rng(0)
    seeds = rng.standard_normal(25)
    places = {
        (name, rate): seeds + shift * step + 0.5 * rng.standard_normal(25)
        for name, shift in (("sgd", 0.15), ("adam", 0.6))
        for step, rate in enumerate(RATES)
    }
    found = _sets(_runs({key: np.exp(place) for key, place in places.items()}))
    for name in ("sgd", "adam"):
        best = RATES[int(np.argmin([np.median(places[name, rate]) for rate in RATES]))]
        expected = [
            rate
            for rate in RATES
            if rate == best or 6 * scipy.stats.wilcoxon(places[name, rate], places[name, best]).pvalue > 0.05
        ]
        assert found[name] == expected
    assert found["adam"] == [0.01]
    assert len(found["sgd"]) > 1


def test_a_rate_at_which_all_diverge_is_told_and_three_seeds_tell_nothing() -> None:
    """Infinite excesses lie above everything; of three seeds the least p is a quarter."""
    runs = {("sgd", rate): np.exp(np.random.default_rng(1).standard_normal(20)) for rate in RATES}
    runs["sgd", 1.0] = np.full(20, np.inf)
    assert 1.0 not in _sets(_runs(runs))["sgd"]
    assert _sets(_runs(dict.fromkeys(runs, np.full(20, np.inf)))) == {}
    few = {key: values[:3] for key, values in runs.items()}
    assert _sets(_runs(few))["sgd"] == list(RATES)


@pytest.mark.slow
def test_the_true_best_is_in_its_set_but_for_one_time_in_twenty() -> None:
    """200 experiments with five equal rates, any of which is the best: each true one may be missing in 5% of them."""
    rng = np.random.default_rng(2)
    missing = 0
    for _ in range(200):
        seeds = rng.standard_normal(12)
        places = {("sgd", 10.0**k): np.exp(seeds + rng.standard_normal(12)) for k in range(5)}
        missing += len(_sets(_runs(places))["sgd"]) < 5
    assert missing <= 200 * 0.05 + 2 * np.sqrt(200 * 0.05 * 0.95)
