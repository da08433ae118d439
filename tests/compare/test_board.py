"""The board: who is better, by how much, how surely; by hand, by SciPy, and by counting how often it errs."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from study.compare.board import SCORECARD, Board, board_of, won_and_lost
from study.compare.rows import ladder
from study.stats.bootstrap import Bootstrap
from study.stats.paired import Rule
from study.tracking import names
from tests.compare.made import PROBLEMS, Excess, made, noise

FEW = PROBLEMS[:3]
RULE = Rule(names.CRITERION, 1.25, Bootstrap(resamples=300))


def _excess(name: str, factor: float, scale: float = 0.1) -> Excess:
    """Return excesses of 1e-3 times a factor, with noise that a seed's runs share and noise of their own."""
    return lambda problem, seed: (
        1e-3 * factor * noise("shared", problem, seed, 1.0) * noise(name, problem, seed, scale)
    )


def _rows(**factors: float) -> pd.DataFrame:
    return made({name: _excess(name, factor) for name, factor in factors.items()})


def _board(rows: pd.DataFrame, *against: str) -> Board:
    return board_of(rows, "mine", against, RULE)


def test_estimates_are_the_interquartile_means_of_the_log_ratios_seed_by_seed() -> None:
    rows = _rows(mine=0.5, adam=1.0)
    pairs = _board(rows, "adam").pairs
    assert list(pairs.columns[: len(SCORECARD)]) == list(SCORECARD)
    assert list(pairs["problem"]) == sorted(PROBLEMS)
    for row in pairs.to_dict("records"):
        own = rows[(rows["problem"] == row["problem"]) & rows["tuned"]]
        ends = {
            name: some.set_index("seed")["eval_last_epoch"] - 0.5 for name, some in own.groupby("optimizer")
        }
        logs = np.log(ends["mine"] / ends["adam"])
        assert row["estimate"] == pytest.approx(scipy.stats.trim_mean(logs, 0.25))
        assert row["low"] < row["estimate"] < row["high"] < -math.log(1.25)
        assert (row["n"], row["verdict"], row["tuned_lr"]) == (10, "better by more than M", 1e-3)


@pytest.mark.slow
def test_steps_are_those_to_where_half_of_the_runs_of_the_other_end() -> None:
    """Without noise, falling evenly on a logarithmic scale: to 1e-2 takes half of the steps on the way to 1e-4."""
    rows = made({"mine": lambda *_: 1e-4, "adam": lambda *_: 1e-2, "sgd": lambda *_: 1e-6})
    pairs = _board(rows, "adam", "sgd").pairs
    assert set(pairs.loc[pairs["against"] == "adam", "steps_ratio"]) == {50 / 100}
    assert set(pairs.loc[pairs["against"] == "sgd", "steps_ratio"]) == {math.inf}
    assert ladder()[16] == pytest.approx(1e-2)


@pytest.mark.slow
def test_a_copy_is_equivalent_everywhere_and_a_crippled_one_is_worse() -> None:
    rows = _rows(adam=1.0, crippled=3.0)
    copy = rows[rows["optimizer"] == "adam"].assign(optimizer="mine")
    same = _board(pd.concat([rows, copy]), "adam").pairs
    assert set(same["verdict"]) == {"equivalent"}
    assert (same["estimate"] == 0).all()
    lost = board_of(rows, "crippled", ["adam"], RULE).pairs
    assert set(lost["verdict"]) == {"worse by more than M"}
    assert won_and_lost(lost, "adam") == (0, len(PROBLEMS))


def test_who_diverges_more_often_is_not_called_better() -> None:
    best = _excess("mine", 0.1)
    rows = made(
        {
            "mine": lambda problem, seed: math.inf if seed == 3 else best(problem, seed),
            "adam": _excess("adam", 1.0),
        }
    )
    pairs = _board(rows, "adam").pairs
    assert set(pairs["verdict"]) == {"unresolved"}
    assert set(pairs["failed_first"]) == {0.1}


@pytest.mark.slow
def test_nothing_depends_on_the_order_of_arguments_or_rows_nor_on_who_else_is_there() -> None:
    rows = _rows(mine=0.8, adam=1.0, sgd=1.3, nag=0.7)
    alone = _board(rows[rows["optimizer"].isin(["mine", "adam"])], "adam").pairs
    for mixed in (rows, rows.sample(frac=1, random_state=1), rows.iloc[::-1]):
        for against in (("adam", "sgd"), ("sgd", "nag", "adam")):
            pairs = _board(mixed, *against).pairs
            own = pairs[pairs["against"] == "adam"].reset_index(drop=True)
            pd.testing.assert_frame_equal(own, alone)


def test_what_tuning_found_is_counted_by_hand() -> None:
    tuned = _board(_rows(mine=1.0, adam=1.0), "adam").tuned
    assert list(tuned["problem"]) == sorted(PROBLEMS)
    for row in tuned.to_dict("records"):
        assert (row["values"], row["edge"]) == ("lr=0.001", "lr:lower")
        counted = (row["trials"], row["good"], row["diverged"], row["runs"])
        assert counted == (3, 1, 0, 6)  # 1, sqrt(10) and 10 times the best
        assert (row["least_lr"], row["most_lr"]) == (1e-3, 1e-3)
        assert row["estimate"] == pytest.approx(-math.log(10))
        assert row["verdict"] == "better by more than M"


def test_a_tuned_one_that_is_as_shipped_ties_with_itself() -> None:
    rows = _rows(mine=1.0, adam=1.0)
    rows = rows[rows["trial"] == 1].assign(tuned=rows["shipped"])
    assert set(_board(rows, "adam").tuned["verdict"]) == {"equivalent"}


def _wins(factor: float, draw: int) -> int:
    """Return on how many of three problems one is called better than another that ends so many times as high."""
    law = {"mine": _excess(f"mine{draw}", 1.0, 0.4), "adam": _excess(f"adam{draw}", factor, 0.4)}
    return won_and_lost(board_of(made(law, problems=FEW), "mine", ["adam"], RULE).pairs, "adam")[0]


@pytest.mark.slow
def test_of_two_alike_one_is_called_better_somewhere_in_at_most_one_table_of_twenty() -> None:
    """Noise of one law, another draw for each table: 5% are both sides, of which one is asked for here."""
    wins = sum(_wins(1.0, draw) > 0 for draw in range(40))
    assert wins <= scipy.stats.binom.ppf(0.999, 40, 0.025)


@pytest.mark.slow
def test_an_improvement_as_large_as_a_table_says_it_tells_is_told_four_times_in_five() -> None:
    """What one table says holds for its own draw of the noise: so it is the mean of many that is planted."""
    laws = [{name: _excess(f"{name}{draw}", 1.0, 0.4) for name in ("mine", "adam")} for draw in range(10)]
    boards = [board_of(made(law, problems=FEW), "mine", ["adam"], RULE) for law in laws]
    tells = np.mean([board.pairs["tells"].mean() for board in boards])
    told = np.array([_wins(math.exp(tells), draw) for draw in range(100, 130)]) / len(FEW)
    assert 0.7 < told.mean() < 0.93
