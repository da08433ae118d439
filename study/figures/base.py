"""What a figure of a report is: the interface that its one file implements and the report calls."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar, get_type_hints

from matplotlib.figure import Figure

from study.figures.style import Style
from study.frames import SweepFrames
from study.ranges import choice, or_null, require_ranges
from study.stats.bootstrap import Bootstrap
from study.tracking import names

Table = TypeVar("Table")

Value = Annotated[str | None, or_null(choice(*names.FINAL_LOSSES), " for the report's")]
"""The summary value that a figure is about; by default the one that the whole report compares."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every figure of one report may use.

    Attributes:
        sweep: the frames, which no figure alters.
        style: how labels look.
        bootstrap: how intervals are drawn.
        value: the summary value that the report compares.
    """

    sweep: SweepFrames
    style: Style
    bootstrap: Bootstrap
    value: str


class Chart(ABC, Generic[Table]):
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
    def compute(self, context: Context) -> Table:
        """Return all that is drawn and said, computed once.

        Raises:
            InvalidInput: the figure cannot be drawn from this sweep: a metric or a setting is not there.
        """

    @abstractmethod
    def draw(self, table: Table, context: Context) -> Figure:
        """Return the figure: every axis named, nothing global touched."""

    @abstractmethod
    def caption(self, table: Table, context: Context) -> str:
        """Return claim, n, and the interval by its name in the literature; or that there is none, and why."""


def figure_name(class_name: str) -> str:
    """Return what a figure's class is called in YAML.

    >>> figure_name("LossCurves")
    'loss_curves'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()


def class_name(figure_name: str) -> str:
    """Return what the class of a figure's file is called.

    >>> class_name("loss_curves")
    'LossCurves'
    """
    return "".join(word.capitalize() for word in figure_name.split("_"))
