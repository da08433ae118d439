"""Who is trained beside a run that would be alone: its next seed, which is compared with nothing."""

from study.job import Job
from study.reproduce.again import _in_company


def _job(problem: str, lr: float, seed: int) -> Job:
    return Job({"name": problem}, {"name": "sgd", "lr": lr}, 2, None, range(seed, seed + 1), "")


def test_a_run_that_is_alone_in_its_shape_has_its_next_seed_beside_it() -> None:
    alone, two, others = _job("bowl", 0.1, 4), _job("plane", 0.1, 4), _job("plane", 0.2, 4)
    *asked, beside = _in_company([alone, two, others])
    assert asked == [alone, two, others]
    assert (beside.hash, beside.seeds) == (alone.hash, range(5, 6))
    assert _in_company([two, others]) == [two, others]


def test_one_run_that_is_named_twice_is_alone() -> None:
    assert [job.seeds.start for job in _in_company([_job("bowl", 0.1, 4)] * 2)] == [4, 4, 5, 5]
