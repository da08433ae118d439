"""What a sweeper is given back by the stacked launcher."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.core.utils import JobStatus
from hydra.types import HydraContext, RunMode
from hydra_plugins.stacked_launcher import StackedLauncher
from omegaconf import DictConfig

CONF = Path(__file__).parents[3] / "conf"


def test_it_is_the_launcher_of_a_multirun_unasked(loader: ConfigLoader) -> None:
    config = _master(loader)
    launcher = Plugins.instance().instantiate_launcher(
        hydra_context=_context(loader), task_function=lambda _: None, config=config
    )
    assert type(launcher).__qualname__ == "StackedLauncher"  # Hydra imports its plugins a second time


def test_each_job_returns_its_own_value_in_order(
    loader: ConfigLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[float], list[list[str]]]] = []

    def train_jobs(configs: Sequence[DictConfig], overrides: Sequence[Sequence[str]]) -> list[float]:
        asked.append(([cfg.optimizer.lr for cfg in configs], [list(words) for words in overrides]))
        return [cfg.optimizer.lr * 10 for cfg in configs]

    monkeypatch.setattr("study.train.train_jobs", train_jobs)
    overrides = [["optimizer.lr=0.5"], ["optimizer.lr=0.25", "optimizer=adam"], ["optimizer.lr=0.125"]]
    returned = _launcher(loader).launch(overrides, 0)
    assert asked == [([0.5, 0.25, 0.125], overrides)]  # all of them together
    assert [done.return_value for done in returned] == [5.0, 2.5, 1.25]
    assert [done.status for done in returned] == [JobStatus.COMPLETED] * 3
    assert [done.overrides for done in returned] == overrides
    task, hydra = returned[1].cfg, returned[1].hydra_cfg
    assert task is not None
    assert hydra is not None
    assert task.optimizer.name == "adam"
    assert "hydra" not in task
    assert hydra.hydra.runtime.choices.optimizer == "adam"


def test_a_crash_is_a_failed_job_that_raises_when_asked(
    loader: ConfigLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = ArithmeticError("the third wheel came off")
    monkeypatch.setattr("study.train.train_jobs", lambda *_: [1.5, crash])
    good, bad = _launcher(loader).launch([["optimizer=sgd"], ["optimizer=adam"]], 0)
    assert (good.status, good.return_value) == (JobStatus.COMPLETED, 1.5)
    assert bad.status == JobStatus.FAILED
    with pytest.raises(ArithmeticError, match="third wheel"):
        bad.return_value  # noqa: B018  # a property that raises


@pytest.fixture
def loader() -> Iterator[ConfigLoader]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()


def _launcher(loader: ConfigLoader) -> StackedLauncher:
    launcher = StackedLauncher()
    launcher.setup(hydra_context=_context(loader), task_function=lambda _: None, config=_master(loader))
    return launcher


def _context(loader: ConfigLoader) -> HydraContext:
    return HydraContext(config_loader=loader, callbacks=MagicMock())


def _master(loader: ConfigLoader) -> DictConfig:
    return loader.load_configuration("config", [], run_mode=RunMode.MULTIRUN)
