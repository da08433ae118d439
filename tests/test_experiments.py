"""Every experiment, by glob: it is named after its file, and composes to the jobs and runs that its file states."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig

from study.build import build_optimizer, build_problem
from study.check import job_from_config
from study.job import Job

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "conf" / "experiment").glob("*.yaml"))
NAMES = [file.stem for file in FILES]
STATED = re.compile(r"# make sweep EXPERIMENT=(?P<name>\w+) +(?P<jobs>\d+) jobs?, (?P<runs>\d+) runs$")


@pytest.fixture(scope="module")
def loader() -> Iterator[ConfigLoader]:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()


def test_the_tutorials_rows_are_there() -> None:
    rows = "headline smoke trajectories rotation leaky_average gamma polynomial airfoil batch_size zoo"
    assert {*rows.split(), "lr_sensitivity"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_store_and_report_are_named_after_the_file(name: str, loader: ConfigLoader) -> None:
    config = _multirun(loader, name)
    assert config.tracking.experiment == name
    assert config.hydra.mode == RunMode.MULTIRUN
    assert config.report.title != name
    assert len(config.report.text.split()) > 20
    assert config.report.figures


@pytest.mark.parametrize("name", [name for name in NAMES if name != "zoo"])
def test_expands_to_the_stated_number_of_runs(name: str, loader: ConfigLoader) -> None:
    stated = STATED.match((ROOT / "conf" / "experiment" / f"{name}.yaml").read_text().splitlines()[1])
    assert stated, "the second line says: make sweep EXPERIMENT=<name>   <n> jobs, <n> runs"
    overrides = _expand(loader, name)
    seeds = _multirun(loader, name).seeds
    assert (name, len(overrides), len(overrides) * seeds) == (
        stated["name"],
        int(stated["jobs"]),
        int(stated["runs"]),
    )


def test_zoo_holds_every_optimizer(loader: ConfigLoader) -> None:
    files = {file.stem for file in (ROOT / "conf" / "optimizer").glob("*.yaml")}
    assert {override for (override,) in _expand(loader, "zoo")} == {f"optimizer={name}" for name in files}


@pytest.mark.parametrize("name", NAMES)
def test_jobs_are_valid_and_differ(name: str, loader: ConfigLoader) -> None:
    overrides = _expand(loader, name)
    jobs = [_job(name, task) for task in (overrides if len(overrides) <= 20 else overrides[::9])]
    assert len({job.hash for job in jobs}) == len(jobs)
    assert len({job.label for job in jobs}) == len(jobs)
    for job in jobs:
        build_problem(job.problem)
        parameter = torch.nn.Parameter(torch.zeros(2, 2))
        assert build_optimizer(job.optimizer, [parameter]).param_groups


def test_learning_rates_of_lr_sensitivity_are_a_log_grid(loader: ConfigLoader) -> None:
    rates = {float(override[1].partition("=")[2]) for override in _expand(loader, "lr_sensitivity")}
    assert sorted(rates) == pytest.approx([10 ** (-4 + k / 3) for k in range(13)], rel=3e-3)


def test_batch_sizes_are_all_some_and_one(loader: ConfigLoader) -> None:
    sizes = [_job("batch_size", task).batch_size for task in _expand(loader, "batch_size")]
    assert sizes == [None, 32, 1]


def test_rotation_runs_the_rules_of_trajectories_at_their_learning_rates(loader: ConfigLoader) -> None:
    straight = {job.optimizer_name: job for job in _jobs(loader, "trajectories")}
    turned = [
        _job("rotation", task) for task in _expand(loader, "rotation") if "problem.rotation=0.0" in task
    ]
    assert {job.optimizer_name: job.hash for job in turned} == {n: job.hash for n, job in straight.items()}


def test_airfoil_jobs_are_the_tutorials(loader: ConfigLoader) -> None:
    jobs = {job.optimizer_name: job for job in _jobs(loader, "airfoil")}
    told = {name: (job.epochs, job.problem["gradient_scale"], job.batch_size) for name, job in jobs.items()}
    assert told == {
        "scratch/rmsprop": (2, 1.0, 10),
        "scratch/adam": (2, 1.0, 10),
        "rmsprop": (4, 2.0, 10),
        "adam": (4, 2.0, 10),
    }
    assert all(job.optimizer["lr"] == 0.01 for job in jobs.values())
    assert jobs["scratch/adam"].optimizer["betas"] == jobs["adam"].optimizer["betas"] == [0.9, 0.999]
    assert jobs["scratch/rmsprop"].optimizer["eps"] == jobs["scratch/adam"].optimizer["eps"] == 1e-6


def _multirun(loader: ConfigLoader, name: str) -> DictConfig:
    overrides = [f"experiment={name}", "hydra/launcher=basic"]
    return loader.load_configuration("config", overrides, run_mode=RunMode.MULTIRUN)


def _expand(loader: ConfigLoader, name: str) -> list[list[str]]:
    """Return the overrides of each job, as Hydra's own sweeper finds them."""
    params = _multirun(loader, name).hydra.sweeper.params
    parser = OverridesParser.create(config_loader=loader)
    parsed = parser.parse_overrides([f"{key}={value}" for key, value in params.items()])
    (batch,) = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    return [list(task) for task in batch]


def _jobs(loader: ConfigLoader, name: str) -> list[Job]:
    return [_job(name, task) for task in _expand(loader, name)]


def _job(name: str, task: list[str]) -> Job:
    return job_from_config(
        compose("config", overrides=[f"experiment={name}", "hydra/launcher=basic", *task]), task
    )
