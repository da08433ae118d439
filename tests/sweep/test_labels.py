"""Labels say what differs within a sweep: worked out by hand, and held to be unique where hashes are."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from study.job import Job
from study.sweep.labels import labelled

PARABOLA = {"name": "parabola", "_target_": "p.Parabola", "noise": 0.1, "path": "a"}
BOWL = {"name": "bowl", "_target_": "p.Bowl", "rotation": 0.0}
SGD = {"name": "sgd", "_target_": "torch.optim.SGD", "lr": 0.01}
ADAM = {"name": "adam", "_target_": "torch.optim.Adam", "lr": 0.01, "betas": [0.9, 0.99]}


def _job(optimizer: dict[str, Any] = SGD, problem: dict[str, Any] = PARABOLA, **more: Any) -> Job:
    return Job(
        problem, optimizer, **{"epochs": 12, "batch_size": 32, "seeds": range(2), "label": "long", **more}
    )


def _labels(*jobs: Job) -> list[str]:
    return [job.label for job in labelled(jobs)]


def _with(optimizer: dict[str, Any], **values: Any) -> Job:
    return _job({**optimizer, **values})


def test_a_single_job_is_called_by_its_optimizer() -> None:
    assert _labels(_with(ADAM, lr=0.5)) == ["adam"]


def test_optimizers_are_told_by_their_names_whatever_else_comes_with_them() -> None:
    assert _labels(_job(), _with(ADAM, lr=0.4), _job({**SGD, "name": "nag", "nesterov": True}, epochs=4)) == [
        "sgd",
        "adam",
        "nag",
    ]


def test_what_all_share_is_not_said() -> None:
    product = itertools.product((SGD, ADAM), (0.1, 1))
    jobs = [_job({**rule, "lr": lr}, BOWL, epochs=3) for rule, lr in product]
    assert _labels(*jobs) == ["sgd lr=0.1", "sgd lr=1", "adam lr=0.1", "adam lr=1"]


def test_a_value_that_differs_for_one_optimizer_is_said_of_all_that_have_it() -> None:
    jobs = [_with(ADAM, betas=[0.9, 0.99]), _with(ADAM, betas=[0.5, 0.99]), _job()]
    assert _labels(*jobs) == ["adam betas=[0.9,0.99]", "adam betas=[0.5,0.99]", "sgd"]


def test_problems_are_told_by_their_names() -> None:
    jobs = [
        _job(problem=PARABOLA),
        _job(problem=BOWL, batch_size=None),
        _job(ADAM, BOWL),
        _job(ADAM, PARABOLA),
    ]
    assert _labels(*jobs) == [
        "sgd problem=parabola",
        "sgd problem=bowl",
        "adam problem=bowl",
        "adam problem=parabola",
    ]


@pytest.mark.parametrize(
    ("jobs", "labels"),
    [
        ([_job(epochs=1), _job(epochs=2)], ["sgd epochs=1", "sgd epochs=2"]),
        ([_job(batch_size=None), _job(batch_size=1)], ["sgd batch_size=null", "sgd batch_size=1"]),
        ([_job(problem={**BOWL, "rotation": r}) for r in (0.0, 22.5)], ["sgd rotation=0", "sgd rotation=22.5"]),
        ([_with(SGD, lr=lr) for lr in (1e-05, 100000.0)], ["sgd lr=1e-05", "sgd lr=100000"]),
        ([_with(SGD, x=x) for x in (1, "1", True, "true")], ['sgd x=1', 'sgd x="1"', 'sgd x=true', 'sgd x="true"']),
        ([_with(SGD, x=x) for x in (None, "null", "")], ["sgd x=null", 'sgd x="null"', 'sgd x=""']),
        ([_job(), _with(SGD, amsgrad=False)], ["sgd", "sgd amsgrad=false"]),
        ([_with(SGD, deep={"er": v}) for v in (1, 2)], ["sgd deep.er=1", "sgd deep.er=2"]),
        ([_with(SGD, _target_=t) for t in ("a.B", "c.D")], ["sgd _target_=a.B", "sgd _target_=c.D"]),
    ],
)  # fmt: skip
def test_values_are_written_as_one_would_type_them(jobs: list[Job], labels: list[str]) -> None:
    assert _labels(*jobs) == labels


def test_schedules_are_told_by_their_names_and_by_what_their_choice_does_not_decide() -> None:
    cosine, linear = (
        {"name": "cosine", "_target_": "C", "T_max": "steps"},
        {"name": "linear", "_target_": "L"},
    )
    constant = _job(), _job(ADAM)
    assert _labels(*constant) == ["sgd", "adam"]
    assert _labels(_job(schedule=linear), _job(ADAM, schedule=linear)) == ["sgd", "adam"]
    three = [_job(schedule=schedule) for schedule in (None, cosine, linear)]
    assert _labels(*three) == ["sgd schedule=constant", "sgd schedule=cosine", "sgd schedule=linear"]
    halves = [_job(schedule={**cosine, "T_max": t}) for t in ("steps", "2 * steps")]
    assert _labels(*halves) == ["sgd T_max=steps", 'sgd T_max="2 * steps"']
    assert _labels(*halves, *three)[:3] == [
        "sgd schedule=cosine T_max=steps",
        'sgd schedule=cosine T_max="2 * steps"',
        "sgd schedule=constant",
    ]


def test_one_name_of_two_values_is_said_in_full() -> None:
    values = itertools.product((1, 2), (3, 4))
    jobs = [_job({**SGD, "noise": a}, {**PARABOLA, "noise": b}) for a, b in values]
    assert _labels(*jobs)[1] == "sgd optimizer.noise=1 problem.noise=4"


@pytest.mark.parametrize(
    "same",
    [
        [_with(SGD, lr=1), _with(SGD, lr=1.0)],
        [_with(ADAM, betas=[0, 1]), _with(ADAM, betas=(0.0, 1.0))],
        [_job(seeds=range(3)), _job(seeds=range(5, 9))],
        [_job(), _job(problem={**PARABOLA, "path": "elsewhere"})],
    ],
)
def test_jobs_of_one_hash_are_called_the_same(same: list[Job]) -> None:
    assert len({job.hash for job in same}) == 1
    assert len(set(_labels(*same, _with(SGD, lr=7)))) == 2


def test_labels_differ_where_hashes_do() -> None:
    """Among values that are alike: numbers of two types, text, switches, lists, nothing."""
    numbers = [0, 0.0, -0.0, 1, 1.0, 1e16, 10**16, 0.1 + 0.2, 0.3, float("inf"), True, False, None]
    text = ["1", "1.0", "true", "True", "null", "", "a b", '"1"', "[1]", "inf", "x", "x=1"]
    lists = [[1], [1.0], ["1"], [True], [[1]], []]
    alike = [*numbers, *text, *lists]
    jobs = [_with(SGD, x=x) for x in alike]
    jobs += [_job(ADAM), _job(problem=BOWL), replace(_job(), epochs=1), replace(_job(), batch_size=None)]
    pairs = {(job.hash, label) for job, label in zip(jobs, _labels(*jobs), strict=True)}
    assert len(pairs) == len({digest for digest, _ in pairs}) == len({label for _, label in pairs})


def test_only_the_label_changes() -> None:
    jobs = [_job(ADAM), _job(epochs=3)]
    assert labelled(jobs) == jobs  # labels do not count
    assert labelled([]) == []
