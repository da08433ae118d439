"""Problems and optimizers from the nodes of a config, and what only torch can tell of a job before it is trained."""

from collections.abc import Iterable, Mapping

import torch

from study.config.check import Settings, check_batch_size
from study.config.make import make
from study.errors import InvalidInput
from study.job import NOT_HYPERPARAMETERS, Job
from study.problems.base import Problem
from study.randomness import Source


def build_problem(node: Mapping[str, object]) -> Problem:
    """Return the problem of a config node: `_target_` called with all other keys.

    Raises:
        InvalidInput: there is no such class, or it refuses a value.
    """
    fields = {key: value for key, value in node.items() if key != "_target_"}
    built = make(str(node["_target_"]), fields, group="problem", name=str(node["name"]))
    if not isinstance(built, Problem):
        raise InvalidInput(f"problem._target_ must be a study.problems.base.Problem, got {node['_target_']}")
    return built


def build_optimizer(
    node: Mapping[str, object], params: Iterable[torch.nn.Parameter]
) -> torch.optim.Optimizer:
    """Return the optimizer of a config node over `params`.

    Args:
        node: `name`, `_target_`, optionally `elementwise`, and the hyperparameters that the class takes.
        params: what it shall update.

    Raises:
        InvalidInput: there is no such class, or it refuses a hyperparameter.
    """
    hyperparameters = {key: value for key, value in node.items() if key not in NOT_HYPERPARAMETERS}
    built = make(str(node["_target_"]), hyperparameters, params, group="optimizer", name=str(node["name"]))
    if not isinstance(built, torch.optim.Optimizer):
        raise InvalidInput(f"optimizer._target_ must be a torch.optim.Optimizer, got {node['_target_']}")
    return built


def is_elementwise(node: Mapping[str, object]) -> bool:
    """Return whether a rule treats each element of a tensor alike and alone (unless its YAML denies it)."""
    return bool(node.get("elementwise", True))


def check_jobs(jobs: Iterable[Job]) -> dict[str, str]:
    """Build every problem and optimizer once, before anything is trained or written.

    Returns:
        What cannot work, by the labels of the jobs: what must hold, and what came.
    """
    refused: dict[str, str] = {}
    points: dict[str, int] = {}
    for job in jobs:
        try:
            _check(job, points)
        except InvalidInput as error:
            refused[job.label] = str(error)
    return refused


def device_of(settings: Settings) -> torch.device:
    """Return the device to train on.

    Raises:
        InvalidInput: cuda is asked for where there is none.
    """
    present = torch.cuda.is_available()
    if settings.device == "cuda" and not present:
        raise InvalidInput(
            "device must be one that is here, got 'cuda', but torch finds no GPU; write device=cpu"
        )
    return torch.device("cuda" if present and settings.device != "cpu" else "cpu")


def _check(job: Job, points: dict[str, int]) -> None:
    key = repr(job.problem)
    if key not in points:
        problem = build_problem(job.problem)
        points[key] = len(problem.data(Source(problem.name, job.seeds.start)).inputs)
    check_batch_size(job.batch_size, points[key])
    build_optimizer(job.optimizer, [torch.nn.Parameter(torch.zeros(2, 2))])
