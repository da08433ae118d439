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
