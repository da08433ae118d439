"""A loss along one setting against pandas, and the good range by hand."""

import numpy as np
import pandas as pd
import pytest

from study.stats.response import good_range, respond
from tests.report.synthetic import parabola_sweep


def test_medians_per_optimizer_and_setting() -> None:
    """One line of pandas."""
    labels = {f"{name} lr={lr}": lr for name in ("sgd", "adam") for lr in (0.1, 0.001, 0.01)}
    runs = parabola_sweep(seeds=4, steps=40, labels=labels).runs
    table = respond(runs, x="optimizer.lr", value="last_epoch_loss", rng=np.random.default_rng(0))
    assert table["optimizer"].tolist() == ["sgd"] * 3 + ["adam"] * 3
    assert table["optimizer.lr"].tolist() == [0.001, 0.01, 0.1] * 2
    expected = runs.groupby(["optimizer", "optimizer.lr"])["last_epoch_loss"].median()
    for row in table.to_dict("records"):
        assert row["median"] == expected[row["optimizer"], row["optimizer.lr"]]
    assert table["diverged"].sum() == 1


@pytest.mark.parametrize(
    ("medians", "expected"),
    [([9, 2, 1, 2, 9], (2.0, 4.0)), ([1, 2, 2.1, 2, 1.5], (1.0, 2.0)), ([np.inf, np.inf, 3, np.inf, 3], (3.0, 3.0)),
     ([5, 4, 4, 4, 5], (1.0, 5.0))],
)  # fmt: skip
def test_good_range_by_hand(medians: list[float], expected: tuple[float, float]) -> None:
    """Within twice the best, without a gap."""
    table = pd.DataFrame({"optimizer": "a", "x": [1.0, 2.0, 3.0, 4.0, 5.0], "median": medians})
    assert good_range(table, x="x") == {"a": expected}


def test_no_range_where_all_diverged() -> None:
    """Nothing is good."""
    table = pd.DataFrame({"optimizer": "a", "x": [1.0], "median": [np.inf]})
    assert good_range(table, x="x") == {}
