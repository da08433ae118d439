"""What comes out the same to the last bit, and what within which tolerance: eight runs, trained in several ways.

On one machine, with one version of torch, a run's numbers depend on how many runs are in its stack, and on nothing
else: not on the process, the launcher (`tests/sweep/test_elsewhere.py` tries each), the number of threads, or who is
beside it. Sums over a stack of another size may be added in another order. Measured on x86-64, relative to each
recorded number: 0 between stacks of two runs and more in float32, 1.0e-6 between those and a run alone, 1.3e-15 in
float64. `MUON` is left out there: it rounds to bfloat16 in each step, which makes another path of a last place, so
that a run alone ends elsewhere.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from study.config.check import Settings, job_from_config
from study.config.compose import compose
from study.config.location import Location
from study.job import Job
from study.sweep.execute import execute
from study.sweep.progress import Watch
from study.training.ways import Ways
from tests.sweep.memory import Memory

SETTINGS = Settings("now", Location.of(None), "test", "cpu", max_runs=100, threads=1, workers=1, force=False)
SINGLE, DOUBLE = 2e-5, 1e-13
"""Relative, of float32 and of float64: a hundred units of the last place, as sums are added in another order."""

RULES = ("sgd", "rmsprop", "adam")
MUON = "muon"  # one instance for each run: its stack is driven in another way

Values = Mapping[tuple[str, str], Mapping[str, np.ndarray]]
"""Of each metric of a run, by its rule and seed."""

pytestmark = pytest.mark.slow


class Silent(Watch):
    """Nobody looks."""

    def expect(self, runs: int) -> None: ...
    def trained(self, runs: float) -> None: ...
    def written(self, runs: int) -> None: ...
    def finished(self, name: str, statuses: object) -> None: ...


def _jobs(*rules: str, problem: str = "parabola") -> list[Job]:
    words = [["hydra/launcher=basic", f"problem={problem}", f"optimizer={rule}"] for rule in rules]
    configs = [compose("config", [*each, "seeds=2", "epochs=2"]) for each in words]
    return [job_from_config(cfg, each[2:]) for cfg, each in zip(configs, words, strict=True)]


def _trained(jobs: list[Job], **settings: Any) -> Values:
    sweep = Memory()
    outcome = execute(jobs, replace(SETTINGS, **settings), sweep, Silent(), Ways())
    assert not outcome.failures
    return {
        (run.params["optimizer.name"], run.params["seed"]): {
            key: at.values for key, at in run.metrics.items()
        }
        for run in sweep.records
    }


@pytest.fixture(scope="module")
def jobs() -> list[Job]:
    return _jobs(*RULES, MUON)


@pytest.fixture(scope="module")
def first(jobs: list[Job]) -> Values:
    """Eight runs in one stack, on one thread."""
    return _trained(jobs)


def test_the_same_again_is_the_same(jobs: list[Job], first: Values) -> None:
    assert len(first) == 8
    _are_identical(_trained(jobs), first)


def test_two_threads_give_what_one_does(jobs: list[Job], first: Values) -> None:
    _are_identical(_trained(jobs, threads=2), first)


def test_it_does_not_matter_who_is_first(jobs: list[Job], first: Values) -> None:
    _are_identical(_trained(jobs[::-1]), first)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_stacks_of_other_sizes_differ_by_rounding(most: int, first: Values) -> None:
    _are_near(_trained(_jobs(*RULES), max_runs=most), first, SINGLE)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_in_double_precision_by_less(most: int) -> None:
    jobs = _jobs(*RULES, problem="polynomial")
    _are_near(_trained(jobs, max_runs=most), _trained(jobs), DOUBLE)


def _are_identical(found: Values, expected: Values) -> None:
    assert found.keys() == expected.keys()
    for run, values in expected.items():
        assert found[run].keys() == values.keys()
        for key, numbers in values.items():
            assert np.array_equal(found[run][key], numbers.astype(np.float64)), (run, key)


def _are_near(found: Values, expected: Values, tolerance: float) -> None:
    for run, values in found.items():
        for key, numbers in values.items():
            np.testing.assert_allclose(numbers, expected[run][key], rtol=tolerance, err_msg=f"{key} of {run}")
