"""What a figure of a report is: the interface that its one file implements and the report calls."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, get_type_hints

import pandas as pd
from matplotlib.figure import Figure

from study.config.figures import figure_name
from study.figures.style import Style
from study.figures.style.words import interval_name, runs_of, seeds_of
from study.figures.table import Table
from study.frames import SweepFrames
from study.ranges import choice, or_null, require_ranges
from study.stats.bootstrap import Bootstrap
from study.stats.summary import summarise
from study.tracking import names

Computed = TypeVar("Computed")

Value = Annotated[str | None, or_null(choice(*names.FINAL_LOSSES), " for the report's")]
"""The summary value that a figure is about; by default the one that the whole report compares."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every figure of one report may use."""

    sweep: SweepFrames  # which no figure alters
    style: Style
    bootstrap: Bootstrap  # whose confidence is that of all intervals
    value: str  # the summary value that the report compares
    rank: bool = True  # whether it ranks by it

    @property
    def runs(self) -> pd.DataFrame:
        """One row per run."""
        return self.sweep.runs

    @property
    def interval(self) -> str:
        """The interval's name and n, as a caption ends; one seed has no interval."""
        counts = runs_of(self.runs)
        if counts.max() == 1:
            return f"n = {seeds_of(self.runs)}, so no interval"
        return f"{interval_name(counts, self.bootstrap.confidence)}; n = {seeds_of(self.runs)}"

    def told(self, drawn: str) -> str:
        """Return what shows the interval, and `interval`; of one seed each nothing does."""
        return self.interval if runs_of(self.runs).max() == 1 else f"{drawn} {self.interval}"

    def summarise(self, value: str | None = None) -> pd.DataFrame:
        """Return the summary of a value, by default the report's, per label in the sweep's order."""
        value, confidence = value or self.value, self.bootstrap.confidence
        return summarise(self.runs, value=value, confidence=confidence, rank=self.rank)


@dataclass(frozen=True, slots=True)
class Summed:
    """What several figures draw: a summary value, and its medians with their intervals."""

    value: str
    summary: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Switch:
    """An option of a figure that the reader of a page may change.

    Attributes:
        name: what is changed, in words.
        option: the field of the figure.
        choices: by its values, what each is called.
        drawn: whether it changes only how the figure is drawn, and nothing that is computed for it.
    """

    name: str
    option: str
    choices: Mapping[Any, str]  # Any: values of any option
    drawn: bool = False


LOG = Switch("scale", "log", {True: "log", False: "linear"}, drawn=True)
"""Of every figure with an option `log`."""


def run_ids(runs: pd.DataFrame) -> list[str]:
    """Return the ids of some runs, in their order."""
    return list(map(str, runs["run_id"]))


class Chart(ABC, Generic[Computed]):
    """One figure. Concrete ones are frozen dataclasses whose fields are the options of YAML, with their defaults.

    A field's annotation may name the range or the choices its values must be of (`top: Positive | None`, `x:
    Literal["step", "epoch"]`); see `study.ranges`. What is a fact of the runs is no option: it is read from them.
    """

    def __post_init__(self) -> None:
        """Refuse values outside of their ranges.

        Raises:
            InvalidInput: with the option, its range and the value.
        """
        annotations = get_type_hints(type(self), include_extras=True)
        values = {name: getattr(self, name) for name in annotations}
        require_ranges(figure_name(type(self).__name__), annotations, values)

    @abstractmethod
    def compute(self, context: Context) -> Computed:
        """Return all that is drawn and said, computed once.

        Raises:
            InvalidInput: the figure cannot be drawn from this sweep: a metric or a setting is not there.
        """

    @abstractmethod
    def draw(self, table: Computed, context: Context) -> Figure:
        """Return the figure: every axis named, nothing global touched."""

    @abstractmethod
    def caption(self, table: Computed, context: Context) -> str:
        """Return claim, n, and the interval by its name in the literature; or that there is none, and why."""

    def switches(self) -> Sequence[Switch]:
        """Return the options that the reader of a page may change; by default none."""
        return ()

    def stands_on(self, table: Computed, context: Context) -> Sequence[str] | None:  # noqa: ARG002  # for who uses some
        """Return the ids of the runs whose values are drawn; by default None, which is all of them."""
        return None

    def tables(self, table: Computed, context: Context) -> Sequence[Table]:  # noqa: ARG002  # for who has some
        """Return what the page is to print of the figure's numbers, below all figures; by default nothing."""
        return ()
