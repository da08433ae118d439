"""Callback of Hydra, at the start of a command: every job is checked before the first is trained."""

import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any  # Hydra passes further keywords, which no callback here reads

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from typing_extensions import override

from study import cli, interrupts
from study.busy import busy
from study.config.check import Settings, job_from_config, settings_from_config
from study.config.commands import deciding
from study.config.compose import Composer, own_folder
from study.config.explain import explain
from study.config.figures import require_figures
from study.config.keys import require_known
from study.config.reach import require_answer, require_writable
from study.errors import InvalidInput
from study.job import Job
from study.ranges import COUNT, or_null
from study.sweep import current
from study.sweep.labels import labelled
from study.sweep.looks import Looks
from study.sweep.size import Missing, free_disk, long_told, missing_of, require_few, require_room
from study.tracking.present import present
from study.tracking.tracker import Tracker
from study.training.memory import available

if TYPE_CHECKING:
    from study.problems.base import Problem
    from study.sweep.open import OpenSweep
    from study.training.needs import Needs
    from study.training.ways import Ways


_TASKS = "hydra.launcher.tasks"  # of launchers that hand jobs on in groups

# by name: Hydra loads its plugins' modules twice, so that their classes are not themselves
_TUNING = "hydra_plugins.tuning_sweeper.TuningSweeper"
_EXHAUSTIVE = (
    "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
    "hydra_plugins.checked_sweeper.CheckedSweeper",
)


class SweepCallback(Callback):
    """Check all jobs, then begin the sweep in the store. A refusal leaves nothing written."""

    @override
    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Begin a sweep of one job."""
        try:
            if config.hydra.sweeper._target_ == _TUNING:
                raise InvalidInput(
                    "hydra/sweeper=tuning must be asked for as a multirun, got one job; write -m"
                )
            if Looks.of(config, ()) is not None:
                raise InvalidInput("until=resolved must compare several settings, got one job; write -m")
            with _tracking(config) as tracker:
                busy("composing 1 job")
                job = job_from_config(_without_hydra(config), config.hydra.overrides.task)
                _begin(config, tracker, labelled([job]), {})
        except Exception as error:
            raise cli.Stop(error) from error

    @override
    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Begin a sweep of all jobs of a multirun, or of those that a sweeper of another kind will decide on."""
        try:
            with _tracking(config) as tracker:
                began = time.perf_counter()
                jobs, refused = jobs_of(config)
                composing = time.perf_counter() - began
                _begin(config, tracker, jobs, refused).composing = composing
        except Exception as error:
            raise cli.Stop(error) from error


def jobs_of(config: DictConfig) -> tuple[list[Job] | None, dict[str, str]]:
    """Return the jobs of a multirun, None where its sweeper decides them on the way, and what is wrong with the rest.

    Of a sweep that tunes it is all but those that its trials decide, which are trials at other seeds.
    A job that cannot be composed or checked is in the second, by the overrides that tell it from the others.
    """
    loader = GlobalHydra.instance().config_loader()
    composer = Composer(loader, config)
    current.COMPOSER.set(composer)
    sweeper = config.hydra.sweeper
    words = [f"{key}={value}" for key, value in (OmegaConf.select(sweeper, "params") or {}).items()]
    looks = Looks.of(config, [*words, *config.hydra.overrides.task])
    if looks and sweeper._target_ not in _EXHAUSTIVE:
        raise InvalidInput(f"until=resolved must be asked of a plain multirun, got {sweeper._target_}")
    if sweeper._target_ not in (*_EXHAUSTIVE, _TUNING):
        return None, {}
    or_null(COUNT).require("hydra.sweeper.max_batch_size", sweeper.get("max_batch_size"))
    COUNT.require(_TASKS, OmegaConf.select(config, _TASKS, default=1))
    parser = OverridesParser.create(config_loader=loader)
    overrides = parser.parse_overrides([*words, *config.hydra.overrides.task])
    require_few(overrides)
    (batch,) = BasicSweeper.split_arguments(overrides, None)
    check = partial(_checked, composer, own_folder(config), frozenset(map(str, config)))
    jobs, refused = check(looks.sized(batch, 0) if looks else batch)
    if looks:
        looks.require(len({job.hash for job in jobs}) + len(refused))
        current.LOOKS.set(looks)
    if refused or sweeper._target_ != _TUNING:
        return labelled(jobs), refused
    from study.sweep.tuning import searched

    search, refused = searched(sweeper, batch, labelled(jobs), check)
    current.SEARCH.set(search)
    return search.jobs, refused


def _checked(
    composer: Composer, own: Path | None, known: Collection[str], batch: Sequence[Sequence[str]]
) -> tuple[list[Job], dict[str, str]]:
    """Return the jobs of all tasks that can be composed and pass their checks, and what is wrong with the others."""
    busy(f"composing {len(batch)} job{'s' * (len(batch) > 1)}")
    jobs, refused = [], {}
    shared = set.intersection(*map(set, batch))
    for task in batch:
        try:
            cfg, _ = composer.compose(task)
            require_known(cfg, own, besides=known)
            jobs.append(job_from_config(cfg, task))
        except Exception as error:
            why = explain(error, task, own)
            if why is None:
                raise
            refused[" ".join(word for word in task if word not in shared)] = why
    return jobs, refused


@contextmanager
def _tracking(config: DictConfig) -> Iterator[Tracker]:
    """Have the store opened while the jobs are checked, by what keeps the sweep; end that where one is refused."""
    tracker = current.TRACKER.get() or Tracker()
    try:
        tracker.prepare(settings_from_config(_without_hydra(config)).location)
        require_known(config, own_folder(config))
        yield tracker
    except BaseException:
        busy()
        tracker.close()
        raise


def _require_report(task: DictConfig) -> None:
    """Refuse a report that could not be of a sweep, before there is one."""
    from study.stats.comparison import require_report  # NumPy, which comes with torch

    node = OmegaConf.to_container(task.report, resolve=True)
    assert isinstance(node, dict)
    require_report({str(key): value for key, value in node.items()})
    require_figures(node.get("figures"))


def _begin(
    config: DictConfig, tracker: Tracker, jobs: Sequence[Job] | None, refused: Mapping[str, str]
) -> "OpenSweep":
    """Begin a sweep, unless some of its jobs cannot be run: then name all of those, with nothing written."""
    task = _without_hydra(config)
    settings = settings_from_config(task)
    _require_report(task)
    if not jobs:
        _refuse(refused, of=len(refused))
    require_answer(settings.location)
    require_writable(settings.location)
    there = set() if settings.force else present(settings.location, settings.experiment)
    missing = missing_of(jobs or (), there)
    if jobs and not refused and not any(count for _, count in missing):
        ways = None  # they were checked when they were trained
    else:
        ways = _checked_by_torch(settings, missing, refused)
    from study.sweep.open import OpenSweep

    interrupts.raise_them()  # from now on there is something to end
    opened = OpenSweep.begin(tracker, settings, jobs, task, overrides=_beside(config))
    opened.ways = ways
    current.CURRENT.set(opened)
    return opened


def _checked_by_torch(settings: Settings, missing: Missing, refused: Mapping[str, str]) -> "Ways":
    """Check jobs by a few steps of each, and that there is room for them; return what is known of their rules."""
    jobs, disk = [job for job, _ in missing], free_disk(settings.location)
    room = partial(require_room, max_runs=settings.max_runs, memory=available(), disk=disk)
    room(missing, None)
    busy(f"importing torch, and checking {len(jobs)} job{'s' * (len(jobs) > 1)}")
    with cli.importing():  # torch: a second, and only now needed
        from study.sweep.remembered import ways_of
        from study.sweep.workers import count_of
        from study.training.build import device_of
        from study.training.trial import Patience, check_jobs
    device_of(settings)
    ways, needs = ways_of(settings.location), {}

    def require_one(job: Job, of: "Needs") -> None:
        needs[job.hash] = of
        room([(job, 1)], {job.hash: of})

    patience = Patience(settings.trial_seconds)
    wrong = check_jobs(jobs, ways, _require_problem, require_one, patience)
    _refuse({**refused, **wrong}, of=len(refused) + len(jobs))
    processes = count_of(settings.workers, settings.threads or 1)
    for told in (room(missing, needs).told, long_told(missing, needs, patience.paces, processes)):
        if told:
            busy()
            sys.stderr.write(f"{told}\n")  # Hydra has no logging yet
    return ways


def _require_problem(problem: "Problem") -> None:
    """Refuse a problem that training cannot rely on; what checks it is imported where one is not as shipped."""
    from study.certify.problem import require_problem

    require_problem(problem)


def _beside(config: DictConfig) -> list[str]:
    """Return what was asked beside an experiment's own file; a sweep of none is all its own."""
    named = config.hydra.runtime.choices.get("experiment") is not None
    return deciding([*config.hydra.overrides.task, *config.hydra.overrides.hydra]) if named else []


def _refuse(refused: Mapping[str, str], *, of: int) -> None:
    """Raise one message for all jobs that cannot be run: what they share once, else a line for each."""
    if not refused:
        return
    if len(set(refused.values())) == 1:
        raise InvalidInput(next(iter(refused.values())))
    lines = [f"  {label}: {why}" for label, why in refused.items()]
    raise InvalidInput("\n".join([f"{len(refused)} of {of} jobs cannot be run:", *lines]))


def _without_hydra(config: DictConfig) -> DictConfig:
    task = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    task.sweep_id = config.sweep_id  # a copy would ask the clock again, and every job tells the same time
    return task
