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


@pytest.mark.parametrize(("there", "alone"), [(1, 1), (3, 3), (16, 4)])
def test_all_are_taken_up_to_four_and_one_beside_other_work(there: int, alone: int) -> None:
    torch.set_num_threads(there)
    threads = Threads(None)
    with threads.used():
        for busy, number in ((False, alone), (True, 1), (True, 1), (False, alone)):
            threads.share(busy=busy)
            assert torch.get_num_threads() == number
    assert torch.get_num_threads() == there


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
