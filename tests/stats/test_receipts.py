"""Receipts: any difference between the runs of one seed is told in words."""

import pandas as pd
import pytest

from study.stats.receipts import why_unpaired


def _runs(labels: str = "ab", seeds: int = 2) -> pd.DataFrame:
    rows = [
        {
            "label": label,
            "seed": seed,
            "data_sha": f"d{seed}",
            "init_sha": f"i{seed}",
            "order_sha": f"o{seed}",
        }
        for label in labels
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows)


def test_equal_receipts_are_a_pair() -> None:
    """Nothing to say."""
    assert why_unpaired(_runs()) is None


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("data_sha", "x", "data"), ("init_sha", "x", "start"), ("order_sha", "x", "order of minibatches"),
     ("order_sha", None, "no receipt of the order"), ("seed", 7, "same seeds")],
)  # fmt: skip
def test_any_difference_is_told_in_words(column: str, value: str | int | None, said: str) -> None:
    """One cell differs."""
    runs = _runs()
    runs.loc[3, column] = value
    assert said in str(why_unpaired(runs))


def test_a_seed_twice_is_no_pair() -> None:
    """Two runs of one label at one seed."""
    runs = _runs()
    assert "once each" in str(why_unpaired(pd.concat([runs, runs.iloc[:1]])))


def test_one_seed_of_many_is_no_witness_for_the_rest() -> None:
    """The receipts of all seeds are looked at, not the first's alone."""
    runs = _runs(seeds=7)
    runs.loc[len(runs) - 1, "init_sha"] = "another"
    assert "start" in str(why_unpaired(runs))
