"""From config nodes to objects: the one place where the class that a YAML names is called."""

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import ModuleType

import torch

from study.config.check import Settings, check_batch_size
from study.errors import InvalidInput, nearest
from study.job import NOT_HYPERPARAMETERS, Job
from study.problems.base import Problem
from study.randomness import Source


def build_problem(node: Mapping[str, object]) -> Problem:
    """Return the problem of a config node: `_target_` called with all other keys.

    Raises:
        InvalidInput: there is no such class, or it refuses a value.
    """
    built = _call("problem", node, {key: value for key, value in node.items() if key != "_target_"})
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
    built = _call("optimizer", node, hyperparameters, params)
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


def _call(
    group: str, node: Mapping[str, object], arguments: Mapping[str, object], *leading: object
) -> object:
    """Call the class; lists become tuples, which is what hyperparameters like betas are in Python."""
    target = str(node["_target_"])
    made = _find(target)
    keywords = {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
    try:
        return made(*leading, **keywords)
    except InvalidInput:
        raise
    except (Exception, SystemExit) as error:  # whatever a class from anywhere raises
        why = _misfit(group, target, made, keywords) or f"{target} cannot be made: {_told(error)}"
        raise InvalidInput(f"{node['name']}: {why}") from error


def _find(target: str) -> Callable[..., object]:
    """Import what a `_target_` names.

    Raises:
        InvalidInput: there is no such package, module or class, or its module fails.
    """
    module, _, name = target.rpartition(".")
    if not module or not all(part.isidentifier() for part in target.split(".")):
        raise InvalidInput(f"_target_ must be a class with its module, as in torch.optim.SGD, got {target!r}")
    found = getattr(_module(module, target), name, None)
    if not callable(found):
        what = (
            f"is no class of {module}"
            if found
            else f"is not in {module}{nearest(name, dir(sys.modules[module]))}"
        )
        raise InvalidInput(f"_target_ must name a class, got {name!r}, which {what}")
    made: Callable[..., object] = found
    return made


def _module(name: str, target: str) -> ModuleType:
    must = f"_target_ must name a class that can be imported, got {target}"
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = str(error.name)
        if missing != name.partition(".")[0]:
            raise InvalidInput(f"{must}: there is no module {missing}") from error
        where = "install it (pip install ...), or set PYTHONPATH to the folder that holds it"
        raise InvalidInput(f"{must}: there is no package {missing!r} here; {where}") from error
    except (Exception, SystemExit) as error:  # whatever a module from anywhere does when it is imported
        raise InvalidInput(f"{must}: {_told(error)}") from error


def _misfit(
    group: str, target: str, made: Callable[..., object], keywords: Mapping[str, object]
) -> str | None:
    """Return which argument a class does not take or lacks, by its signature; None where that tells nothing."""
    try:
        parameters = inspect.signature(made).parameters.values()
    except (TypeError, ValueError):
        return None
    named = {p.name: p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    named.pop("params", None)  # the trainer's
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        for key in keywords:
            if key not in named:
                near = nearest(key, named)
                return f"{group}.{key} is not known to {target}, which takes {', '.join(named)}{near}"
    for name, parameter in named.items():
        if parameter.default is parameter.empty and name not in keywords:
            return f"{group}.{name} must be given, {target} has no default for it; got none"
    return None


def _told(error: BaseException) -> str:
    """Return an error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
