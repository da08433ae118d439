"""How many threads a trainer takes, and that their number changes no result."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from study.job import Job, Run
from study.problems.parabola import Parabola
from study.sweep.threads import Threads
from study.training.train import train


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def _numbers(*, one: float, all_: float, there: int = 3, steps: int = 300) -> list[int]:
    """Return how many threads each step has, where a step takes so many seconds with one and with all of them."""
    torch.set_num_threads(there)
    now, numbers = 0.0, []
    threads = Threads(None, clock=lambda: now)
    with threads.used():
        threads.share(busy=True)
        for _ in range(steps):
            threads.share(busy=False)
            numbers.append(torch.get_num_threads())
            now += one if numbers[-1] == 1 else all_
    assert torch.get_num_threads() == there
    return numbers


@pytest.mark.parametrize(("there", "all_"), [(3, 3), (16, 4)])
def test_all_up_to_four_are_kept_where_they_are_quicker(there: int, all_: int) -> None:
    numbers = _numbers(one=0.01, all_=0.006, there=there)
    assert set(numbers) == {1, all_}
    assert numbers.count(1) == 24  # 8 of each trial; the third is at step 272
    assert numbers[8:136] == [all_] * 128


def test_one_is_kept_where_all_are_slower_and_a_bad_trial_of_them_is_short() -> None:
    numbers = _numbers(one=0.01, all_=0.0101)
    assert numbers.count(3) == 24  # of three trials
    assert _numbers(one=0.01, all_=1.0).count(3) == 9  # three steps of each, where others use the cores


def test_an_evaluation_after_a_step_decides_nothing() -> None:
    """Every 32nd step takes five times as long: wherever that falls, all are quicker and are kept."""
    for first in range(32):
        torch.set_num_threads(3)
        now, numbers = 0.0, list[int]()
        threads = Threads(None, clock=lambda: now)  # noqa: B023  # it is the time of this turn
        for step in range(100):
            threads.share(busy=False)
            numbers.append(torch.get_num_threads())
            now += (0.01 if numbers[-1] == 1 else 0.008) * (5 if step % 32 == first else 1)
        assert set(numbers[20:]) == {3}


def test_short_steps_try_no_more_than_one() -> None:
    assert set(_numbers(one=0.002, all_=0.001)) == {1}


def test_one_is_used_beside_other_work_and_where_there_is_one_core() -> None:
    torch.set_num_threads(3)
    now = 0.0
    threads = Threads(None, clock=lambda: now)
    with threads.used():
        for step in range(60):
            threads.share(busy=step >= 40)
            assert torch.get_num_threads() == (3 if 8 <= step < 40 else 1)
            now += 0.01 if torch.get_num_threads() == 1 else 0.005
    assert set(_numbers(one=0.01, all_=0.001, there=1)) == {1}


def test_what_is_asked_for_is_taken_always() -> None:
    threads = Threads(3)
    with threads.used():
        for busy in (False, True):
            threads.share(busy=busy)
            assert torch.get_num_threads() == 3


@pytest.mark.slow
def test_every_loss_is_bitwise_the_same() -> None:
    """200 runs are large enough for torch to share a hidden layer's 128,000 values among threads."""
    problem = Parabola(name="parabola", points=64, noise=0.1, width=20, cap=1e3)
    node = {"name": "parabola", "_target_": "study.problems.parabola.Parabola"}
    job = Job(node, {"name": "adam", "_target_": "torch.optim.Adam", "lr": 0.01}, 4, 32, range(200), "adam")
    losses = []
    for number in (1, 2, 3):
        torch.set_num_threads(number)
        trained = train(problem, [Run(job, seed) for seed in job.seeds], device=torch.device("cpu"))
        losses.append(trained.train_loss)
    assert np.array_equal(losses[0], losses[1])
    assert np.array_equal(losses[0], losses[2])
