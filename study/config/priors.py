"""Priors of an optimizer's hyperparameters: where each is looked for when it is tuned, as its YAML says. No torch.

priors:
  lr: {log: [1.0e-4, 1.0]}                  # uniform in log(lr)
  momentum: {one_minus_log: [0.01, 0.5]}    # uniform in log(1 - momentum): 0.5 to 0.99
  betas: [{one_minus_log: [0.01, 0.5]}, null]    # one for each element; null leaves it as it is
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from study.errors import InvalidInput, one_of
from study.job import NOT_HYPERPARAMETERS, PRIORS
from study.ranges import Range, is_number, numbers

_DIGITS = 4  # of a drawn value: as many as one types again


@dataclass(frozen=True, slots=True)
class _Scale:
    """A scale on which a prior is uniform, both ways; it rises with the value."""

    onto: Callable[[float], float]
    back: Callable[[float], float]
    ends: Range  # of what its two ends, as they stand in the YAML, must be


def _pair(wording: str, holds: Callable[[float, float], bool]) -> Range:
    return Range(wording, lambda ends: numbers(2).holds(ends) and holds(*cast("Sequence[float]", ends)))


_SCALES = {
    "linear": _Scale(float, float, _pair("two numbers, the smaller first", lambda a, b: a < b)),
    "log": _Scale(math.log, math.exp, _pair("two numbers > 0, the smaller first", lambda a, b: 0 < a < b)),
    "one_minus_log": _Scale(
        lambda value: -math.log(1 - value),
        lambda at: 1 - math.exp(-at),
        _pair("two numbers in (0, 1], ends of 1 - the value, the smaller first", lambda a, b: 0 < a < b <= 1),
    ),
}


@dataclass(frozen=True, slots=True)
class Prior:
    """Where one number is looked for: uniformly between two values, on a scale.

    Example:
        >>> (momentum,) = priors_of({"momentum": 0.8, "priors": {"momentum": {"one_minus_log": [0.01, 1]}}})
        >>> [momentum.at(place) for place in (0.0, 0.5, 1.0)], round(momentum.place(0.9), 12)
        ([0.0, 0.9, 0.99], 0.5)
    """

    key: str  # of the hyperparameter: `betas`
    index: int | None  # of the element, where that is a list
    scale: str
    low: float
    high: float

    @property
    def name(self) -> str:
        """What the number is called: `lr`, `betas[0]`."""
        return self.key if self.index is None else f"{self.key}[{self.index}]"

    def at(self, place: float) -> float:
        """Return the value at a place in [0, 1], rounded to what one would type: four digits of x, or of 1 - x."""
        scale = _SCALES[self.scale]
        low, high = scale.onto(self.low), scale.onto(self.high)
        value = scale.back(low + place * (high - low))
        if self.scale == "one_minus_log":
            return float(f"{1 - float(f'{1 - value:.{_DIGITS}g}'):.12g}")
        return float(f"{value:.{_DIGITS}g}")

    def place(self, value: float) -> float:
        """Return where a value lies: 0 at the lower end, 1 at the upper one, beyond them outside of the range."""
        onto = _SCALES[self.scale].onto
        try:
            low, here, high = onto(self.low), onto(value), onto(self.high)
        except ValueError:  # a value that the scale cannot hold, as log of 0
            return -math.inf if value < self.high else math.inf
        return (here - low) / (high - low)


def priors_of(optimizer: Mapping[str, object]) -> list[Prior]:
    """Return the priors of an optimizer's config, none where it has none.

    Raises:
        InvalidInput: one is of no such form, or of what is no number of the config.
    """
    given = optimizer.get(PRIORS)
    if given is None:
        return []
    if not isinstance(given, Mapping):
        raise InvalidInput(f"optimizer.priors must be {{<hyperparameter>: <prior>}}, got {given!r}")
    return [prior for key, prior in given.items() for prior in _of_key(optimizer, str(key), prior)]


def _of_key(optimizer: Mapping[str, object], key: str, given: object) -> Iterator[Prior]:
    known = optimizer.keys() - NOT_HYPERPARAMETERS
    if key not in known:
        raise InvalidInput(one_of("a key of optimizer.priors", key, known))
    value = optimizer[key]
    if not isinstance(value, list):
        yield _prior(key, None, value, given)
        return
    if not isinstance(given, list) or len(given) != len(value):
        must = (
            f"a list of {len(value)} priors, as optimizer.{key} is, null for an element that stays as it is"
        )
        raise InvalidInput(f"optimizer.priors.{key} must be {must}; got {given!r}")
    for index, (element, prior) in enumerate(zip(value, given, strict=True)):
        if prior is not None:
            yield _prior(key, index, element, prior)


def _prior(key: str, index: int | None, value: object, given: object) -> Prior:
    where = f"optimizer.priors.{key}" if index is None else f"optimizer.priors.{key}[{index}]"
    if not is_number(value):
        raise InvalidInput(f"{where} must be of a number, got one of optimizer.{key}={value!r}")
    scale = next(iter(given)) if isinstance(given, Mapping) and len(given) == 1 else None
    if scale not in _SCALES:
        forms = ", ".join(f"{{{name}: [low, high]}}" for name in _SCALES)
        raise InvalidInput(f"{where} must be one of {forms}; got {given!r}")
    ends = cast("Mapping[str, object]", given)[scale]
    _SCALES[scale].ends.require(f"{where}.{scale}", ends)
    low, high = map(float, cast("Sequence[float]", ends))
    return Prior(key, index, scale, *((1 - high, 1 - low) if scale == "one_minus_log" else (low, high)))


def drawn(optimizer: Mapping[str, object], values: Mapping[Prior, float]) -> dict[str, object]:
    """Return those hyperparameters of a config that some priors are of, with the values drawn from them.

    >>> (beta,) = priors_of(
    ...     {"betas": [0.9, 0.99], "priors": {"betas": [{"one_minus_log": [0.1, 0.5]}, None]}}
    ... )
    >>> drawn({"betas": [0.9, 0.99]}, {beta: 0.75})
    {'betas': [0.75, 0.99]}
    """
    found: dict[str, object] = {}
    for prior, value in values.items():
        if prior.index is None:
            found[prior.key] = value
        else:
            elements = list(cast("Sequence[float]", found.get(prior.key, optimizer[prior.key])))
            elements[prior.index] = value
            found[prior.key] = elements
    return found
