"""What Hydra calls when a command starts: every job is composed and checked before the first is trained."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any  # Hydra passes further keywords, which no callback here reads

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from study import cli
from study.config.asked import deciding
from study.config.check import job_from_config, settings_from_config
from study.config.compose import Composer
from study.config.gpu import check_device
from study.config.location import Location
from study.config.reach import require_answer
from study.job import Job
from study.sweep import current

if TYPE_CHECKING:
    from study.sweep.open import OpenSweep


_EXHAUSTIVE = (  # by name: Hydra loads its plugins' modules twice, so that their classes are not themselves
    "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
    "hydra_plugins.checked_sweeper.CheckedSweeper",
)


class SweepCallback(Callback):
    """Check all jobs, then begin the sweep in the store. A refusal leaves nothing written."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Begin a sweep of one job."""
        try:
            job = job_from_config(_without_hydra(config), config.hydra.overrides.task)
            _begin(config, [job])
        except Exception as error:
            raise cli.Stop(error) from error

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Begin a sweep of all jobs of a multirun, or of those that a sweeper of another kind will decide on."""
        try:
            began = time.perf_counter()
            jobs = jobs_of(config)
            composing = time.perf_counter() - began
            _begin(config, jobs).composing = composing
        except Exception as error:
            raise cli.Stop(error) from error


def jobs_of(config: DictConfig) -> list[Job] | None:
    """Return the checked jobs of a multirun, None where its sweeper decides them on the way."""
    loader = GlobalHydra.instance().config_loader()
    composer = Composer(loader, config)
    current.COMPOSER.set(composer)
    sweeper = config.hydra.sweeper
    if sweeper._target_ not in _EXHAUSTIVE:
        return None
    words = [f"{key}={value}" for key, value in (sweeper.params or {}).items()]
    parser = OverridesParser.create(config_loader=loader)
    overrides = parser.parse_overrides([*words, *config.hydra.overrides.task])
    (batch,) = BasicSweeper.split_arguments(overrides, None)
    return [job_from_config(composer.compose(job)[0], job) for job in batch]


def _begin(config: DictConfig, jobs: Sequence[Job] | None) -> "OpenSweep":
    task = _without_hydra(config)
    settings = settings_from_config(task)
    check_device(settings.device)
    require_answer(Location.of(settings.uri))
    with cli.importing():  # torch: a second, and only now needed
        from study.training.feasible import check_feasible
    check_feasible(jobs or (), settings)
    with cli.importing():  # MLflow: another one
        from study.sweep.open import OpenSweep
    opened = OpenSweep.begin(settings, jobs, task, overrides=_beside(config))
    current.CURRENT.set(opened)
    return opened


def _beside(config: DictConfig) -> list[str]:
    """Return what was asked beside an experiment's own file; a sweep of none is all its own."""
    named = config.hydra.runtime.choices.get("experiment") is not None
    return deciding(config.hydra.overrides.task) if named else []


def _without_hydra(config: DictConfig) -> DictConfig:
    task = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    task.sweep_id = config.sweep_id  # a copy would ask the clock again, and every job tells the same time
    return task
