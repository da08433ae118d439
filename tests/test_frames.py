"""Points beside what is known of their runs, against a merge by pandas of the same as text."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.frames import Recorded, SweepFrames

COLUMNS = ["label", "optimizer", "seed", "status"]


def _merged(sweep: SweepFrames, metric: str) -> pd.DataFrame:
    points = sweep.points[sweep.points["metric"] == metric].astype({"run_id": str})
    return points[["run_id", "step", "value"]].merge(sweep.runs[["run_id", *COLUMNS]], on="run_id")


@pytest.mark.parametrize("metric", ["train/loss", "eval/loss"])
@pytest.mark.parametrize("as_text", [False, True])
def test_curves_name_each_points_own_run(metric: str, as_text: bool) -> None:
    """Of a broken run there is no eval/loss, and some runs are not among those compared, whose order is another."""
    sweep = parabola_sweep(seeds=3, steps=64)
    some = sweep.runs.sample(frac=0.7, random_state=1)
    points = sweep.points.astype({"run_id": str}) if as_text else sweep.points
    sweep = replace(sweep, runs=some, recorded=Recorded.of(points.sample(frac=1, random_state=2)))
    curves = sweep.curves(metric)
    assert list(curves) == ["run_id", "step", "value", *COLUMNS]
    assert isinstance(curves["label"].dtype, pd.CategoricalDtype)
    pd.testing.assert_frame_equal(curves.astype({"run_id": str}), _merged(sweep, metric), check_exact=True)
    assert np.isin(curves["run_id"].unique(), some["run_id"]).all()


def test_a_metric_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"metric must be one of .*train/loss"):
        parabola_sweep(seeds=2, steps=4).curves("train/los")
