"""The level of a loss: only what the runs bear out."""

import numpy as np
import pandas as pd
import pytest

from study.stats.levels import Level, level_of


def _runs(**columns: object) -> pd.DataFrame:
    known = {"problem._target_": "study.problems.parabola.Parabola", "problem.noise": 0.2, "floor": 0.0}
    return pd.DataFrame({**known, **columns}, index=range(2))


@pytest.mark.parametrize("loss", ["train/loss", "last_epoch_loss"])
def test_the_parabola_itself_has_the_noises_variance_as_its_loss(loss: str) -> None:
    """Drawn a hundred times: the mean squared noise of 1000 points, to five standard errors."""
    level = level_of(_runs(), loss)
    assert level is not None
    assert level.at == pytest.approx(0.04, rel=1e-12)
    assert "dotted line at 0.04 is the variance of the noise" in level.sentence
    drawn = (0.2 * np.random.default_rng(0).normal(size=(100, 1000))) ** 2
    assert drawn.mean() == pytest.approx(level.at, abs=5 * drawn.std() / drawn.size**0.5)


@pytest.mark.parametrize("loss", ["eval/loss", "final_eval_loss"])
def test_the_evaluation_loss_has_its_floor(loss: str) -> None:
    level = level_of(_runs(floor=0.24168795), loss)
    assert level is not None
    assert level.at == 0.24168795
    assert "0.24169 is the floor" in level.sentence
    last_digit = _runs(floor=[0.24168795, np.nextafter(0.24168795, 1)])  # another stack's rounding
    assert level_of(last_digit, loss) == level


def test_a_level_that_differs_between_runs_is_said_and_not_marked() -> None:
    assert level_of(_runs(**{"problem.noise": [0.1, 0.2]}), "train/loss") == Level(
        None, "The variance of the noise differs between the runs, 0.01 to 0.04, and is not marked."
    )


@pytest.mark.parametrize(
    ("columns", "loss"),
    [
        ({}, "eval/loss"),  # its floor is 0: a bound that nothing reaches
        ({}, "full/loss"),
        ({"floor": 0.1}, "excess"),
        ({"problem.noise": 0.0}, "train/loss"),
        ({"problem._target_": "study.problems.linear.Linear"}, "train/loss"),
        ({"problem._target_": ["study.problems.parabola.Parabola", "my.Own"]}, "last_epoch_loss"),
    ],
)
def test_where_nothing_holds_nothing_is_said(columns: dict[str, object], loss: str) -> None:
    assert level_of(_runs(**columns), loss) is None
