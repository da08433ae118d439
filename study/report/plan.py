"""Plan of a report: the `report` node of the config, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import pandas as pd
from matplotlib.colors import is_color_like
from omegaconf import DictConfig, OmegaConf

from study.config.check import check_nodes
from study.config.figures import AUTO, figure_name, figure_target, require_figure, require_figures
from study.config.make import make
from study.errors import InvalidInput
from study.figures.base import Chart
from study.figures.final_losses import FinalLosses
from study.figures.loss_curves import LossCurves
from study.figures.ranking import Ranking
from study.figures.response import Response
from study.figures.style import MOST_NAMED
from study.ranges import Range
from study.stats.bootstrap import Bootstrap
from study.stats.comparison import require_report
from study.stats.response import varied

_COLOR = Range('a colour, as in "#0072B2"', lambda value: is_color_like(value) and value != "none")


@dataclass(frozen=True, slots=True)
class FigurePlan:
    """One figure, and under which file name it is written."""

    file: str
    chart: Chart[Any]  # Any: what a figure computes is between its own methods


@dataclass(frozen=True, slots=True)
class Plan:
    """One report."""

    title: str  # of the page
    text: str  # the question, in plain paragraphs
    figures: (
        tuple[FigurePlan, ...] | None
    )  # as they stand on the page; None = those that the settings ask for
    beside: str | None  # another experiment, which tunes what this one shows; None = none
    sweep: str | None  # one sweep of the experiment by its id, or None for the last
    out: Path | None  # the folder that is written; None = `reports/<experiment>`
    track: bool  # whether its files are kept in the store too, beside the sweep that it is of
    value: str  # the summary value that tables and figures compare
    rank: bool  # whether settings are ranked by it: not where what differs was set by hand
    pairs: bool  # whether all pairs of labels are compared
    margin: float | int  # of two excesses: within it they count as equal
    bootstrap: Bootstrap  # of all intervals
    colors: Mapping[str, str]  # of the optimizers that have one
    spare: tuple[str, ...]  # the colours of the others

    @classmethod
    def from_config(cls, cfg: DictConfig) -> "Plan":
        """Return the plan of a composed conf/config.yaml.

        Raises:
            InvalidInput: as `of`, or `report` is no config.
        """
        check_nodes(cfg, ("tracking", "report"))
        node = OmegaConf.to_container(cfg.report, resolve=True)
        assert isinstance(node, dict)
        return cls.of({str(key): value for key, value in node.items()})

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> "Plan":
        """Return the plan of a resolved `report` node.

        Raises:
            InvalidInput: a key or a figure that does not exist, or a value out of its range.
        """
        require_report(node)
        resampling = [field.name for field in fields(Bootstrap)]
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
    file = require_figure(entry)
    assert isinstance(entry, Mapping)
    options = {str(key): value for key, value in entry.items() if key not in ("name", "_target_", "file")}
    target = str(entry.get("_target_") or figure_target(str(entry["name"])))
    name = figure_name(target.rpartition(".")[2])
    chart = make(target, options, group=name)
    if not isinstance(chart, Chart):
        raise InvalidInput(f"_target_ of a figure must be a study.figures.base.Chart, got {target}")
    return FigurePlan(file, chart)


def _figures(entries: object) -> tuple[FigurePlan, ...] | None:
    require_figures(entries)
    return None if entries == AUTO else tuple(map(figure_plan, cast("Sequence[object]", entries)))
