"""`hydra/launcher=stacked`: all jobs of a multirun in this process, trained together as stacks.

Hydra accepts launchers from the `hydra_plugins` namespace alone, and imports every module in it at each start:
nothing heavy is imported here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig
from typing_extensions import override


@dataclass
class StackedLauncherConf:
    """The launcher's config: it has no settings of its own (`stack.max_runs` is the study's)."""

    _target_: str = "hydra_plugins.stacked_launcher.StackedLauncher"


ConfigStore.instance().store(
    group="hydra/launcher", name="stacked", node=StackedLauncherConf, provider="optimizer-study"
)


class StackedLauncher(Launcher):
    """Compose all jobs, run them together, and return each one's result as Hydra's sweepers expect it."""

    @override
    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._loader, self._config = hydra_context.config_loader, config

    @override
    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        from study.config.compose import Composer
        from study.sweep.current import COMPOSER
        from study.train import train_jobs

        setup_globals()
        composer = COMPOSER.get() or Composer(self._loader, self._config)
        composed = [composer.compose(overrides) for overrides in job_overrides]
        results = train_jobs([task for task, _ in composed], job_overrides)
        return [
            _job_return(*configs, list(overrides), result)
            for configs, overrides, result in zip(composed, job_overrides, results, strict=True)
        ]


def _job_return(
    task: DictConfig, hydra: DictConfig, overrides: list[str], result: float | Exception
) -> JobReturn:
    returned = JobReturn(overrides=overrides, cfg=task, hydra_cfg=hydra, task_name="train")
    returned.status = JobStatus.FAILED if isinstance(result, Exception) else JobStatus.COMPLETED
    returned.return_value = result
    return returned
