"""A job's hash covers what decides its numbers, and nothing else; its labels and params say what it is."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace

import pytest

from study.job import NUMERICS_VERSION, Job, Run, label

PROBLEM = {"name": "airfoil", "_target_": "study.problems.airfoil.Airfoil", "points": 1500, "path": None}
OPTIMIZER = {"name": "adam", "_target_": "torch.optim.Adam", "lr": 0.01, "betas": [0.9, 0.99]}
JOB = Job(PROBLEM, OPTIMIZER, epochs=12, batch_size=32, seeds=range(25), label="adam")
COSINE = {"name": "cosine", "_target_": "torch.optim.lr_scheduler.CosineAnnealingLR", "T_max": "steps"}


@pytest.mark.parametrize(
    "same",
    [
        replace(JOB, label="adam lr=0.01"),
        replace(JOB, seeds=range(10, 50)),
        replace(JOB, problem={**PROBLEM, "path": "/elsewhere/airfoil.dat"}),
        replace(JOB, problem={**PROBLEM, "points": 1500.0}),
        replace(JOB, problem=dict(reversed(PROBLEM.items()))),
        replace(JOB, optimizer=dict(reversed(OPTIMIZER.items()))),
        replace(JOB, optimizer={**OPTIMIZER, "betas": (0.9, 0.99)}),
    ],
)
def test_what_decides_no_number_does_not_change_the_hash(same: Job) -> None:
    assert same.hash == JOB.hash


@pytest.mark.parametrize(
    "other",
    [
        replace(JOB, epochs=13),
        replace(JOB, batch_size=33),
        replace(JOB, batch_size=None),
        replace(JOB, eval_moments=7),
        replace(JOB, problem={**PROBLEM, "points": 1499}),
        replace(JOB, problem={**PROBLEM, "name": "linear"}),
        replace(JOB, problem={**PROBLEM, "_target_": "mine.Airfoil"}),
        replace(JOB, optimizer={**OPTIMIZER, "lr": 0.010000001}),
        replace(JOB, optimizer={**OPTIMIZER, "betas": [0.99, 0.9]}),
        replace(JOB, optimizer={**OPTIMIZER, "amsgrad": True}),
        replace(JOB, optimizer={**OPTIMIZER, "_target_": "torch.optim.AdamW"}),
        replace(JOB, optimizer={**OPTIMIZER, "rest": {"_target_": "torch.optim.SGD"}}),
        replace(JOB, schedule=COSINE),
    ],
)
def test_what_decides_numbers_changes_the_hash(other: Job) -> None:
    assert other.hash != JOB.hash


def test_a_schedules_arguments_change_the_hash() -> None:
    hashes = {replace(JOB, schedule={**COSINE, "T_max": t}).hash for t in ("steps", "0.5 * steps", 5, 5.0)}
    assert len(hashes) == 3


def test_a_job_without_a_schedule_is_the_one_that_stores_hold_already() -> None:
    """Its hash as it was before there were schedules."""
    assert NUMERICS_VERSION == 3, "then the hash is another one too"
    assert JOB.hash == "91d647b40dd7f407"
    assert not [key for key in JOB.params() if "schedule" in key]
    told = replace(JOB, schedule=COSINE).params()
    assert told == JOB.params() | {f"schedule.{key}": value for key, value in COSINE.items()}


@pytest.mark.parametrize("value", [1, 1.0])
def test_equal_numbers_are_the_same_job_but_true_is_not_one(value: float) -> None:
    one = replace(JOB, optimizer={**OPTIMIZER, "lr": 1})
    assert replace(JOB, optimizer={**OPTIMIZER, "lr": value}).hash == one.hash
    assert replace(JOB, optimizer={**OPTIMIZER, "lr": True}).hash != one.hash


def test_every_process_finds_the_same_hash() -> None:
    """Python salts its own hashes by process: a store outlives processes."""
    code = f"from study.job import Job; print(Job({PROBLEM!r}, {OPTIMIZER!r}, 12, 32, range(1), 'x').hash)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == JOB.hash
    assert len(JOB.hash) == 16


def test_params_are_the_job_flattened_to_text() -> None:
    assert JOB.params() == {
        "problem.name": "airfoil",
        "problem._target_": "study.problems.airfoil.Airfoil",
        "problem.points": "1500",
        "problem.path": "None",
        "optimizer.name": "adam",
        "optimizer._target_": "torch.optim.Adam",
        "optimizer.lr": "0.01",
        "optimizer.betas": "[0.9, 0.99]",
        "epochs": "12",
        "batch_size": "32",
    }
    assert replace(JOB, batch_size=None).params()["batch_size"] == "full"
    assert (
        replace(JOB, optimizer={"name": "x", "deep": {"er": {"est": 1}}}).params()["optimizer.deep.er.est"]
        == "1"
    )


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], "adam"),
        (["optimizer=adam"], "adam"),
        (["optimizer=adam", "optimizer.lr=0.01"], "adam lr=0.01"),
        (["optimizer.lr=0.01", "optimizer.betas=[0.9,0.99]"], "adam lr=0.01 betas=[0.9,0.99]"),
        (["+optimizer.amsgrad=true"], "adam amsgrad=true"),
        (["++optimizer.amsgrad=true"], "adam amsgrad=true"),
        (["problem=bowl", "problem.rotation=5.0"], "adam problem=bowl rotation=5.0"),
        (["batch_size=null", "epochs=3"], "adam batch_size=null epochs=3"),
        (["seeds=5", "first_seed=3", "device=cpu", "force=true", "tracking.uri=x", "experiment=y"], "adam"),
        (["schedule=cosine", "schedule.T_max=9"], "adam schedule=cosine T_max=9"),
        (["hydra/launcher=basic", "stack.max_runs=3"], "adam"),
    ],
)
def test_a_label_says_what_changes_numbers(overrides: list[str], expected: str) -> None:
    assert label("adam", overrides) == expected


def test_a_run_is_named_by_its_job_and_seed() -> None:
    assert Run(replace(JOB, label="adam lr=0.01"), 3).name == "adam lr=0.01 seed=3"


def test_a_job_that_is_only_called_otherwise_is_equal() -> None:
    assert replace(JOB, label="other") == JOB


def test_flattening_does_not_lose_an_empty_node() -> None:
    node: Mapping[str, object] = {"name": "x", "empty": {}}
    assert "optimizer.name" in replace(JOB, optimizer=node).params()


def test_eval_moments_are_told_only_where_they_are_not_the_files() -> None:
    assert "eval_moments" not in JOB.params()
    assert replace(JOB, eval_moments=3).params() == {**JOB.params(), "eval_moments": "3"}
    assert label("adam", ["eval_moments=3"]) == "adam eval_moments=3"
