"""What only torch can tell of a job before it is trained: its classes take its values, its device is here."""

from collections.abc import Iterable

import torch

from study.config.check import Settings, check_batch_size
from study.config.gpu import no_gpu
from study.job import Job
from study.randomness import Source
from study.training.build import build_optimizer, build_problem


def check_feasible(jobs: Iterable[Job], settings: Settings) -> None:
    """Build every problem and optimizer once, so that what cannot work is refused before anything is trained.

    Raises:
        InvalidInput: with what must hold, for the first that cannot.
    """
    device_of(settings)
    points: dict[str, int] = {}
    for job in jobs:
        key = repr(job.problem)
        if key not in points:
            problem = build_problem(job.problem)
            points[key] = len(problem.data(Source(problem.name, job.seeds.start)).inputs)
        check_batch_size(job.batch_size, points[key])
        build_optimizer(job.optimizer, [torch.nn.Parameter(torch.zeros(2, 2))])


def device_of(settings: Settings) -> torch.device:
    """Return the device to train on.

    Raises:
        InvalidInput: cuda is asked for where there is none.
    """
    present = torch.cuda.is_available()
    if settings.device == "cuda" and not present:
        raise no_gpu("torch finds none")
    return torch.device("cuda" if present and settings.device != "cpu" else "cpu")
