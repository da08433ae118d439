"""Scale of comparison, by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from study.stats.scale import Scale, on_scale, scale_of


def _runs(**columns: object) -> pd.DataFrame:
    known = {
        "eval_last_epoch": [0.3, np.inf],
        "final_eval_loss": [0.4, np.inf],
        "last_epoch_loss": [0.5, np.inf],
        "excess": [0.2, np.inf],
        "floor": [0.1, 0.1],
        "train_floor": [0.25, 0.25],
    }
    return pd.DataFrame(known | columns)


@pytest.mark.parametrize(
    ("value", "excess"),
    [("eval_last_epoch", 0.2), ("final_eval_loss", 0.3), ("last_epoch_loss", 0.25), ("excess", 0.2)],
)
def test_a_run_lies_at_the_logarithm_of_its_excess(value: str, excess: float) -> None:
    """Over the floor of that very loss: eval losses .1, the training loss .25, the excess has none left."""
    scale = scale_of(_runs(), value, margin=1.25)
    assert scale == Scale("log ratio", math.log(1.25))
    assert on_scale(_runs(), value, scale).tolist() == pytest.approx([math.log(excess), math.inf], rel=1e-12)


def test_what_a_loss_does_not_resolve_is_at_the_floor() -> None:
    """Excesses of 1e-17, -1e-17 and 2e-16 with a resolution of 1e-15 are one and the same."""
    runs = pd.DataFrame({"excess": [1e-17, -1e-17, 2e-16, 2e-15], "resolution": 1e-15})
    placed = on_scale(runs, "excess", Scale("log ratio", 0.2))
    assert placed[:3].tolist() == [math.log(1e-15)] * 3
    assert placed[3] == pytest.approx(math.log(2e-15), rel=1e-12)


def test_without_a_floor_the_problem_says_what_matters() -> None:
    """The plain loss against problem.margin; without one there is no scale."""
    runs = _runs(floor=math.nan, **{"problem.margin": 0.05})
    scale = scale_of(runs, "eval_last_epoch", margin=1.25)
    assert scale == Scale("difference", 0.05)
    assert on_scale(runs, "eval_last_epoch", scale).tolist() == [0.3, math.inf]
    assert scale_of(_runs(floor=math.nan), "eval_last_epoch", margin=1.25) is None


def test_the_floor_of_another_metric_is_none() -> None:
    """Compared by test/loss, the floor is that of the test loss, and says nothing of the last eval/loss."""
    runs = _runs(**{"problem.criterion": "test/loss"})
    assert scale_of(runs, "final_eval_loss", margin=1.25) is None
    assert scale_of(runs, "eval_last_epoch", margin=1.25) is not None
