"""Steps to a target: by hand, by a plain loop, and from the runs of a sweep."""

import math

import numpy as np
import pandas as pd
import pytest

from study.certify.sweeps import parabola_sweep, with_first_label_diverged
from study.stats.curves import updates_per_epoch
from study.stats.targets import descents, log_targets, running_loss, solved, steps_to, summarise_targets
from study.tracking import names

INF = math.inf


def _runs(**status: str) -> pd.DataFrame:
    """One label of three runs, and one of one."""
    endings = {"a": names.OK, "b": names.OK, "c": names.OK, "d": names.OK, **status}
    return pd.DataFrame({
        "run_id": list(endings), "label": ["sgd", "sgd", "sgd", "adam"], "status": list(endings.values())
    })  # fmt: skip


def _curves() -> pd.DataFrame:
    values = {"a": [8.0, 4.0, 5.0, 1.0], "b": [8.0, 2.0, 3.0, 2.0], "c": [8.0, 9.0, 9.0, 9.0], "d": [1.0] * 4}
    labels = dict(zip(_runs()["run_id"], _runs()["label"], strict=True))
    return pd.concat([
        pd.DataFrame({"run_id": run, "label": labels[run], "step": [0, 10, 20, 30], "value": own})
        for run, own in values.items()
    ])  # fmt: skip


TARGETS = np.array([4.0, 2.0, 1.0])


def test_steps_cost_and_medians_by_hand() -> None:
    """Of sgd, with a budget of 40: 4 is reached at 10, 10 and never; 2 at 30, 10, never; 1 at 30, never, never."""
    reached = steps_to(_curves(), _runs(), TARGETS)
    assert reached.loc["sgd"].to_numpy().tolist() == [[10, 30, 30], [10, 10, INF], [INF, INF, INF]]
    assert reached.loc[["adam"]].to_numpy().tolist() == [[0, 0, 0]]
    table = summarise_targets(reached, pd.Series({"sgd": 40.0, "adam": 40.0}), confidence=0.95)
    sgd = table[table["label"] == "sgd"]
    assert sgd["target"].tolist() == TARGETS.tolist()
    assert sgd["runs"].tolist() == [3, 3, 3]
    assert sgd["reached"].tolist() == [2, 2, 1]
    assert sgd["rate"].tolist() == pytest.approx([2 / 3, 2 / 3, 1 / 3])
    assert sgd["ert"].tolist() == [(10 + 10 + 40) / 2, (30 + 10 + 40) / 2, 30 + 40 + 40]
    assert sgd["median"].tolist() == [10, 30, INF]
    assert sgd[["low", "high"]].to_numpy().tolist() == [
        [10, INF],
        [10, INF],
        [30, INF],
    ]  # of three: the extremes
    shares = solved(reached)
    assert shares[shares["label"] == "sgd"][["step", "share"]].to_numpy().tolist() == [
        [10, 3 / 9],
        [30, 5 / 9],
    ]


def test_a_diverged_run_never_reaches_a_target_and_costs_its_whole_budget() -> None:
    """Run a passed both targets before it broke; a run without any point is one too."""
    curves = _curves()
    reached = steps_to(
        curves[curves["run_id"] != "c"], _runs(a=names.DIVERGED, c=names.DIVERGED), TARGETS[:2]
    )
    assert reached.loc["sgd"].to_numpy().tolist() == [[INF, INF], [10, 10], [INF, INF]]
    table = summarise_targets(reached, pd.Series({"sgd": 40.0, "adam": 40.0}), confidence=0.95)
    assert table["ert"].tolist() == [90, 90, 0, 0]


def test_what_no_run_reaches_costs_infinitely_much_also_where_no_budget_is_known() -> None:
    broken = dict.fromkeys("abc", names.DIVERGED)
    reached = steps_to(_curves(), _runs(**broken), TARGETS)
    table = summarise_targets(reached, pd.Series({"sgd": math.nan, "adam": 40.0}), confidence=0.95)
    assert table.loc[table["label"] == "sgd", "ert"].tolist() == [INF] * 3
    assert not table.isna().any(axis=None)


def test_the_running_loss_is_the_mean_of_the_steps_of_an_epoch() -> None:
    """Against a plain loop; a label of other epochs has another window, and one of unknown ones has none."""
    sweep = parabola_sweep(seeds=2, steps=96)
    curves = sweep.curves(names.TRAIN_LOSS)
    window = updates_per_epoch(curves, sweep.runs)
    assert window.tolist() == [32.0] * 4
    found = running_loss(curves, window.mask(window.index == "adam lr=0.01"))
    assert "adam lr=0.01" not in set(found["label"])
    for run, points in found.groupby("run_id"):
        losses = curves.loc[curves["run_id"] == run, "value"].tolist()
        assert points["step"].tolist() == list(range(31, 96))
        slow = [sum(losses[step - 31 : step + 1]) / 32 for step in range(31, 96)]
        assert points["value"].tolist() == pytest.approx(slow, rel=1e-13)  # the order of a sum


def test_steps_are_those_of_a_plain_loop() -> None:
    sweep = with_first_label_diverged(parabola_sweep(seeds=4, steps=128))
    curves, targets = sweep.curves(names.TRAIN_LOSS), np.geomspace(0.3, 0.005, 9)
    reached = steps_to(curves, sweep.runs, targets)
    for row, run in enumerate(sweep.runs.itertuples()):
        own = curves[curves["run_id"] == run.run_id]
        for column, target in enumerate(targets):
            slow = INF
            for step, value in zip(own["step"], own["value"], strict=True):
                if value <= target and run.status != names.DIVERGED:
                    slow = step
                    break
            assert reached.iloc[row, column] == slow


def test_targets_are_log_spaced_from_the_start_to_what_half_of_the_best_reach() -> None:
    """The medians at the start are 8 and 1, the least of sgd are 1, 2 and 8, of which the median is 2."""
    runs = _runs(d=names.DIVERGED)
    assert log_targets(_curves(), runs, 2).tolist() == pytest.approx([4.0, 2.0])
    reached = steps_to(_curves(), runs, log_targets(_curves(), runs, 2))
    assert np.isfinite(reached.loc["sgd"].to_numpy()).sum(axis=0).tolist() == [2, 2]
    assert log_targets(_curves(), _runs(**dict.fromkeys("abcd", names.DIVERGED)), 2).tolist() == []
    assert log_targets(_curves().iloc[:0], runs, 2).tolist() == []


def test_what_a_run_first_falls_to_decides_all_its_targets() -> None:
    """Each target and step from fewer than half of the points is what it is from all of them."""
    sweep = parabola_sweep(seeds=3, steps=384)
    curves, runs = sweep.curves(names.TRAIN_LOSS), sweep.runs
    kept = descents(curves)
    assert 0 < len(kept) < len(curves) / 2
    targets = log_targets(curves, runs, 20)
    assert log_targets(kept, runs, 20).tolist() == targets.tolist()
    assert steps_to(kept, runs, targets).equals(steps_to(curves, runs, targets))


def test_what_ends_at_the_floor_has_targets_down_to_its_rounding() -> None:
    curves = _curves().assign(value=lambda points: points["value"] - 1)
    targets = log_targets(curves, _runs(), 50)
    assert targets[-1] == pytest.approx(7 * np.finfo(float).eps)
    assert (np.diff(targets) < 0).all()
