"""Plan of a report: the `report` node of the config, checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Annotated, Any, get_type_hints

import pandas as pd
from matplotlib.colors import is_color_like

from study import figures
from study.config.make import make
from study.errors import InvalidInput, one_of
from study.figures.base import Chart, figure_name
from study.figures.final_losses import FinalLosses
from study.figures.loss_curves import LossCurves
from study.figures.ranking import Ranking
from study.figures.response import Response
from study.figures.style import MOST_NAMED
from study.ranges import TEXT, Range, Text, choice, is_number, require_ranges
from study.stats.bootstrap import Bootstrap
from study.stats.response import varied
from study.tracking import names

AUTO = "auto"
_FILE = Range(
    "a plain file name of letters, digits, - and _, without its suffix",
    lambda value: (
        isinstance(value, str) and re.fullmatch(r"[A-Za-z][\w-]{0,99}", value, re.ASCII) is not None
    ),
)
_COLOR = Range('a colour, as in "#0072B2"', lambda value: is_color_like(value) and value != "none")
_PLACE = Range("a folder, or null", lambda value: value is None or (TEXT.holds(value) and value != ""))
_COLORS = Range("a colour for each name", lambda value: isinstance(value, Mapping))
_RATIO = Range("a number above 1, the ratio of two losses", lambda value: is_number(value) and value > 1)
_SPARE = Range(
    "a list of one or more colours",
    lambda value: isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0,
)


@dataclass(frozen=True, slots=True)
class FigurePlan:
    """One figure, and under which file name it is written."""

    file: str
    chart: Chart[Any]  # Any: what a figure computes is between its own methods


@dataclass(frozen=True, slots=True)
class Plan:
    """One report."""

    title: Text  # of the page
    text: Text  # the question, in plain paragraphs
    figures: (
        tuple[FigurePlan, ...] | None
    )  # as they stand on the page; None = those that the settings ask for
    beside: Text | None  # another experiment, which tunes what this one shows; None = none
    sweep: Text | None  # one sweep of the experiment by its id, or None for the last
    out: Annotated[Path | None, _PLACE]  # the folder that is written; None = `reports/<experiment>`
    track: bool  # whether its files are kept in the store too, beside the sweep that it is of
    value: Annotated[str, choice(*names.FINAL_LOSSES)]  # the summary value that tables and figures compare
    rank: bool  # whether settings are ranked by it: not where what differs was set by hand
    pairs: bool  # whether all pairs of labels are compared
    margin: Annotated[float | int, _RATIO]  # of two excesses: within it they count as equal
    bootstrap: Bootstrap  # of all intervals
    colors: Annotated[Mapping[str, str], _COLORS]  # of the optimizers that have one
    spare: Annotated[tuple[str, ...], _SPARE]  # the colours of the others

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> "Plan":
        """Return the plan of a resolved `report` node.

        Raises:
            InvalidInput: a key or a figure that does not exist, or a value out of its range.
        """
        resampling = [field.name for field in fields(Bootstrap)]
        keys = {field.name for field in fields(cls)} - {"bootstrap"} | set(resampling)
        for key in node:
            if key not in keys:
                raise InvalidInput(one_of("a key of report", key, keys))
        require_ranges("report", get_type_hints(cls, include_extras=True), node)
        for name, color in node["colors"].items():
            _COLOR.require(f"report.colors.{name}", color)
        for index, color in enumerate(node["spare"]):
            _COLOR.require(f"report.spare[{index}]", color)
        given = {key: value for key, value in node.items() if key not in resampling}
        return cls(**{
            **given,
            "figures": _figures(node["figures"]),
            "out": node["out"] and Path(node["out"]),
            "bootstrap": Bootstrap(**{key: node[key] for key in resampling}),
            "spare": tuple(node["spare"]),
        })  # fmt: skip


def figure_names() -> list[str]:
    """Return the figures that `name:` picks: the files of `study.figures` that hold a figure of their name."""
    return sorted(module.name for module in iter_modules(figures.__path__) if _holds_figure(module.name))


def figure_target(name: str) -> str:
    """Return the class of one of our figures.

    Raises:
        InvalidInput: there is none of that name.
    """
    valid = figure_names()
    if name not in valid:
        raise InvalidInput(one_of("report.figures' name", name, valid))
    return f"study.figures.{name}.{_class_name(name)}"


def automatic(runs: pd.DataFrame) -> tuple[FigurePlan, ...]:
    """Return the figures that these runs ask for.

    A numeric setting that takes three values or more gets a response, two such settings one each. Many labels are
    ranked where few can be shown run by run, and where one optimizer has many, curves are of those that end lowest.
    """
    settings = varied(runs)[:2]
    files = [f"response_{x.rpartition('.')[2]}" for x in settings] if len(settings) > 1 else ["response"]
    responses = [FigurePlan(file, Response(x=x)) for file, x in zip(files, settings, strict=False)]
    many = runs["label"].nunique() > MOST_NAMED
    crowded = runs.groupby("optimizer")["label"].nunique().max() > MOST_NAMED / 2
    curves = LossCurves(best=MOST_NAMED) if many and crowded else LossCurves()
    last = FigurePlan("ranking", Ranking()) if many else FigurePlan("final_losses", FinalLosses())
    return (*responses, FigurePlan("loss_curves", curves), last)


def figure_plan(entry: object) -> FigurePlan:
    """Return one figure of an entry of `report.figures`: `name` or `_target_`, perhaps `file`, and its options.

    Raises:
        InvalidInput: there is no such figure, or it refuses an option.
    """
    if not isinstance(entry, Mapping) or ("name" in entry) == ("_target_" in entry):
        raise InvalidInput(
            "an entry of report.figures must be {name: <one of ours>, <options>} or {_target_: <a class of yours>, "
            f"<options>}}, got {entry!r}"
        )
    options = {str(key): value for key, value in entry.items() if key not in ("name", "_target_", "file")}
    target = str(entry.get("_target_") or figure_target(str(entry["name"])))
    name = figure_name(target.rpartition(".")[2])
    file = entry.get("file", name)
    _FILE.require(f"{name}.file", file)
    chart = make(target, options, group=name)
    if not isinstance(chart, Chart):
        raise InvalidInput(f"_target_ of a figure must be a study.figures.base.Chart, got {target}")
    return FigurePlan(str(file), chart)


def _figures(entries: object) -> tuple[FigurePlan, ...] | None:
    if entries == AUTO:
        return None
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise InvalidInput(
            f"report.figures must be {AUTO} or a list of {{name: ..., <options>}}, got {entries!r}"
        )
    plans = tuple(figure_plan(entry) for entry in entries)
    names = [plan.file.lower() for plan in plans]  # some systems take A.png and a.png for one file
    for plan in plans:
        if names.count(plan.file.lower()) > 1:
            raise InvalidInput(f"report.figures must differ in `file`, got {plan.file!r} twice")
    return plans


def _holds_figure(module: str) -> bool:
    found = getattr(import_module(f"study.figures.{module}"), _class_name(module), None)
    return isinstance(found, type) and issubclass(found, Chart)


def _class_name(figure_name: str) -> str:
    return "".join(map(str.capitalize, figure_name.split("_")))
