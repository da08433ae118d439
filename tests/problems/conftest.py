"""What the problems' tests share: composed jobs, trained by the stack, and the airfoil file where it is at hand."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir

from study.config.check import job_from_config
from study.job import Job, Run
from study.problems.base import Problem
from study.training.build import build_problem
from study.training.result import Trained
from study.training.train import train

ROOT = Path(__file__).parents[2]
FILE = "airfoil_self_noise.dat"


@pytest.fixture
def airfoil_file() -> Path:
    """The data file, in the environment's, the repository's or its neighbour's data; else the test is skipped."""
    places = [ROOT / "data" / FILE, ROOT.parent / "shared" / "data" / FILE]
    if "STUDY_AIRFOIL" in os.environ:
        places.insert(0, Path(os.environ["STUDY_AIRFOIL"]))
    for place in places:
        if place.exists():
            return place
    pytest.skip(f"the airfoil data is in none of {', '.join(map(str, places))}")


@pytest.fixture(scope="module")
def job() -> Iterator[Callable[..., Job]]:
    """Compose the job that overrides of the real config tree describe."""
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        yield cache(
            lambda *overrides: job_from_config(
                compose("config", overrides=["hydra/launcher=basic", *overrides]), overrides
            )
        )


@pytest.fixture
def overrides(request: pytest.FixtureRequest) -> Callable[[str], list[str]]:
    """Return what chooses a problem of conf/problem, with its data where they are at hand."""

    def chosen(name: str) -> list[str]:
        file = [f"problem.path={request.getfixturevalue('airfoil_file')}"] if name == "airfoil" else []
        return [f"problem={name}", *file]

    return chosen


@pytest.fixture
def problem(job: Callable[..., Job], overrides: Callable[[str], list[str]]) -> Callable[..., Problem]:
    """Build a problem of conf/problem by its name."""
    return lambda name, *more: build_problem(job(*overrides(name), *more).problem)


@pytest.fixture(scope="module")
def trained(job: Callable[..., Job]) -> Callable[..., Trained]:
    """Train the job that overrides describe, all its seeds in one stack."""

    @cache
    def run(*overrides: str) -> Trained:
        described = job(*overrides)
        runs = [Run(described, seed) for seed in described.seeds]
        return train(build_problem(described.problem), runs, device=torch.device("cpu"))

    return run
