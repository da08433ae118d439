"""Jobs in groups: who trains which, what a sweeper is given back, and what is refused."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from hydra import initialize_config_dir
from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobStatus
from hydra.types import HydraContext, RunMode
from hydra_plugins.grouped_launcher import GroupedLauncher, split
from omegaconf import DictConfig

CONF = Path(__file__).parents[3] / "conf"
JOBS = [[f"optimizer.lr=0.{digit}"] for digit in "12345"]


@pytest.mark.parametrize(
    ("jobs", "tasks", "sizes"),
    [(5, 2, [2, 3]), (5, 5, [1] * 5), (2, 8, [1, 1]), (9, 3, [3, 3, 3]), (1, 1, [1])],
)
def test_groups_are_of_almost_one_size_and_in_order(jobs: int, tasks: int, sizes: list[int]) -> None:
    every = [[f"lr={number}"] for number in range(jobs)]
    groups = split(every, tasks)
    assert [len(group) for group in groups] == sizes
    assert [job for group in groups for job in group] == every


def test_a_task_trains_its_jobs_together(
    loader: ConfigLoader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By Hydra's own launcher, which runs one task after the other; the last job crashes."""
    asked: list[list[float]] = []
    crash = ArithmeticError("the third wheel came off")

    def train_jobs(
        configs: Sequence[DictConfig], overrides: Sequence[Sequence[str]]
    ) -> list[float | Exception]:
        rates = [float(cfg.optimizer.lr) for cfg in configs]
        assert [list(words) for words in overrides] == [[f"optimizer.lr={rate}"] for rate in rates]
        asked.append(rates)
        return [crash if rate == 0.5 else rate * 10 for rate in rates]

    monkeypatch.setattr("study.train.train_jobs", train_jobs)
    returned = _launcher(loader, 2, tmp_path).launch(JOBS, 7)
    assert asked == [[0.1, 0.2], [0.3, 0.4, 0.5]]
    assert [done.overrides for done in returned] == JOBS
    assert [done.return_value for done in returned[:4]] == [1.0, 2.0, 3.0, 4.0]
    assert returned[4].status == JobStatus.FAILED


def test_a_task_that_ends_early_has_failed_with_all_its_jobs(
    loader: ConfigLoader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("study.train.train_jobs", MagicMock(side_effect=OSError("the machine is gone")))
    returned = _launcher(loader, 2, tmp_path).launch(JOBS, 0)
    assert [done.status for done in returned] == [JobStatus.FAILED] * 5


@pytest.fixture
def loader() -> Iterator[ConfigLoader]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()


def _launcher(loader: ConfigLoader, tasks: int, folder: Path) -> GroupedLauncher:
    launcher = GroupedLauncher(tasks, BasicLauncher())
    context = HydraContext(config_loader=loader, callbacks=MagicMock())
    words = [f"hydra.sweep.dir={folder}"]
    master = loader.load_configuration("config", words, run_mode=RunMode.MULTIRUN)
    launcher.setup(hydra_context=context, task_function=lambda _: None, config=master)
    return launcher
