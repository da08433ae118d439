"""Hyperparameter ranges of torch.optim, by name: torch itself lets some wrong values pass, as alpha=1.5.

They hold for torch's own classes alone: elsewhere the same name may mean something else, and the class is asked by
calling it. The rules of `study.optimizers` annotate theirs.
"""

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from study.ranges import FRACTION, NOT_NEGATIVE, NUMBER, POSITIVE, SWITCH, Range, numbers


def _is_pair(value: object) -> TypeGuard[Sequence[float]]:
    return numbers(2).holds(value)


_RANGES = {
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


def require_torch_ranges(node: Mapping[str, object]) -> None:
    """Refuse a hyperparameter of a torch.optim class that is out of its range.

    Args:
        node: the `optimizer` node of a config.

    Raises:
        InvalidInput: with the hyperparameter, its range and the value.
    """
    if str(node["_target_"]).startswith("torch.optim."):
        for name in _RANGES.keys() & node.keys():
            _RANGES[name].require(f"optimizer.{name}", node[name])
