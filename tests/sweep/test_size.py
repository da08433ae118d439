"""A sweep's size is told before it is trained, and what cannot be held is refused with what to write instead."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from study.config.location import Location
from study.errors import InvalidInput
from study.job import Job
from study.sweep import size
from study.training.needs import Needs
from study.training.trial import Pace

_NEEDS = Needs(points=100, data=1200, parameters=61, number=4, activations=88, evaluated=2)


def _job(rule: str = "sgd", *, epochs: int = 3, seeds: int = 5, batch: int | None = 30) -> Job:
    optimizer = {"name": rule, "_target_": "torch.optim.SGD"}
    return Job({"name": "line"}, optimizer, epochs, batch, seeds=range(seeds), label=rule)


def test_every_recorded_value_is_counted() -> None:
    job = _job()
    found = size.size_of([(job, 5)], {job.hash: _NEEDS}, 2000)
    assert found.runs == 5
    assert found.values == 5 * (
        3 * 4 + 4 * 2
    )  # ceil(100 / 30) losses an epoch, two values at each of 4 evaluations


def test_few_parameters_and_a_rate_that_moves_are_recorded_at_every_step() -> None:
    job = Job(
        {"name": "bowl"},
        {"name": "sgd"},
        10,
        None,
        seeds=range(1),
        label="",
        schedule={"name": "cosine"},
    )
    needs = Needs(points=1, data=8, parameters=2, number=8, activations=16, evaluated=1)
    assert size.size_of([(job, 1)], {job.hash: needs}, 1).values == 10 * (1 + 2 + 1) + 11


def test_a_slow_rule_is_told_before_it_is_waited_for() -> None:
    own, shared, quick = _job("own"), _job("shared"), _job("quick")  # 3 epochs of 4 steps
    paces = {own.hash: Pace(50.0, shared=False), shared.hash: Pace(100.0, shared=True)}
    paces[quick.hash] = Pace(0.09, shared=False)
    missing, needs = [(own, 5), (shared, 5), (quick, 5000)], dict.fromkeys((own.hash, shared.hash), _NEEDS)
    assert size.long_told(missing, needs, paces, 2) == (  # 12 * 5 * 50 / 2 + 12 * 100 s
        "this sweep will take 45 min or more: a step of own takes 50.0 s, and 60 are to be made"
    )
    assert size.long_told([(own, 0), (quick, 5000)], {**needs, quick.hash: _NEEDS}, paces, 2) is None


def test_what_the_store_holds_is_not_counted() -> None:
    first, second = _job("sgd"), _job("adam")
    there = [(first.hash, "0"), (first.hash, "4"), (first.hash, "5"), ("other", "1")]
    assert [count for _, count in size.missing_of([first, second], there)] == [3, 5]


def test_the_largest_stack_bounds_the_memory_and_fewer_runs_in_it_need_less() -> None:
    job = _job(seeds=1000)
    needs = {job.hash: _NEEDS}
    whole, half = (size.size_of([(job, 1000)], needs, most).memory for most in (1000, 500))
    assert whole > half


def test_what_fits_is_no_news_and_what_is_large_is_told() -> None:
    job = _job()
    room = {"max_runs": 2000, "memory": 10**10, "disk": 10**10}
    assert size.require_room([(job, 5)], {job.hash: _NEEDS}, **room).told is None
    told = size.require_room([(job, 9999)], {job.hash: _NEEDS}, **room).told
    assert told is not None
    assert told.startswith("to train: 9,999 runs with 199,980 recorded values, up to 1")


def test_more_than_the_disk_holds_is_refused_before_a_problem_is_looked_at() -> None:
    job = _job(seeds=10**9)
    with pytest.raises(InvalidInput) as error:
        size.require_room([(job, 10**9)], None, max_runs=2000, memory=None, disk=10**9)
    message = str(error.value)
    assert "1,000,000,000 runs with at least 7,000,000,000 recorded values" in message
    assert "got 1.0 GB free; write fewer seeds" in message


def test_more_than_the_memory_holds_is_refused_with_a_stack_that_fits() -> None:
    job = _job(seeds=2000, epochs=2000)
    needs, jobs = {job.hash: _NEEDS}, [(job, 2000)]
    with pytest.raises(InvalidInput, match=r"got 3.0 GB free; write stack.max_runs=(\d+)$") as error:
        size.require_room(jobs, needs, max_runs=2000, memory=3 * 10**9, disk=None)
    fits = int(str(error.value).rpartition("=")[2])
    assert size.require_room(jobs, needs, max_runs=fits, memory=3 * 10**9, disk=None).memory <= 3 * 10**9


def test_where_no_stack_fits_less_is_to_be_asked_for() -> None:
    job = _job(seeds=1, epochs=10**8)
    with pytest.raises(
        InvalidInput, match="write fewer seeds, fewer epochs, a smaller batch_size or a smaller"
    ):
        size.require_room([(job, 1)], {job.hash: _NEEDS}, max_runs=2000, memory=10**9, disk=None)


@pytest.mark.parametrize(
    ("words", "jobs"),
    [
        (["seeds=range(0,1000000000)"], "10,001"),
        (["optimizer.lr=range(0,200)", "seeds=range(0,200)"], "40,000"),
    ],
)
def test_too_many_jobs_are_refused_before_they_are_listed(words: list[str], jobs: str) -> None:
    overrides = OverridesParser.create().parse_overrides(words)
    with pytest.raises(InvalidInput, match=f"at most 10,000 jobs, got {jobs} or more"):
        size.require_few(overrides)


def test_many_seeds_are_one_job() -> None:
    size.require_few(OverridesParser.create().parse_overrides(["seeds=100000", "optimizer=sgd,adam"]))


def test_the_disk_is_that_of_the_store_to_come(tmp_path: Path) -> None:
    assert (size.free_disk(Location.of(f"sqlite:///{tmp_path}/a/b/runs.db")) or 0) > 0
    assert size.free_disk(Location.of("http://127.0.0.1:1")) is None
