"""What is checked when a command starts: all jobs of a multirun, as Hydra's own sweeper would make them."""

import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from study.cli import Stop
from study.errors import InvalidInput
from study.sweep import current
from study.sweep.callback import SweepCallback, jobs_of
from study.tracking.tracker import Tracker

CONF = Path(__file__).parents[2] / "conf"


def test_jobs_are_the_product_of_what_is_swept(loader: ConfigLoader) -> None:
    jobs = jobs_of(_master(loader, "optimizer=sgd,adam", "optimizer.lr=0.1,0.2", "seeds=3"))[0] or []
    assert [(job.optimizer_name, job.optimizer["lr"]) for job in jobs] == [
        ("sgd", 0.1),
        ("sgd", 0.2),
        ("adam", 0.1),
        ("adam", 0.2),
    ]
    assert {job.seeds for job in jobs} == {range(3)}
    assert [job.label for job in jobs] == ["sgd lr=0.1", "sgd lr=0.2", "adam lr=0.1", "adam lr=0.2"]


@pytest.mark.slow
def test_an_experiment_brings_its_own_sweep_and_a_person_may_narrow_it(loader: ConfigLoader) -> None:
    assert [job.optimizer_name for job in jobs_of(_master(loader, "experiment=headline"))[0] or []] == [
        "sgd",
        "momentum",
        "rmsprop",
        "adam",
    ]
    narrowed = jobs_of(_master(loader, "experiment=headline", "optimizer=nag"))[0] or []
    assert [(job.optimizer_name, len(job.seeds)) for job in narrowed] == [("nag", 25)]


def test_a_sweeper_that_decides_on_the_way_has_no_jobs_yet(loader: ConfigLoader) -> None:
    config = _master(loader)
    with_other = OmegaConf.merge(config, {})
    OmegaConf.set_readonly(with_other.hydra, False)
    OmegaConf.update(with_other, "hydra.sweeper._target_", "hydra.plugins.sweeper.Sweeper")
    assert isinstance(with_other, DictConfig)
    assert jobs_of(with_other) == (None, {})


@pytest.mark.slow
def test_the_last_job_is_checked_before_the_first_is_begun(loader: ConfigLoader, tmp_path: Path) -> None:
    store = tmp_path / "store" / "mlflow.db"
    master = _master(loader, "optimizer.lr=0.1,0.2,-1", f"tracking.uri=sqlite:///{store}")
    with pytest.raises(Stop) as stopped:
        SweepCallback().on_multirun_start(master)
    assert isinstance(stopped.value.cause, InvalidInput)
    assert str(stopped.value.cause) == "optimizer.lr must be a finite number > 0, got -1"
    assert not store.parent.exists()


def test_a_launcher_of_no_task_is_refused(loader: ConfigLoader, begun: MagicMock) -> None:
    words = ("hydra/launcher=stacked_joblib", "hydra.launcher.tasks=0")
    with pytest.raises(Stop, match=r"launcher\.tasks must be a whole number >= 1, got 0"):
        SweepCallback().on_multirun_start(_master(loader, *words))
    assert not begun.called


def test_a_single_job_is_checked_too(loader: ConfigLoader) -> None:
    config = loader.load_configuration("config", ["optimizer.lr=-1"], run_mode=RunMode.RUN)
    with pytest.raises(Stop, match="got -1"):
        SweepCallback().on_run_start(config)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "beside"),
    [
        (["experiment=smoke"], []),
        (
            ["experiment=smoke", "seeds=3", "device=cpu", "problem.noise=0.2"],
            ["seeds=3", "problem.noise=0.2"],
        ),
        (["optimizer=sgd,adam", "seeds=3"], []),  # of no experiment: all of it is its own
    ],
)
def test_a_sweep_knows_what_was_asked_beside_its_experiment(
    words: list[str], beside: list[str], loader: ConfigLoader, begun: MagicMock
) -> None:
    SweepCallback().on_multirun_start(_master(loader, *words))
    assert begun.call_args.kwargs["overrides"] == beside


@pytest.mark.slow
def test_all_that_ask_for_the_sweeps_id_are_told_the_same(loader: ConfigLoader, begun: MagicMock) -> None:
    """The id is a time of day: by it a process of another launcher finds the sweep that this one began."""
    config = _master(loader)
    SweepCallback().on_multirun_start(config)
    _, settings, *_ = begun.call_args.args
    time.sleep(0.001)
    assert loader.load_sweep_config(config, ["optimizer=adam"]).sweep_id == settings.sweep_id


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """What begins a sweep in the store, asked and not done; no process is started for it."""
    monkeypatch.setattr("study.sweep.callback.Tracker", MagicMock(return_value=MagicMock(spec=Tracker)))
    begin = MagicMock()
    monkeypatch.setattr("study.sweep.open.OpenSweep.begin", begin)
    return begin


@pytest.fixture
def loader() -> Iterator[ConfigLoader]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()
    current.COMPOSER.set(None)
    current.CURRENT.set(None)


def _master(loader: ConfigLoader, *words: str) -> DictConfig:
    return loader.load_configuration("config", list(words), run_mode=RunMode.MULTIRUN)
