"""Tutorial's view: the loss of one seed on a linear axis."""

from dataclasses import dataclass
from typing import Annotated

import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from study.errors import InvalidInput
from study.figures.base import Chart, Context
from study.figures.style.canvas import mark_level, tick_whole, used_lines
from study.figures.style.layout import Layout
from study.figures.style.words import metric_name, number
from study.ranges import WHOLE, Positive, Text
from study.stats.levels import Level, level_of
from study.stats.paired import why_unpaired
from study.tracking import names


@dataclass(frozen=True)
class OneSeed:
    """What is drawn: the points of one seed, the upper end of the axis, and the level of the loss."""

    seed: int
    curves: pd.DataFrame
    top: float
    level: Level | None


@dataclass(frozen=True)
class TutorialView(Chart[OneSeed]):
    """The curves of one seed, from 0 to where the fall is over.

    Args:
        seed: the one that is shown; by default the first of the sweep.
        top: upper end of the loss axis; by default twice what any label has in the later half.
        metric: what is drawn.
    """

    seed: Annotated[int, WHOLE] | None = None
    top: Positive | None = None
    metric: Text = names.TRAIN_LOSS

    @override
    def compute(self, context: Context) -> OneSeed:
        seeds = sorted(int(seed) for seed in context.sweep.runs["seed"].unique())
        seed = seeds[0] if self.seed is None else self.seed
        if seed not in seeds:
            raise InvalidInput(
                f"tutorial_view.seed must be one of the sweep, {seeds[0]} to {seeds[-1]}, got {seed}"
            )
        curves = context.sweep.curves(self.metric)
        curves = curves[curves["seed"] == seed]
        top = self.top or 2 * _calm(curves)
        return OneSeed(seed, curves, top, level_of(context.sweep.runs, self.metric))

    @override
    def draw(self, table: OneSeed, context: Context) -> Figure:
        layout = Layout.of(used_lines(context.style, table.curves["label"]))
        for label, line in layout.lines.items():
            part = table.curves[table.curves["label"] == label]
            axes = layout.places[label]
            axes.plot(part["step"], part["value"], color=line.color, ls=line.dash, lw=1.1, label=label)
        for axes in layout.axes:
            mark_level(axes, table.level, told=layout.has_legend)
            axes.set_ylim(0, table.top)
            tick_whole(axes)
        layout.name(x="update", y=metric_name(self.metric))
        return layout.figure

    @override
    def caption(self, table: OneSeed, context: Context) -> str:
        runs = context.sweep.runs
        mark = f" {table.level.sentence}" if table.level else ""
        same = (
            "" if why_unpaired(runs) else " The wiggles are the same for all: all meet the same minibatches."
        )
        return (
            f"The view of a tutorial: seed {table.seed} alone (n = 1 of {runs['seed'].nunique()}, so no interval), "
            f"linear axis from 0 to {number(table.top)}.{same}{mark}"
        )


def _calm(curves: pd.DataFrame) -> float:
    """Return the largest loss of the later half, in which a run that diverges has no say unless all do."""
    later = curves[(curves["step"] >= curves["step"].max() / 2) & (curves["status"] != names.DIVERGED)]
    return float(later["value"].max() if len(later) else curves["value"].median())
