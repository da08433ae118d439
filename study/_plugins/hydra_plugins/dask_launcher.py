"""`hydra/launcher=dask`: each job a task of Dask, for which Hydra has no launcher of its own.

Dask starts a task again where a worker was lost; the task then finds in the store what was written before. Nothing
heavy is imported here; see `stacked_launcher` on this namespace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any  # Hydra's singletons, and what Dask does not annotate

from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, configure_log, run_job, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict
from typing_extensions import override

from study.errors import InvalidInput, NotKept


@dataclass
class DaskLauncherConf:
    """The launcher's config.

    Attributes:
        address: of a scheduler that runs, as in tcp://10.0.0.1:8786; None is one of this machine's own.
        workers: processes of this machine, where it is its own.
    """

    _target_: str = "hydra_plugins.dask_launcher.DaskLauncher"
    address: str | None = None
    workers: int = 2


if find_spec("distributed"):  # so that it is told like another launcher whose package is not there
    ConfigStore.instance().store(
        group="hydra/launcher", name="dask", node=DaskLauncherConf, provider="optimizer-study"
    )


class DaskLauncher(Launcher):
    """Run each job as a task of Dask."""

    def __init__(self, address: str | None, workers: int) -> None:
        self._address, self._workers = address, workers

    @override
    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._context, self._task, self._config = hydra_context, task_function, config

    @override
    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        from distributed.scheduler import KilledWorker

        setup_globals()
        configure_log(self._config.hydra.hydra_logging, self._config.hydra.verbose)
        Path(str(self._config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        job = _Job(self._context, self._task, self._config, Singleton.get_state())
        numbers = range(initial_job_idx, initial_job_idx + len(job_overrides))
        with self._client() as client:
            try:
                # what a task of the same words gave another sweep does not do for this one
                done: list[JobReturn] = client.gather(client.map(job, job_overrides, numbers, pure=False))
            except KilledWorker as error:
                lost = error.allowed_failures + 1
                raise NotKept(
                    f"Dask gave a task up at which {lost} workers were lost: was their memory full? "
                    "What is written stays, and the same command goes on"
                ) from error
        return done

    def _client(self) -> Any:
        from distributed import Client

        own = {"n_workers": self._workers, "threads_per_worker": 1, "dashboard_address": None}
        try:
            return Client(self._address, **({} if self._address else own))
        except (OSError, ValueError) as error:
            asked = f"hydra.launcher.by.address must be a Dask scheduler's that answers, got {self._address}"
            raise InvalidInput(f"{asked}: {error}") from error


@dataclass(frozen=True)
class _Job:
    """What a task does, in whichever process it is started."""

    context: HydraContext
    task: TaskFunction
    config: DictConfig
    singletons: Any

    def __call__(self, overrides: Sequence[str], number: int) -> JobReturn:
        setup_globals()
        Singleton.set_state(self.singletons)
        config = self.context.config_loader.load_sweep_config(self.config, list(overrides))
        with open_dict(config):
            config.hydra.job.id = f"{config.hydra.job.name}_{number}"
            config.hydra.job.num = number
        HydraConfig.instance().set_config(config)
        return run_job(
            hydra_context=self.context,
            config=config,
            task_function=self.task,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
