"""The level of a loss: only what the runs bear out."""

import numpy as np
import pandas as pd
import pytest

from study.stats.levels import Level, level_of


def _runs(**columns: object) -> pd.DataFrame:
    known = {"problem._target_": "study.problems.parabola.Parabola", "problem.noise": 0.2, "floor": 0.0}
    seeds = {"seed": range(2), "train_floor": 0.03}
    return pd.DataFrame({**known, **seeds, **columns}, index=range(2))


@pytest.mark.parametrize("loss", ["train/loss", "last_epoch_loss"])
def test_the_training_loss_has_the_median_of_what_fits_of_the_samples_reach(loss: str) -> None:
    """Each seed once, however many labels have it; the noise's variance stands beside it."""
    runs = pd.concat([_runs(label=label, train_floor=[0.03, 0.05]) for label in ("sgd", "adam")])
    runs = pd.concat([runs, _runs(label="nag", train_floor=[0.03, 0.05]).iloc[:1]])
    level = level_of(runs, loss)
    assert level is not None
    assert level.at == pytest.approx(0.04, rel=1e-12)
    assert level.sentence == (
        "The dotted line at 0.04 is the least training loss found for a network of this size, fitted to these very "
        "samples (median over seeds; 0.03 to 0.05); the noise-free parabola itself has 0.04 on average."
    )


def test_one_seed_has_a_level_of_its_own() -> None:
    level = level_of(_runs(train_floor=[0.03, 0.05]).iloc[1:], "train/loss")
    assert level is not None
    assert level.at == 0.05
    assert "median" not in level.sentence


def test_the_parabola_itself_has_the_noises_variance_as_its_loss() -> None:
    """Drawn a hundred times: the mean squared noise of 1000 points, to five standard errors."""
    drawn = (0.2 * np.random.default_rng(0).normal(size=(100, 1000))) ** 2
    assert drawn.mean() == pytest.approx(0.04, abs=5 * drawn.std() / drawn.size**0.5)


@pytest.mark.parametrize("loss", ["eval/loss", "eval_last_epoch", "final_eval_loss"])
def test_the_evaluation_loss_has_its_floor(loss: str) -> None:
    level = level_of(_runs(floor=0.24168795), loss)
    assert level is not None
    assert level.at == 0.24168795
    assert "0.24169 is the floor" in level.sentence
    last_digit = _runs(floor=[0.24168795, np.nextafter(0.24168795, 1)])  # another stack's rounding
    assert level_of(last_digit, loss) == level


def test_a_level_that_differs_between_runs_is_said_and_not_marked() -> None:
    assert level_of(_runs(floor=[0.01, 0.04]), "eval/loss") == Level(
        None, "The floor differs between the runs, 0.01 to 0.04, and is not marked."
    )


@pytest.mark.parametrize(
    ("columns", "loss"),
    [
        ({}, "eval/loss"),  # its floor is 0: a bound that nothing reaches
        ({}, "full/loss"),
        ({"floor": 0.1}, "excess"),
        ({"train_floor": np.nan}, "train/loss"),
        ({"train_floor": [0.01, np.nan]}, "train/loss"),
        ({"problem._target_": ["study.problems.parabola.Parabola", "my.Own"]}, "last_epoch_loss"),
        ({"problem.width": [20, 50]}, "last_epoch_loss"),  # of two sizes
    ],
)
def test_where_nothing_holds_nothing_is_said(columns: dict[str, object], loss: str) -> None:
    assert level_of(_runs(**columns), loss) is None
