"""A paired claim needs receipts."""

import pandas as pd
import pytest

from study.stats.pairing import refusal


def _runs() -> pd.DataFrame:
    return pd.DataFrame({
        "label": ["a", "a", "b", "b"], "seed": [0, 1, 0, 1],
        "data_sha": ["d0", "d1"] * 2, "init_sha": ["i0", "i1"] * 2, "order_sha": ["o0", "o1"] * 2,
    })  # fmt: skip


def test_equal_receipts_are_a_pair() -> None:
    """Nothing to refuse."""
    assert refusal(_runs()) == ""


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("data_sha", "x", "data"), ("init_sha", "x", "start"), ("order_sha", "x", "order of minibatches"),
     ("order_sha", None, "no receipt of the order"), ("seed", 7, "same seeds")],
)  # fmt: skip
def test_any_difference_is_refused_in_words(column: str, value: str | int | None, said: str) -> None:
    """One cell differs."""
    runs = _runs()
    runs.loc[3, column] = value
    assert said in refusal(runs)


def test_a_seed_twice_is_no_pair() -> None:
    """Two runs of one label at one seed."""
    assert "once each" in refusal(pd.concat([_runs(), _runs().iloc[:1]]))
