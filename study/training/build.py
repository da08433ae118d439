"""Problems and optimizers from the nodes of a config."""

from collections.abc import Iterable, Mapping, Sequence

import torch

from study.config.check import Settings
from study.config.make import find, make
from study.errors import InvalidInput
from study.job import NOT_HYPERPARAMETERS
from study.problems.base import Problem
from study.training.deferred import defer_compiler

MATRIX = 2  # axes


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
        node: `name`, `_target_`, and the hyperparameters that the class takes. One that is a node itself is made
            first: another optimizer over the same `params` (as a wrapper takes it), or whatever else its `_target_`
            says. `group` are further keys of the parameter group, as Muon of `pytorch_optimizer` asks for
            `use_muon`.
        params: what it shall update.

    Raises:
        InvalidInput: there is no such class, or it refuses a hyperparameter.
    """
    defer_compiler()
    params = list(params)
    built = _built(node, params)
    if not isinstance(built, torch.optim.Optimizer):
        raise InvalidInput(f"optimizer._target_ must be a torch.optim.Optimizer, got {node['_target_']}")
    return built


def build_rule(
    node: Mapping[str, object], params: Sequence[torch.nn.Parameter]
) -> list[torch.optim.Optimizer]:
    """Return the optimizer of a config node, and that of its `rest` where it has one.

    Args:
        node: as `build_optimizer` takes it. With `rest`, a node of another optimizer, the first updates the matrices
            among `params`, and the other what is left.
        params: all parameters of a run.
    """
    rest = node.get("rest")
    if not isinstance(rest, Mapping):
        return [build_optimizer(node, params)]
    matrices = [parameter for parameter in params if parameter.ndim == MATRIX]
    others = [parameter for parameter in params if parameter.ndim != MATRIX]
    if not matrices or not others:
        raise InvalidInput(
            "optimizer.rest must be left out where all parameters are matrices, or none is: "
            f"got parameters of shapes {[tuple(parameter.shape) for parameter in params]}"
        )
    return [
        build_optimizer(node, matrices),
        build_optimizer({"name": f"{node['name']}.rest", **rest}, others),
    ]


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


def _built(node: Mapping[str, object], params: list[torch.nn.Parameter]) -> object:
    """Make what a node says, over `params` where it is an optimizer that wraps no other one."""
    hyperparameters = {
        key: _built(value, params) if isinstance(value, Mapping) and "_target_" in value else value
        for key, value in node.items()
        if key not in NOT_HYPERPARAMETERS
    }
    target, group = str(node["_target_"]), node.get("group")
    of = find(target)
    wraps = any(isinstance(value, torch.optim.Optimizer) for value in hyperparameters.values())
    leading: list[object] = []
    if isinstance(of, type) and issubclass(of, torch.optim.Optimizer) and not wraps:
        leading = [[{"params": params, **group}] if isinstance(group, Mapping) else params]
    return make(target, hyperparameters, *leading, group="optimizer", name=str(node.get("name", "")))
