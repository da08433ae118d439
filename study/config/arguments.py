"""What a config says of a class, held against what the class takes, before anything is imported."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TypeGuard

from study.config.signature import Parameter, signature
from study.errors import InvalidInput
from study.job import NOT_HYPERPARAMETERS
from study.ranges import FRACTION, NOT_NEGATIVE, NUMBER, POSITIVE, SWITCH, Range, numbers


def _is_pair(value: object) -> TypeGuard[Sequence[float]]:
    return numbers(2).holds(value)


_HYPERPARAMETERS = {  # the same to every optimizer that has them
    "lr": POSITIVE,
    "momentum": FRACTION,
    "dampening": NUMBER,
    "alpha": FRACTION,
    "rho": FRACTION,
    "betas": Range("two numbers in [0, 1), as in optimizer.betas=[0.9,0.99]", numbers(2, FRACTION).holds),
    # Adafactor's eps is a pair, and its own to check
    "eps": Range(NOT_NEGATIVE.wording, lambda value: isinstance(value, list) or NOT_NEGATIVE.holds(value)),
    "weight_decay": NOT_NEGATIVE,
    "lr_decay": NOT_NEGATIVE,
    "momentum_decay": NOT_NEGATIVE,
    "initial_accumulator_value": NOT_NEGATIVE,
    "lambd": NUMBER,
    "etas": Range("two numbers, one in (0, 1) and one > 1", lambda v: _is_pair(v) and 0 < v[0] < 1 < v[1]),
    "step_sizes": Range("two numbers > 0, the smaller first", lambda v: _is_pair(v) and 0 < v[0] <= v[1]),
    "nesterov": SWITCH,
    "amsgrad": SWITCH,
    "centered": SWITCH,
    "maximize": SWITCH,
}


def check_optimizer(node: Mapping[str, object]) -> None:
    """Check the config of an optimizer as far as torch is not needed for it.

    Raises:
        InvalidInput: a hyperparameter is not one, is missing, or is out of its range.
    """
    for name, range_ in _HYPERPARAMETERS.items():
        if name in node:
            range_.require(f"optimizer.{name}", node[name])
    given = {key: value for key, value in node.items() if key not in NOT_HYPERPARAMETERS}
    known = _check("optimizer", str(node["_target_"]), given)
    if given.get("nesterov"):
        _check_nesterov({name: parameter.default for name, parameter in known.items()} | given)


def check_problem(node: Mapping[str, object]) -> None:
    """Check the config of a problem as far as torch is not needed for it.

    Raises:
        InvalidInput: a field is not one, is missing, or is out of the range that its annotation names.
    """
    _check("problem", str(node["_target_"]), {key: node[key] for key in node if key != "_target_"})


def _check(group: str, target: str, given: Mapping[str, object]) -> Mapping[str, Parameter]:
    """Check arguments against a class, and return what it takes: nothing where its source does not tell."""
    found = signature(target)
    if found is None:
        return {}
    takes = {name: p for name, p in found.parameters.items() if name != "params"}  # those are the trainer's
    for key in given:
        if key not in takes and not found.takes_any:
            near = get_close_matches(key, takes, n=1, cutoff=0.6)
            hint = f"; did you mean {group}.{near[0]}?" if near else ""
            raise InvalidInput(
                f"{group}.{key} is not known to {target}, which takes {', '.join(takes)}{hint}"
            )
    for key, parameter in takes.items():
        if parameter.required and key not in given:
            raise InvalidInput(f"{group}.{key} must be given, {target} has no default for it; got none")
        if parameter.range is not None and key in given:
            parameter.range.require(f"{group}.{key}", given[key])
    return takes


def _check_nesterov(values: Mapping[str, object]) -> None:
    """Nesterov's look ahead follows the momentum: without one, or with a dampened one, torch refuses it."""
    if values.get("momentum", 1) == 0:
        raise InvalidInput("optimizer.momentum must be > 0 where optimizer.nesterov is true, got 0")
    if values.get("dampening", 0) != 0:
        raise InvalidInput(
            f"optimizer.dampening must be 0 where optimizer.nesterov is true, got {values['dampening']}"
        )
