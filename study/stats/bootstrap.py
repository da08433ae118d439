"""How bootstrap intervals are drawn: their confidence, how many resamples, from which stream."""

from dataclasses import asdict, dataclass
from typing import Annotated, get_type_hints

import numpy as np

from study.ranges import WHOLE, Range, is_number, require_ranges, up_to

_SHARE = Range("a number in (0, 1)", lambda value: is_number(value) and 0 < value < 1)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How the intervals of a report are drawn that need resampling, and the confidence of all.

    Args:
        confidence: of each interval, in (0, 1).
        resamples: of each sample; 9999 is SciPy's default. Memory grows with it, as seeds times resamples.
        seed: of the random stream; every interval draws from a fresh one, so that none depends on another.

    Example:
        >>> Bootstrap(confidence=0.9).percent
        '90%'
    """

    confidence: Annotated[float, _SHARE] = 0.95
    resamples: Annotated[int, up_to(100_000, least=100)] = 9999
    seed: Annotated[int, WHOLE] = 0

    def __post_init__(self) -> None:
        """Refuse values outside of their ranges.

        Raises:
            InvalidInput: with the key of the report's config, its range and the value.
        """
        require_ranges("report", get_type_hints(type(self), include_extras=True), asdict(self))

    @property
    def percent(self) -> str:
        """The confidence as captions say it: `95%`."""
        return f"{100 * self.confidence:g}%"

    def rng(self) -> np.random.Generator:
        """Return a fresh stream."""
        return np.random.default_rng(self.seed)
