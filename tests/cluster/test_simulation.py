"""The simulated cluster against what can be worked out: by hand, in closed form, or by other events."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from study.cluster.simulation import Cluster, simulate

PLAIN = Cluster(workers=4, stacks=12, start=5.0, training=10.0, writing=0.0)


def _seconds(cluster: Cluster, seed: int = 0) -> float:
    return simulate(cluster, np.random.default_rng(seed)).seconds


@pytest.mark.parametrize(("workers", "stacks"), [(1, 1), (1, 7), (3, 7), (7, 7), (9, 7), (4, 100)])
def test_a_store_that_takes_no_time_leaves_rounds_of_training(workers: int, stacks: int) -> None:
    cluster = replace(PLAIN, workers=workers, stacks=stacks)
    assert _seconds(cluster) == pytest.approx(5 + math.ceil(stacks / workers) * 10)


@pytest.mark.parametrize("workers", [1, 2, 5, 6, 11])
def test_below_its_limit_the_store_costs_a_queue_once(workers: int) -> None:
    """All come at once, and leave one after the other: up to 1 + training / writing workers nobody waits again."""
    cluster = replace(PLAIN, workers=workers, stacks=workers * 8, writing=1.0)
    assert _seconds(cluster) == pytest.approx(5 + 8 * (10 + 1) + (workers - 1) * 1)


@pytest.mark.parametrize("workers", [11, 12, 40, 300])
def test_from_its_limit_on_the_store_alone_decides(workers: int) -> None:
    """From the first stack on it is never idle: a run's writing is all that a run costs."""
    cluster = replace(PLAIN, workers=workers, stacks=440, writing=1.0)
    assert _seconds(cluster) == pytest.approx(5 + 10 + 440 * 1)


def test_what_losing_workers_costs() -> None:
    """One worker, one stack: attempts of length a with losses every m cost (e^(a/m) - 1) m in the mean."""
    cluster = Cluster(workers=1, stacks=1, start=2.0, training=6.0, writing=1.0, lost_every=9.0)
    seconds = [_seconds(cluster, seed) for seed in range(400)]
    expected = 9 * math.expm1((2 + 6 + 1) / 9)
    assert abs(np.mean(seconds) - expected) < 4 * np.std(seconds) / math.sqrt(len(seconds))


def test_the_slowest_of_all_decides_where_each_has_one_stack() -> None:
    """Of independent factors with distribution F the largest of n has the mean ∫ 1 - F(x)^n dx."""
    spread, count = 0.5, 32
    cluster = replace(PLAIN, workers=count, stacks=count, spread=spread)
    seconds = [_seconds(cluster, seed) for seed in range(100)]
    factor = stats.lognorm(s=spread, scale=math.exp(-(spread**2) / 2))
    largest, _ = integrate.quad(lambda x: 1 - factor.cdf(x) ** count, 0, np.inf)
    assert abs(np.mean(seconds) - (5 + 10 * largest)) < 4 * np.std(seconds) / math.sqrt(len(seconds))


def test_every_stack_is_written_once_whatever_is_lost() -> None:
    """Workers live about as long as a stack takes: hundreds are lost, some of them while the store writes."""
    cluster = Cluster(8, 60, start=2.0, training=10.0, writing=1.5, spread=0.5, lost_every=12.0)
    for seed in range(20):
        came = simulate(cluster, np.random.default_rng(seed))
        assert came.written == (1,) * 60
        assert came.lost > 40
        assert came.served == pytest.approx(60 * 1.5)
        assert came.seconds > came.served


def test_the_same_generator_gives_the_same() -> None:
    cluster = replace(PLAIN, writing=1.0, spread=1.0, lost_every=50.0)
    first, again, other = (simulate(cluster, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first == again != other
