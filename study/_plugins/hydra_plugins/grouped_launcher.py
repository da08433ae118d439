"""`hydra/launcher=stacked_joblib` and the like: the jobs of a multirun in a few tasks of another launcher.

That one would start a process, or wait in a queue, for each job; a task trains its jobs together, as stacks. Nothing
heavy is imported here; see `stacked_launcher` on this namespace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig
from typing_extensions import override

Overrides = Sequence[Sequence[str]]


class GroupedLauncher(Launcher):
    """Hand jobs to another launcher, in groups.

    Args:
        tasks: how many groups at most; jobs that follow one another share one, as they mostly share their shapes.
        by: that launcher.
    """

    def __init__(self, tasks: int, by: Launcher) -> None:
        self._tasks, self._by = tasks, by

    @override
    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._context, self._config = hydra_context, config

    @override
    def launch(self, job_overrides: Overrides, initial_job_idx: int) -> Sequence[JobReturn]:
        groups = split(job_overrides, self._tasks)
        task = Group(self._context, self._config, groups, initial_job_idx)
        self._by.setup(hydra_context=self._context, task_function=task, config=self._config)
        done = self._by.launch([group[0] for group in groups], initial_job_idx)
        return [
            _job_return(returned, list(overrides), position)
            for returned, group in zip(done, groups, strict=True)
            for position, overrides in enumerate(group)
        ]


@dataclass(frozen=True)
class Group:
    """What a task does, wherever it is started: train the jobs of one group together.

    Attributes:
        context: Hydra's.
        config: the multirun's own.
        groups: the overrides of all jobs.
        first: Hydra's number of the first task.
    """

    context: HydraContext
    config: DictConfig
    groups: Sequence[Overrides]
    first: int

    def __call__(self, _: DictConfig) -> list[float | Exception]:
        """Return each job's median loss, or what it crashed with."""
        from study.config.compose import Composer
        from study.train import train_jobs

        group = self.groups[HydraConfig.get().job.num - self.first]
        composer = Composer(self.context.config_loader, self.config)
        return train_jobs([composer.compose(overrides)[0] for overrides in group], group)


def split(jobs: Overrides, tasks: int) -> list[Overrides]:
    """Return jobs in groups of almost the same size, none empty.

    >>> split([["lr=1"], ["lr=2"], ["lr=3"]], 2)
    [[['lr=1']], [['lr=2'], ['lr=3']]]
    """
    count = min(tasks, len(jobs))
    ends = [len(jobs) * index // count for index in range(count + 1)]
    return [jobs[low:high] for low, high in pairwise(ends)]


def _job_return(task: JobReturn, overrides: list[str], position: int) -> JobReturn:
    """Return what a sweeper expects of one job of a task."""
    results = task._return_value  # the property prints a traceback where the task failed
    result = results[position] if isinstance(results, list) else results
    returned = JobReturn(overrides=overrides, cfg=task.cfg, hydra_cfg=task.hydra_cfg, task_name="train")
    returned.status = JobStatus.FAILED if isinstance(result, Exception) else JobStatus.COMPLETED
    returned.return_value = result
    return returned
