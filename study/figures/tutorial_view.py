"""Tutorial's view: the loss of one seed on a linear axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from study.errors import InvalidInput
from study.figures.base import Chart, Context, run_ids
from study.figures.style.canvas import used_lines
from study.figures.style.layout import Layout
from study.figures.style.words import metric_name, number
from study.ranges import WHOLE, Positive, Text
from study.stats.levels import Level, level_of
from study.stats.receipts import why_unpaired
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
        seeds = sorted(map(int, context.runs["seed"].unique()))
        seed = seeds[0] if self.seed is None else self.seed
        if seed not in seeds:
            raise InvalidInput(
                f"tutorial_view.seed must be one of the sweep, {seeds[0]} to {seeds[-1]}, got {seed}"
            )
        runs = context.runs[context.runs["seed"] == seed]
        curves = context.sweep.curves(self.metric, run_ids(runs))
        level = level_of(runs, self.metric)
        return OneSeed(seed, curves, self.top or 2 * _calm(curves), level)

    @override
    def draw(self, table: OneSeed, context: Context) -> Figure:
        layout = Layout.of(used_lines(context.style, table.curves["label"]))
        layout.plot(table.curves, by="label", x="step", y="value", lw=1.1)
        layout.bound(0.0, table.top, level=table.level)
        layout.name(x="update", y=metric_name(self.metric))
        return layout.figure

    @override
    def stands_on(self, table: OneSeed, context: Context) -> Sequence[str]:
        return run_ids(context.runs[context.runs["seed"] == table.seed])

    @override
    def caption(self, table: OneSeed, context: Context) -> str:
        runs = context.runs
        mark = f" {table.level.sentence}" if table.level else ""
        met = " All settings meet the same minibatches, and so the same noise."
        same = "" if runs["label"].nunique() == 1 or why_unpaired(runs) else met
        return (
            f"The view of a tutorial: seed {table.seed} alone (n = 1 of {runs['seed'].nunique()}, so no interval), "
            f"linear axis from 0 to {number(table.top)}.{same}{mark}"
        )


def _calm(curves: pd.DataFrame) -> float:
    """Return the largest loss of the later half, in which a run that diverges has no say unless all do."""
    later = curves[(curves["step"] >= curves["step"].max() / 2) & (curves["status"] != names.DIVERGED)]
    return float(later["value"].max() if len(later) else curves["value"].median())
