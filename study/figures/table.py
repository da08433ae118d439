"""Table of a page: numbers as text, of the whole report or of one of its figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A table as text: rows from column name to text, and the columns that hold words, not numbers."""

    title: str  # what is compared
    rows: Sequence[Mapping[str, str]]  # all with the same keys
    note: str  # n, interval and method
    words: frozenset[str]

    @property
    def heading(self) -> str | None:
        """The column that says what a row is about: its setting, or the first of words; None where there is none."""
        known = [name for name in (self.rows[0] if self.rows else ()) if name in self.words]
        return "setting" if "setting" in known else next(iter(known), None)
