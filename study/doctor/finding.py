"""A finding: what was looked at, how it is, and what to do about it, in one line."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of what the doctor says.

    Attributes:
        about: what was looked at, in a word or two.
        level: `problem` where sweeps or reports fail for it; `warning` where they only may, or are slower.
        says: how it is.
        remedy: what to write, or to do, instead; empty where all is well.

    Example:
        >>> Finding("disk", "warning", "0.5 GB free", "make room").line
        'warning  disk          0.5 GB free; make room'
    """

    about: str
    level: Level
    says: str
    remedy: str = ""

    @property
    def line(self) -> str:
        """The line that a person reads."""
        return f"{self.level:8} {self.about:13} {self.says}{self.remedy and f'; {self.remedy}'}"
