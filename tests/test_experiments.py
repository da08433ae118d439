"""Every experiment, by glob: it is named after its file, and composes to the jobs and runs that its file states."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest
import torch
from hydra import initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig

from study.config.check import job_from_config
from study.config.compose import Composer
from study.job import Job, Run
from study.sweep.labels import labelled
from study.sweep.workers import apart
from study.training.build import build_optimizer, build_problem
from study.training.trial import check_jobs
from study.training.ways import Ways

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "conf" / "experiment").glob("*.yaml"))
NAMES = [file.stem for file in FILES]
Ask = Callable[[str], "Asked"]
STATED = re.compile(r"# make sweep EXPERIMENT=(?P<name>\w+) +(?P<jobs>\d+) jobs?, (?P<runs>\d+) runs$")


@dataclass(frozen=True)
class Asked:
    """An experiment as `make sweep` asks for it."""

    name: str
    loader: ConfigLoader

    @cached_property
    def config(self) -> DictConfig:
        """The multirun's own config."""
        overrides = [f"experiment={self.name}", "hydra/launcher=basic"]
        return self.loader.load_configuration("config", overrides, run_mode=RunMode.MULTIRUN)

    @cached_property
    def tasks(self) -> list[list[str]]:
        """The overrides of each job, as Hydra's own sweeper finds them."""
        params = self.config.hydra.sweeper.params
        parser = OverridesParser.create(config_loader=self.loader)
        parsed = parser.parse_overrides([f"{key}={value}" for key, value in params.items()])
        (batch,) = BasicSweeper.split_arguments(parsed, max_batch_size=None)
        return [list(task) for task in batch]

    @cached_property
    def jobs(self) -> list[Job]:
        """The job of each of these."""
        composer, experiment = Composer(self.loader, self.config), f"experiment={self.name}"
        return labelled(
            [job_from_config(composer.compose([experiment, *task])[0], task) for task in self.tasks]
        )


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Return an experiment by its name, composed once for all tests."""
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        yield cache(lambda name: Asked(name, loader))


def test_the_tutorials_rows_are_there() -> None:
    rows = (
        "headline smoke trajectories rotation leaky_average gamma polynomial airfoil batch_size zoo schedules"
    )
    assert {*rows.split(), "lr_sensitivity"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_store_and_report_are_named_after_the_file(name: str, ask: Ask) -> None:
    config = ask(name).config
    assert config.tracking.experiment == name, f"tracking.experiment must be the file's name, {name}"
    assert config.hydra.mode == RunMode.MULTIRUN, "hydra.mode must be MULTIRUN: a sweep of several jobs"
    assert config.report.title != name, "report.title must be a title, what the experiment asks"
    assert len(config.report.text.split()) > 20, (
        "report.text must say in more than 20 words what is asked and why"
    )
    assert config.report.figures, "report.figures must name figures, or be auto"


@pytest.mark.slow
def test_tuned_searches_for_what_the_headline_compares(ask: Ask) -> None:
    """Its trials and what they decide are told in another way."""
    tuned, headline = ask("tuned"), ask("headline")
    assert [job.hash for job in tuned.jobs] == [job.hash for job in headline.jobs]
    assert tuned.jobs[0].seeds == headline.jobs[0].seeds
    sweeper = tuned.config.hydra.sweeper
    stated = f"4 searches of {sweeper.trials} trials at {sweeper.seeds} seeds, their best and what is shipped at 25"
    assert stated in (ROOT / "conf" / "experiment" / "tuned.yaml").read_text().splitlines()[1]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("tuned", "zoo")])
def test_expands_to_the_stated_number_of_runs(name: str, ask: Ask) -> None:
    stated = STATED.match((ROOT / "conf" / "experiment" / f"{name}.yaml").read_text().splitlines()[1])
    assert stated, "the second line says: make sweep EXPERIMENT=<name>   <n> jobs, <n> runs"
    jobs, seeds = len(ask(name).tasks), ask(name).config.seeds
    assert (name, jobs, jobs * seeds) == (stated["name"], int(stated["jobs"]), int(stated["runs"]))


def test_zoo_holds_every_optimizer(ask: Ask) -> None:
    files = {file.stem for file in (ROOT / "conf" / "optimizer").glob("*.yaml")}
    assert {override for (override,) in ask("zoo").tasks} == {f"optimizer={name}" for name in files}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_jobs_are_valid_and_differ(name: str, ask: Ask) -> None:
    jobs = ask(name).jobs
    assert len({job.hash for job in jobs}) == len(jobs)
    assert len({job.label for job in jobs}) == len(jobs)
    for job in jobs:
        build_problem(job.problem)
        parameter = torch.nn.Parameter(torch.zeros(2, 2))
        assert build_optimizer(job.optimizer, [parameter]).param_groups


@pytest.mark.parametrize(
    "name",
    [
        "airfoil",
        "headline",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("trajectories", "zoo")),
    ],
)
def test_where_each_job_has_an_optimizer_of_its_own_that_is_its_label(name: str, ask: Ask) -> None:
    assert [job.label for job in ask(name).jobs] == [job.optimizer_name for job in ask(name).jobs]


@pytest.mark.parametrize("name", ["headline", "lr_sensitivity"])
def test_where_one_instance_serves_all_runs_no_process_is_started(name: str, ask: Ask) -> None:
    ways, jobs = Ways(), {job.optimizer_name: job for job in ask(name).jobs}
    assert check_jobs(jobs.values(), ways) == {}
    assert apart([Run(job, seed) for job in jobs.values() for seed in job.seeds], ways, pays=0.0) == []


def test_learning_rates_of_lr_sensitivity_are_a_log_grid(ask: Ask) -> None:
    rates = {float(override[1].partition("=")[2]) for override in ask("lr_sensitivity").tasks}
    assert sorted(rates) == pytest.approx([10 ** (-4 + k / 3) for k in range(13)], rel=3e-3)


def test_batch_sizes_are_all_some_and_one(ask: Ask) -> None:
    assert [job.batch_size for job in ask("batch_size").jobs] == [None, 32, 1]


@pytest.mark.slow
def test_rotation_runs_the_rules_of_trajectories_at_their_learning_rates(ask: Ask) -> None:
    straight = {job.optimizer_name: job for job in ask("trajectories").jobs}
    rotation = ask("rotation")
    pairs = zip(rotation.tasks, rotation.jobs, strict=True)
    turned = [job for task, job in pairs if "problem.rotation=0.0" in task]
    assert {job.optimizer_name: job.hash for job in turned} == {n: job.hash for n, job in straight.items()}


def test_airfoil_jobs_are_the_tutorials(ask: Ask) -> None:
    jobs = {job.optimizer_name: job for job in ask("airfoil").jobs}
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
