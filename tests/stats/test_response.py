"""A loss along one setting against pandas, and the good range by hand."""

import numpy as np
import pandas as pd
import pytest

from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.stats.response import good_range, respond, varied


def test_medians_per_optimizer_and_setting() -> None:
    """One line of pandas."""
    labels = {f"{name} lr={lr}": lr for name in ("sgd", "adam") for lr in (0.1, 0.001, 0.01)}
    runs = parabola_sweep(seeds=4, steps=40, labels=labels).runs
    table = respond(runs, x="optimizer.lr", value="last_epoch_loss", confidence=0.95)
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
    table = pd.DataFrame({"line": "a", "x": [1.0, 2.0, 3.0, 4.0, 5.0], "median": medians})
    assert good_range(table, x="x") == {"a": expected}


def test_no_range_where_all_diverged() -> None:
    """Nothing is good."""
    table = pd.DataFrame({"line": "a", "x": [1.0], "median": [np.inf]})
    assert good_range(table, x="x") == {}


def _grid(**columns: list[float]) -> pd.DataFrame:
    runs = parabola_sweep(
        seeds=1, steps=32, labels={f"sgd lr={k}": 0.1 for k in range(1, 7)}, diverged=False
    ).runs
    return runs.assign(**{f"optimizer.{name}": values for name, values in columns.items()})


def test_what_else_differs_at_the_same_x_makes_a_line_of_its_own() -> None:
    """Two momenta at each of three rates: two lines of one run a point, and never one of two seeds."""
    runs = _grid(lr=[1, 1, 2, 2, 3, 3], momentum=[0.0, 0.9] * 3)
    table = respond(runs, x="optimizer.lr", value="excess", confidence=0.95)
    assert table["line"].tolist() == ["sgd momentum=0"] * 3 + ["sgd momentum=0.9"] * 3
    assert table["optimizer.lr"].tolist() == [1, 2, 3] * 2
    assert (table["runs"] == 1).all()


def test_a_schedule_makes_a_line_of_its_own_and_what_its_choice_decides_none() -> None:
    runs = _grid(lr=[1, 1, 2, 2, 3, 3])
    runs["schedule.name"], runs["schedule.T_max"] = ["constant", "cosine"] * 3, [None, "steps"] * 3
    table = respond(runs, x="optimizer.lr", value="excess", confidence=0.95)
    assert table["line"].tolist() == ["sgd schedule=constant"] * 3 + ["sgd schedule=cosine"] * 3


def test_what_follows_from_x_makes_no_line() -> None:
    """A second setting that is tied to the first one is no other line."""
    runs = _grid(lr=[1, 2, 3, 4, 5, 6], eps=[6, 5, 4, 3, 2, 1])
    table = respond(runs, x="optimizer.lr", value="excess", confidence=0.95)
    assert set(table["line"]) == {"sgd"}


def test_runs_without_the_setting_are_left_out() -> None:
    runs = _grid(momentum=[np.nan, 0.5, 0.6, 0.7, 0.8, 0.9])
    table = respond(runs, x="optimizer.momentum", value="excess", confidence=0.95)
    assert table["optimizer.momentum"].tolist() == [0.5, 0.6, 0.7, 0.8, 0.9]


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ("problem.rotatoin", "did you mean 'problem.noise'|must be one of .*optimizer.lr"),
        ("optimizer.l", "did you mean 'optimizer.lr'"),
        ("excess", "must be one of"),
        ("batch_size", "must be a setting that is a number, got 'batch_size', which holds full, 32"),
        ("optimizer.alpha", "which holds nothing"),
    ],
)
def test_a_setting_that_is_none_or_no_number_is_refused(x: str, said: str) -> None:
    """`optimizer.alpha` is there, but none of these runs has one."""
    runs = _grid().assign(batch_size=["full", "32"] * 3)
    with pytest.raises(InvalidInput, match=said):
        respond(runs, x=x, value="excess", confidence=0.95)


def test_settings_of_three_values_for_one_optimizer_are_varied() -> None:
    """Rates that only differ between optimizers are none, nor is a setting that is no number."""
    runs = _grid(lr=[1, 1, 2, 2, 3, 3], momentum=[0.0, 0.9] * 3).assign(batch_size=["full", "32", "1"] * 2)
    assert varied(runs) == ["optimizer.lr"]
    apart = runs.assign(optimizer=list("abcdef"))
    assert varied(apart) == []
