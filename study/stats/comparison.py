"""How settings are ranked: light, so that the trainer may say it and the tracker do it."""

from dataclasses import dataclass

from omegaconf import DictConfig

from study.ranges import SWITCH, choice
from study.stats.bootstrap import Bootstrap
from study.tracking import names


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
