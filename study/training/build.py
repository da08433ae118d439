"""From config nodes to objects: the one place where the class a YAML names is called."""

from collections.abc import Iterable, Mapping

import torch
from hydra.utils import get_class

from study.errors import InvalidInput
from study.job import NOT_HYPERPARAMETERS
from study.problems.base import Problem


def build_problem(node: Mapping[str, object]) -> Problem:
    """Return the problem of a config node: `_target_` called with all other keys.

    Raises:
        InvalidInput: there is no such class, or it refuses a value.
    """
    built = _call(node, {key: value for key, value in node.items() if key != "_target_"})
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
    built = _call(node, hyperparameters, params)
    if not isinstance(built, torch.optim.Optimizer):
        raise InvalidInput(f"optimizer._target_ must be a torch.optim.Optimizer, got {node['_target_']}")
    return built


def is_elementwise(node: Mapping[str, object]) -> bool:
    """Return whether a rule treats each element of a tensor alike and alone (unless its YAML denies it)."""
    return bool(node.get("elementwise", True))


def _call(node: Mapping[str, object], arguments: Mapping[str, object], *leading: object) -> object:
    """Call the class; lists become tuples, which is what hyperparameters like betas are in Python."""
    keywords = {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
    try:
        return get_class(str(node["_target_"]))(*leading, **keywords)
    except InvalidInput:
        raise
    except (ImportError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise InvalidInput(f"{node['name']}: {node['_target_']} cannot be made: {error}") from error
