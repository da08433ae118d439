"""What is kept of runs that end well and of runs that break, against arrays written by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from study.job import Job, Run
from study.tracking import names
from study.tracking.records import StoredRun, records
from study.training.result import Series, Trained

NAN, INF = math.nan, math.inf
CAP = 10.0
BIT = 1 - 2**-51  # two units of the last place less
EPS = 2.0**-52
KNOWN = {"floor": 0.25, "constant_eval_loss": 4.0, "train_floor": 0.125}


def test_a_run_that_ends_well_keeps_everything() -> None:
    record = _record(train=[4.0, 3.0, 2.0, 1.0], evaluated=[5.0, 2.5, 0.75])
    assert record.status == "ok"
    assert _curve(record, "train/loss") == {0: 4.0, 1: 3.0, 2: 2.0, 3: 1.0}
    assert _curve(record, "eval/loss") == {0: 5.0, 2: 2.5, 4: 0.75}
    assert _summary(record) == {
        "initial_eval_loss": 5.0,
        "constant_eval_loss": 4.0,
        "eval_last_epoch": 1.1875,  # of 1.625 after step 3 and 0.75 after step 4
        "last_epoch_loss": 1.75,  # of step 2, with 3 samples, and 3, with 1
        "final_eval_loss": 0.75,
        "floor": 0.25,
        "train_floor": 0.125,
        "resolution": 8 * 0.25 * EPS,  # eight units of the floor's last place
        "excess": 0.9375,
    }
    assert record.criterion == 1.1875


@pytest.mark.parametrize(
    ("train", "kept", "step"),
    [
        ([4.0, NAN, 2.0, 1.0], {0: 4.0}, 1),
        ([4.0, 3.0, INF, INF], {0: 4.0, 1: 3.0}, 2),
        ([4.0, 3.0, -INF, 1.0], {0: 4.0, 1: 3.0}, 2),
        ([4.0, 11.0, 2.0, 1.0], {0: 4.0, 1: 11.0}, 1),  # the value that passed the cap is finite, and kept
        ([4.0, 3.0, 2.0, 11.0], {0: 4.0, 1: 3.0, 2: 2.0, 3: 11.0}, 3),
        ([NAN, 3.0, 2.0, 1.0], {}, 0),
        ([11.0, NAN, 2.0, 1.0], {0: 11.0}, 0),
    ],
)
def test_a_curve_ends_where_its_run_breaks(train: list[float], kept: dict[int, float], step: int) -> None:
    record = _record(train=train, evaluated=[5.0, 2.5, 0.75])
    assert record.status == "diverged"
    assert _curve(record, "train/loss") == kept
    assert _curve(record, "eval/loss") == {s: v for s, v in {0: 5.0, 2: 2.5}.items() if s <= step}
    assert _summary(record) == {
        **KNOWN, "resolution": 8 * 0.25 * EPS, "initial_eval_loss": 5.0, "diverged_step": float(step)
    }  # fmt: skip
    assert record.criterion == INF


def test_every_summary_value_is_named_and_a_diverged_run_has_no_final_loss() -> None:
    ended = _summary(_record(train=[4.0, 3.0, 2.0, 1.0], evaluated=[5.0, 2.5, 0.75]))
    broken = _summary(_record(train=[4.0, NAN, 2.0, 1.0], evaluated=[5.0, 2.5, 0.75]))
    asking = {names.EVALUATIONS}  # of a rule that asks for its loss, which this one does not
    assert ended.keys() | broken.keys() | asking == names.SUMMARIES.keys()
    assert ended.keys() - broken.keys() == set(names.FINAL_LOSSES)


def test_the_cap_itself_is_not_passed() -> None:
    assert _record(train=[CAP] * 4, evaluated=[CAP] * 3).status == "no_progress"


def test_the_evaluation_may_break_before_any_minibatch_does() -> None:
    record = _record(train=[4.0, 3.0, 2.0, NAN], evaluated=[5.0, NAN, 0.75])
    assert _summary(record)["diverged_step"] == 2.0
    assert _curve(record, "eval/loss") == {0: 5.0}
    assert _curve(record, "train/loss") == {0: 4.0, 1: 3.0, 2: 2.0}


def test_the_last_evaluation_may_be_the_one_that_breaks() -> None:
    record = _record(train=[4.0, 3.0, 2.0, 1.0], evaluated=[5.0, 2.5, 11.0])
    assert record.status == "diverged"
    assert _summary(record)["diverged_step"] == 4.0
    assert _curve(record, "train/loss") == {0: 4.0, 1: 3.0, 2: 2.0, 3: 1.0}
    assert _curve(record, "eval/loss") == {0: 5.0, 2: 2.5, 4: 11.0}


def test_a_run_broken_from_the_start_has_no_first_evaluation() -> None:
    record = _record(train=[NAN] * 4, evaluated=[NAN] * 3)
    assert _summary(record) == {**KNOWN, "resolution": 8 * 0.25 * EPS, "diverged_step": 0.0}
    assert _curve(record, "train/loss") == _curve(record, "eval/loss") == {}
    assert record.start <= record.end


def test_parameters_end_with_their_run() -> None:
    series = {"param/w": Series(np.arange(5), np.array([[0.0, 1.0, 2.0, 3.0, 4.0]]))}
    record = _record(train=[4.0, 3.0, 11.0, 1.0], evaluated=[5.0, 2.5, 0.75], series=series)
    assert _curve(record, "param/w") == {0: 0.0, 1: 1.0, 2: 2.0}


def test_a_parameter_that_breaks_does_not_break_its_run() -> None:
    """A loss may stay finite where a parameter does not: what breaks a run is its loss."""
    series = {"param/w": Series(np.arange(5), np.array([[0.0, INF, 2.0, 3.0, 4.0]]))}
    record = _record(train=[4.0, 3.0, 2.0, 1.0], evaluated=[5.0, 2.5, 0.75], series=series)
    assert record.status == "ok"
    assert _curve(record, "param/w") == {0: 0.0}


def test_nothing_that_is_kept_is_infinite_or_nan() -> None:
    generator = np.random.default_rng(0)
    train = generator.choice([1.0, 11.0, NAN, INF], size=(200, 4), p=[0.7, 0.1, 0.1, 0.1])
    evaluated = generator.choice([1.0, 11.0, NAN, INF], size=(200, 3), p=[0.7, 0.1, 0.1, 0.1])
    for record in records(_trained(train, evaluated), {}):
        assert all(np.isfinite(points.values).all() for points in record.metrics.values())


def test_rows_do_not_mix() -> None:
    train = np.array([[4.0, 3.0, 2.0, 1.0], [4.0, NAN, 2.0, 1.0], [8.0, 6.0, 4.0, 2.0]])
    evaluated = np.array([[5.0, 2.5, 0.75], [5.0, 2.5, 0.75], [9.0, 5.0, 1.0]])
    first, second, third = records(_trained(train, evaluated), {})
    assert [record.status for record in (first, second, third)] == ["ok", "diverged", "ok"]
    assert [record.params["seed"] for record in (first, second, third)] == ["0", "1", "2"]
    assert [record.tags["study.init_sha"] for record in (first, second, third)] == ["i0", "i1", "i2"]
    assert third.criterion == 2.0  # of 3 and 1
    assert _summary(third)["last_epoch_loss"] == 3.5


@pytest.mark.parametrize(
    ("evaluated", "status"),
    [
        ([5.0, 4.0, 4.0], "no_progress"),  # no better than the best constant
        ([5.0, BIT * 4.0, BIT * 4.0], "no_progress"),  # by a rounding
        ([5.0, 4.0, 3.9], "ok"),
        ([3.0, 2.0, 3.0], "ok"),  # in the mean of the last epoch it is below its start, 2.75
        ([3.0, 3.0, 3.0], "no_progress"),  # ends where it started
        ([3.0, BIT * 3.0, BIT * 3.0], "no_progress"),
        ([3.0, 1.0, 9.0], "no_progress"),  # 7, above its start
        ([0.0, 0.0, 0.0], "no_progress"),  # at the optimum, as before
        ([-3.0, -3.0, -3.0], "no_progress"),
        ([-3.0, -3.5, -3.5], "ok"),
    ],
)
def test_a_run_that_does_not_come_down_made_no_progress(evaluated: list[float], status: str) -> None:
    """It keeps its losses, which are what they are; the best constant has 4."""
    record = _record(train=[4.0, 3.0, 2.0, 1.0], evaluated=evaluated)
    assert record.status == status
    assert math.isfinite(record.criterion)
    assert len(_curve(record, "train/loss")) == 4


def test_where_no_constant_is_known_the_start_alone_is_to_be_beaten() -> None:
    """And what is not known is not kept."""
    trained = _trained(np.ones((1, 4)), np.array([[9.0, 8.0, 8.0]]))
    unknown = np.array([NAN])
    (record,) = records(replace(trained, constant=unknown, train_floor=unknown), {})
    assert record.status == "ok"
    assert {"constant_eval_loss", "train_floor"}.isdisjoint(_summary(record))


def test_without_a_floor_there_is_no_excess() -> None:
    """NaN, as the recorder writes what a problem does not know: the criterion is kept all the same."""
    trained = _trained(np.array([[4.0, 3.0, 2.0, 1.0]]), np.array([[5.0, 2.5, 0.75]]))
    (record,) = records(replace(trained, floor=np.full(1, NAN)), {})
    assert {"floor", "excess"}.isdisjoint(_summary(record))
    assert (record.criterion, _summary(record)["resolution"]) == (1.1875, 5.0 * EPS**2)


@pytest.mark.parametrize("broken", [NAN, INF, 11.0])
def test_a_run_may_break_at_a_moment_of_its_last_epoch(broken: float) -> None:
    trained = _trained(np.ones((1, 4)), np.array([[5.0, 2.5, 0.75]]))
    last_epoch = Series(np.array([3, 4]), np.array([[broken, 0.75]]))
    (record,) = records(replace(trained, last_epoch=last_epoch), {})
    assert record.status == "diverged"
    assert _summary(record)["diverged_step"] == 3.0
    assert _curve(record, "eval/loss") == {0: 5.0, 2: 2.5}


def test_times_are_milliseconds_of_the_step() -> None:
    record = _record(train=[4.0, 3.0, 2.0, 1.0], evaluated=[5.0, 2.5, 0.75])
    assert record.metrics["train/loss"].times.tolist() == [1000, 1500, 2000, 2500]
    assert record.metrics["eval/loss"].times.tolist() == [1000, 2000, 3000]
    assert record.metrics["summary/excess"].times.tolist() == [3000]
    assert (record.start, record.end) == (1000, 3000)


def test_the_mean_of_the_last_epoch_is_taken_in_double_precision() -> None:
    """In float32 the sum of 2^24 + 1 loses the 1."""
    train = np.array([[0.0, 0.0, 2.0**24, 1.0]], dtype=np.float32)
    (record,) = records(_trained(train, np.zeros((1, 3)), cap=1e9), {})
    assert _summary(record)["last_epoch_loss"] == (3 * 2**24 + 1) / 4


def _record(train: list[float], evaluated: list[float], series: dict[str, Series] | None = None) -> StoredRun:
    (record,) = records(_trained(np.array([train]), np.array([evaluated]), series=series), {})
    return record


def _trained(
    train: np.ndarray, evaluated: np.ndarray, *, series: dict[str, Series] | None = None, cap: float = CAP
) -> Trained:
    """Two epochs of two steps, of 3 samples and of 1; the first step begins at second 1, each takes half a second."""
    count = len(train)
    job = Job({"name": "p"}, {"name": "sgd", "lr": 0.1}, 2, 1, range(count), "sgd")
    return Trained(
        runs=tuple(Run(job, seed) for seed in range(count)),
        cap=cap,
        train_loss=train,
        series={"eval/loss": Series(np.array([0, 2, 4]), evaluated)} | (series or {}),
        last_epoch=Series(np.array([3, 4]), _between(evaluated)),
        floor=np.full(count, 0.25),
        constant=np.full(count, 4.0),
        train_floor=np.full(count, 0.125),
        final={},
        curve=np.empty((count, 0)),
        curve_inputs=np.empty((0, 1)),
        sample=np.zeros((2, 3)),
        receipts={name: [f"{name[0]}{row}" for row in range(count)] for name in ("data_sha", "init_sha")},
        times=1 + np.arange(5) / 2,
        batches=np.array([3, 1]),
    )


def _between(evaluated: np.ndarray) -> np.ndarray:
    """Two moments of the last epoch: its middle, halfway between the evaluations before and after it, and its end."""
    return np.stack([evaluated[:, 1:].mean(axis=1), evaluated[:, 2]], axis=1)


def _curve(record: StoredRun, key: str) -> dict[int, float]:
    points = record.metrics[key]
    assert len(points.times) == len(points.steps)
    return dict(zip(points.steps.tolist(), points.values.tolist(), strict=True))


def _summary(record: StoredRun) -> dict[str, float]:
    found = {key: points for key, points in record.metrics.items() if key.startswith("summary/")}
    assert all(points.steps.tolist() == [4] for points in found.values())
    return {key.removeprefix("summary/"): float(points.values[0]) for key, points in found.items()}
