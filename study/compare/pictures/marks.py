"""Marks of verdicts: a shape and a colour each, so that neither has to be told by the other alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from matplotlib.lines import Line2D

from study.figures.style import SOFT
from study.stats.verdicts import BETTER, EQUIVALENT, WORSE


@dataclass(frozen=True, slots=True)
class Mark:
    """How the verdict on a pair is drawn; its colour can be read as text too."""

    name: str  # in the legend
    shape: str  # as Matplotlib calls it
    color: str
    filled: bool = True

    @property
    def face(self) -> str:
        """What it is filled with."""
        return self.color if self.filled else "white"

    def handle(self) -> Line2D:
        """Return the mark on a piece of interval, for a legend."""
        return Line2D(
            [], [], color=self.color, marker=self.shape, mfc=self.face, mec=self.color, ms=6, lw=1.8, label=self.name
        )  # fmt: skip


_OPEN = Mark("not resolved", "o", SOFT, filled=False)
_SURE = (
    Mark(BETTER, "o", "#0072B2"),
    Mark(WORSE, "D", "#B3440A"),
    Mark(EQUIVALENT, "s", "#007A5A"),
)


def mark_of(verdict: str) -> Mark:
    """Return the mark of a verdict: how much better or worse is left to the interval.

    Args:
        verdict: one of `study.stats.verdicts.VERDICTS`.
    """
    return next((mark for mark in _SURE if verdict.startswith(mark.name)), _OPEN)


def marks_of(verdicts: Iterable[str]) -> list[Mark]:
    """Return the marks of some verdicts, each once, in the order of a legend."""
    found = {mark_of(verdict) for verdict in verdicts}
    return [mark for mark in (*_SURE, _OPEN) if mark in found]
