"""Schedules: learning-rate schedulers from the `schedule` node of a config, over the steps of a run."""

import inspect
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TypeGuard

import torch
from torch.optim.lr_scheduler import LRScheduler

from study.config.make import find, make
from study.errors import CRASHES, ORDERS, InvalidInput, nearest
from study.job import Job
from study.ranges import NOT_NEGATIVE
from study.training.build import build_rule

_SHARE = re.compile(r"(?:(?P<share>\d*\.?\d+(?:e[+-]?\d+)?) *\* *)?(?P<of>steps|lr)")
_WORD = re.compile(r"[A-Za-z_]\w*")  # as in anneal_strategy: cos
_NUMBERS = (int, float, "int", "float")  # annotations
_MOMENTUM = "`cycle_momentum`"  # as torch's refusal has it


def build_schedules(
    node: Mapping[str, object] | None, rule: Iterable[torch.optim.Optimizer], steps: int
) -> list[LRScheduler]:
    """Return the schedulers of a config node, one over each optimizer; none for a constant learning rate.

    Args:
        node: `name`, `_target_`, and the arguments that the class takes beside the optimizer. In them `steps` stands
            for the run's number of steps, and `0.1 * steps` for a share of it, rounded and at least 1; `lr` and
            `0.1 * lr` for the optimizer's learning rate. An argument that is a node itself, or a list of nodes, is
            made first: further schedulers over the same optimizer, or whatever else their `_target_` says.
        rule: the optimizers of a run.
        steps: of the run, each followed by one of its schedulers.

    Raises:
        InvalidInput: there is no such class, it is no scheduler of steps, or it refuses an argument.
    """
    return [] if node is None else [_scheduler(node, optimizer, steps) for optimizer in rule]


def check_schedule(job: Job, params: Iterable[torch.nn.Parameter], steps: int) -> None:
    """Take a job's schedule from the first step to the last, with the parameters left where they are.

    Raises:
        InvalidInput: it cannot be made, fails on the way, or sets a learning rate that is none.
    """
    if job.schedule is None:
        return
    rule = build_rule(job.optimizer, list(params))
    with warnings.catch_warnings(action="ignore"):  # that no optimizer is stepped here
        for scheduler in build_schedules(job.schedule, rule, steps):
            _go_through(scheduler, job.schedule, steps)


def _go_through(scheduler: LRScheduler, node: Mapping[str, object], steps: int) -> None:
    step, name = 0, f"schedule {node['name']}"
    try:
        for step in range(steps):
            for group in scheduler.optimizer.param_groups:
                NOT_NEGATIVE.require(f"{name}: the learning rate of step {step}", float(group["lr"]))
            scheduler.step()
    except (InvalidInput, *ORDERS):
        raise
    except CRASHES as error:  # whatever a class from anywhere raises
        told = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise InvalidInput(
            f"{name}: {node['_target_']} must hold for all {steps} steps, got after step {step} {told}"
        ) from error


def _scheduler(node: Mapping[str, object], optimizer: torch.optim.Optimizer, steps: int) -> LRScheduler:
    target, group = str(node["_target_"]), optimizer.param_groups[0]
    of = find(target)
    if not _is_scheduler(of):
        raise InvalidInput(f"schedule._target_ must be a torch.optim.lr_scheduler.LRScheduler, got {target}")
    _, *needed = (p for p in inspect.signature(of.step).parameters.values() if p.default is p.empty)
    if asked := [p.name for p in needed if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]:
        raise InvalidInput(
            f"schedule._target_ must be a class whose step needs no argument, got {target}, which needs {asked[0]}"
        )
    if "lr" not in group:
        raise InvalidInput(f"schedule must be constant for a rule without lr, got {node['name']}")
    try:
        made = _made(node, optimizer, {"steps": steps, "lr": float(group["lr"])})
    except InvalidInput as error:
        remedy = "; write schedule.cycle_momentum=false" if _MOMENTUM in str(error) else ""
        raise InvalidInput(f"{error}{remedy}") from error
    assert isinstance(made, LRScheduler)
    return made


def _made(
    node: Mapping[str, object], optimizer: torch.optim.Optimizer, words: Mapping[str, float | int]
) -> object:
    """Make what a node says, over the optimizer where it is a scheduler that is not told of it by those it holds."""
    arguments = {
        key: _filled(key, value, optimizer, words)
        for key, value in node.items()
        if key not in ("name", "_target_")
    }
    target = str(node["_target_"])
    of = find(target)
    parameters = inspect.signature(of).parameters if _is_scheduler(of) else {}
    for key, parameter in parameters.items():
        if parameter.annotation in _NUMBERS and isinstance(arguments.get(key), str):
            raise _no_share(key, arguments[key])
    first = next(iter(parameters), None)
    leading = [] if first is None or first in arguments else [optimizer]
    return make(target, arguments, *leading, group="schedule", name=str(node.get("name", "")))


def _filled(
    key: str, value: object, optimizer: torch.optim.Optimizer, words: Mapping[str, float | int]
) -> object:
    """Return an argument with its nodes made and its words filled in."""
    if isinstance(value, Mapping):
        return _made(value, optimizer, words) if "_target_" in value else value
    if isinstance(value, (list, tuple)):
        return [_filled(key, item, optimizer, words) for item in value]
    if not isinstance(value, str):
        return value
    share = _SHARE.fullmatch(value)
    if share is None and _WORD.fullmatch(value) is None:
        raise _no_share(key, value)
    if share is None:
        return value
    filled = float(share["share"] or 1) * words[share["of"]]
    return max(1, round(filled)) if share["of"] == "steps" else filled


def _no_share(key: str, value: object) -> InvalidInput:
    must = f"schedule.{key} must be a number, or a share as in `0.1 * steps` or `0.1 * lr`"
    return InvalidInput(f"{must}, got {value!r}{nearest(value, ('steps', 'lr'))}")


def _is_scheduler(of: Callable[..., object]) -> TypeGuard[type[LRScheduler]]:
    return isinstance(of, type) and issubclass(of, LRScheduler)
