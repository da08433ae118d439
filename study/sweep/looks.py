"""Looks of a sweep with `until=resolved`: at ever more seeds, in sizes fixed beforehand, until all pairs are told."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any  # a value from a config, until its range is checked

from omegaconf import DictConfig, OmegaConf

from study.config.commands import key_of
from study.errors import InvalidInput
from study.ranges import COUNT, Range

if TYPE_CHECKING:
    from study.sweep.open import OpenSweep

RESOLVED = "resolved"

_UNTIL = Range(f"{RESOLVED}, or null", lambda value: value in (None, RESOLVED), (RESOLVED,))
_SIZES = Range(
    "a list of one or more whole numbers >= 1, each larger than the one before",
    lambda value: (
        isinstance(value, list) and len(value) > 0 and all(map(COUNT.holds, value)) and _rises(value)
    ),
)


@dataclass(slots=True)
class Looks:
    """Sizes in seeds at which a sweep is looked at, and how far it is.

    The level of the verdicts is split among all looks, so that they err no more often together than a single one.

    Args:
        sizes: ascending.
        report: the config's node: how settings are compared.
    """

    sizes: Sequence[int]
    report: DictConfig
    taken: int = field(default=0, init=False)

    @classmethod
    def of(cls, config: DictConfig, words: Iterable[str]) -> "Looks | None":
        """Return the looks that a multirun asks for, None where it asks for none.

        Args:
            config: of the multirun.
            words: all overrides that its jobs share or differ in.

        Raises:
            InvalidInput: `until` or `looks` is out of its range, or seeds are asked for beside them.
        """
        _UNTIL.require("until", config.until)
        sizes: Any = config.looks
        if OmegaConf.is_list(sizes):
            sizes = OmegaConf.to_container(sizes)
        _SIZES.require("looks", sizes)
        if config.until is None:
            return None
        if any(key_of(word) == "seeds" for word in words):
            told = "seeds must be left to until=resolved, which takes more of them look by look"
            raise InvalidInput(f"{told}; write looks=[50,100] for other sizes")
        return cls(list(sizes), config.report)

    def require(self, settings: int) -> None:
        """Refuse a sweep that has no pairs, or too many.

        Raises:
            InvalidInput: with the number of settings.
        """
        from study.stats.paired import MOST_PAIRED  # pandas: only where it is asked for

        if not 2 <= settings <= MOST_PAIRED:
            told = f"until={RESOLVED} must compare 2 to {MOST_PAIRED} settings pair by pair"
            raise InvalidInput(f"{told}, got {settings}")

    def sized(self, batch: Iterable[Sequence[str]], look: int) -> list[list[str]]:
        """Return the tasks of a batch with the seeds of a look, the first of which is 0."""
        return [[*task, f"seeds={self.sizes[look]}"] for task in batch]

    def next(self, batch: Iterable[Sequence[str]]) -> list[list[str]]:
        """Return the tasks of the next look."""
        self.taken += 1
        return self.sized(batch, self.taken - 1)

    def done(self, sweep: "OpenSweep") -> bool:
        """Whether no look is left, or every pair is told; says which look it was and what it found."""
        if self.taken == 0:
            return False
        size = self.sizes[self.taken - 1]
        pairs, open_ = sweep.open_pairs(self.report, size, looks=len(self.sizes))
        found = f"{open_} of {pairs} pairs unresolved" if open_ else f"all {pairs} pairs resolved"
        last = self.taken == len(self.sizes)
        then = (
            "" if not open_ else "; that was the last" if last else f"; {self.sizes[self.taken]} seeds next"
        )
        sweep.say(f"look {self.taken} of {len(self.sizes)}, {size} seeds: {found}{then}")
        ends = last or not open_
        if not ends:
            sweep.extend(self.sizes[self.taken])
        return ends


def _rises(sizes: Sequence[int]) -> bool:
    return all(one < other for one, other in itertools.pairwise(sizes))
