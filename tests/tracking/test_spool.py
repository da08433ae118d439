"""What waits on disk is what was trained, to the last bit; a file is there as a whole, or not at all."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from study.job import Job, Role
from study.tracking import spool
from study.training.result import Series, Trained

TAGS = {"mlflow.user": "me"}
WHOSE = spool.Whose("http://server", "7", "parent", "2024-01-31_23-59-59-123456", TAGS, {}, replace=False)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(spool, "FOLDER", tmp_path / "spool")
    return tmp_path / "spool"


@pytest.fixture
def trained(make_job: Callable[..., Job], train: Callable[..., Trained]) -> Trained:
    role = Role("sgd", 3, (1, 8), {"lr": 0.4}, compared=True)
    jobs = [
        replace(make_job("sgd", 100.0, seeds=range(2)), role=role, schedule={"name": "cosine", "warmup": 1}),
        make_job("adam", 0.1 + 0.2, seeds=range(3, 5)),
    ]
    every = train(jobs)
    return replace(
        every,
        cap=float("inf"),
        floor=np.array([np.nan, 0.1, np.inf, -0.0]),
        evaluations=np.array([-1, 3, 4, 5]),
        final={"layer/weight": every.final["weight"].astype(np.float32)},
    )


def test_what_comes_back_is_what_was_trained(trained: Trained) -> None:
    back = spool.get(spool.put(WHOSE, trained))
    for field in fields(Trained):
        _same(getattr(back, field.name), getattr(trained, field.name))
    for run, other in zip(back.runs, trained.runs, strict=True):
        for own in ("hash", "label", "role", "seeds"):  # which do not count where jobs are compared
            assert getattr(run.job, own) == getattr(other.job, own)
        assert run.job.params() == other.job.params()
    assert spool.get(spool.put(WHOSE, replace(trained, evaluations=None))).evaluations is None


def test_a_stack_waits_for_its_own_store_and_experiment(trained: Trained, folder: Path) -> None:
    assert spool.waiting() == []
    first = spool.put(WHOSE, trained)
    second = spool.put(replace(WHOSE, store="http://other", sweep="second"), trained)
    third = spool.put(replace(WHOSE, experiment_id="8"), trained)
    assert [file for file, _ in spool.waiting()] == [first, second, third]
    assert spool.waiting("http://server", "7") == [(first, WHOSE)]
    assert [file for file, _ in spool.waiting("http://server")] == [first, third]
    for file in (first, second, third):
        spool.drop(file)
    assert list(folder.iterdir()) == []


def test_a_file_that_is_not_whole_does_not_wait(trained: Trained) -> None:
    file = spool.put(WHOSE, trained)
    file.rename(file.with_suffix(".part"))
    assert spool.waiting() == []


def test_a_job_whose_hash_is_another_now_is_not_taken_for_it(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = spool.put(WHOSE, trained)
    monkeypatch.setattr("study.job.NUMERICS_VERSION", -1)
    with pytest.raises(ValueError, match=r"the job sgd lr=100\.0 must have the hash "):
        spool.get(file)


def _same(one: object, other: object) -> None:
    """Assert that two values are equal, arrays to the last bit and with their type."""
    if isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray)
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    elif isinstance(one, Series):
        assert isinstance(other, Series)
        _same(one.steps, other.steps)
        _same(one.values, other.values)
    elif isinstance(one, dict):
        assert isinstance(other, dict)
        assert list(one) == list(other)
        for key in one:
            _same(one[key], other[key])
    else:
        assert one == other
