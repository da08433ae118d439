"""How settings are ranked: light, so that the trainer may say it and the tracker do it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any  # of a config, before it is checked

from omegaconf import DictConfig

from study.errors import InvalidInput, one_of
from study.ranges import SWITCH, TEXT, Range, choice, is_number, or_null
from study.stats.bootstrap import Bootstrap
from study.tracking import names

_RANGES = {
    "title": TEXT,
    "text": TEXT,
    "beside": or_null(TEXT),
    "sweep": or_null(TEXT),
    "out": Range("a folder, or null", lambda value: value is None or (TEXT.holds(value) and value != "")),
    "track": SWITCH,
    "value": choice(*names.FINAL_LOSSES),
    "rank": SWITCH,
    "pairs": SWITCH,
    "margin": Range(
        "a number above 1, the ratio of two losses", lambda value: is_number(value) and value > 1
    ),
    "colors": Range("a colour for each name", lambda value: isinstance(value, Mapping)),
    "spare": Range(
        "a list of one or more colours",
        lambda value: isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0,
    ),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a report compares settings, and so does the end of a sweep.

    Attributes:
        value: the final loss that they are ranked by.
        confidence: the least of its intervals.
        rank: whether they are ranked at all.

    Example:
        >>> node = {"value": "excess", "rank": True, "confidence": 0.9, "resamples": 500, "seed": 3}
        >>> Comparison.of(DictConfig(node)).confidence
        0.9
    """

    value: str
    confidence: float
    rank: bool = True

    @classmethod
    def of(cls, report: DictConfig) -> "Comparison":
        """Return what a config's `report` node asks for.

        Raises:
            InvalidInput: a value is out of its range.
        """
        choice(*names.FINAL_LOSSES).require("report.value", report.value)
        SWITCH.require("report.rank", report.rank)
        bootstrap = Bootstrap(report.confidence, report.resamples, report.seed)
        return cls(report.value, bootstrap.confidence, report.rank)


def require_report(node: Mapping[str, Any]) -> None:
    """Refuse a config's `report` node that no report could be of, as far as that is seen without drawing.

    Its figures are for `study.config.figures`, and whether a colour is one for Matplotlib.

    Raises:
        InvalidInput: a key that there is not, or a value out of its range.

    Example:
        >>> require_report({"margin": 0})
        Traceback (most recent call last):
            ...
        study.errors.InvalidInput: report.margin must be a number above 1, the ratio of two losses, got 0
    """
    resampling = [field.name for field in fields(Bootstrap)]
    for key, value in node.items():
        if key not in {*_RANGES, *resampling, "figures"}:
            raise InvalidInput(one_of("a key of report", key, [*_RANGES, *resampling, "figures"]))
        if key in _RANGES:
            _RANGES[key].require(f"report.{key}", value)
    Bootstrap(**{key: node[key] for key in resampling if key in node})
