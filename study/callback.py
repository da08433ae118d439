"""What Hydra calls when a command starts: every job is composed and checked before the first is trained."""

from collections.abc import Sequence
from typing import Any  # Hydra passes further keywords, which no callback here reads

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from study import session
from study.check import job_from_config, settings_from_config
from study.cli import Stop
from study.compose import Composer
from study.job import Job

_BASIC_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


class SweepCallback(Callback):
    """Check all jobs, then begin the sweep in the store. A refusal leaves nothing written."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Begin a sweep of one job."""
        try:
            job = job_from_config(_without_hydra(config), config.hydra.overrides.task)
            _begin(config, [job])
        except Exception as error:
            raise Stop(error) from error

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Begin a sweep of all jobs of a multirun, or of jobs to be decided by a sweeper that is not Hydra's own."""
        try:
            _begin(config, jobs_of(config))
        except Exception as error:
            raise Stop(error) from error


def jobs_of(config: DictConfig) -> list[Job] | None:
    """Return the checked jobs of a multirun, None where its sweeper decides them on the way."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

    sweeper = config.hydra.sweeper
    if sweeper._target_ != _BASIC_SWEEPER:
        return None
    words = [f"{key}={value}" for key, value in (sweeper.params or {}).items()]
    loader = GlobalHydra.instance().config_loader()
    parser = OverridesParser.create(config_loader=loader)
    overrides = parser.parse_overrides([*words, *config.hydra.overrides.task])
    composer = Composer(loader, config)
    (batch,) = BasicSweeper.split_arguments(overrides, None)
    return [job_from_config(composer.compose(job)[0], job) for job in batch]


def _begin(config: DictConfig, jobs: Sequence[Job] | None) -> None:
    from study.sweep import OpenSweep  # torch and mlflow: a second each, and only now needed

    task = _without_hydra(config)
    session.CURRENT.set(OpenSweep.begin(settings_from_config(task), jobs, task))


def _without_hydra(config: DictConfig) -> DictConfig:
    return OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
