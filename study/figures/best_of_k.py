"""Best of k: what a search of so many random trials finds, a line per optimizer, and what is shipped beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from study.errors import InvalidInput
from study.figures.base import Chart, Context
from study.figures.style.canvas import limits, mark
from study.figures.style.layout import Layout
from study.figures.style.words import diverged_of, metric_name, number, seeds_of, some
from study.figures.table import Table
from study.figures.tuning_tables import chosen_table, rank_table
from study.stats.tuning import ranking, search_curves, tuning_runs
from study.tracking import names


@dataclass(frozen=True)
class Found:
    """What is drawn and printed."""

    value: str
    curves: pd.DataFrame  # of `search_curves`
    shipped: Mapping[str, float]  # by group: the median over the tuning seeds
    ranked: pd.DataFrame  # of `ranking`: at fresh seeds


@dataclass(frozen=True)
class BestOfK(Chart[Found]):
    """The best of k trials against k, over all searches of k of the drawn trials; as shipped is marked at k = 1.

    Args:
        expected: the expected best instead of the median of the best; infinite where enough trials diverged.
    """

    expected: bool = False

    @override
    def compute(self, context: Context) -> Found:
        trials = context.sweep.trials
        if trials.empty:
            raise InvalidInput("best_of_k needs a sweep that tunes, got none; write hydra/sweeper=tuning")
        value = names.EXCESS if trials[names.EXCESS].notna().all() else names.CRITERION
        curves = search_curves(trials, value=value, bootstrap=context.bootstrap, expected=self.expected)
        tuning = tuning_runs(trials)
        shipped = tuning[tuning["trial"] == 1].groupby("group", sort=False)[value].median()
        ranked = ranking(trials, value=context.value, confidence=context.bootstrap.confidence)
        return Found(value, curves, {str(group): float(at) for group, at in shipped.items()}, ranked)

    @override
    def draw(self, table: Found, context: Context) -> Figure:
        layout = Layout.of({group: context.style.lines[group] for group in table.shipped})
        layout.plot(table.curves, by="group", x="k", y="best", lw=1.6)
        low, high = limits([*table.curves["best"], *table.curves["low"], *table.shipped.values()], log=True)
        for group, axes in layout.places.items():
            at = min(table.shipped[group], high)
            line = layout.lines[group]
            diamond = axes.plot(1, at, "D", ms=6, color=line.color, mec="white", clip_on=False, zorder=4)
            mark(diamond, group, line.optimizer)
        for axes in layout.axes:
            axes.set(xlim=(0.9, 1.05 * table.curves["k"].max()), ylim=(low, high))
        layout.name(x="trials", y=metric_name(table.value), log_x=True, log_y=True)
        return layout.figure

    @override
    def caption(self, table: Found, context: Context) -> str:
        tuning, k = tuning_runs(context.sweep.trials), int(table.curves["k"].max())
        seeds, what = tuning["seed"].nunique(), "expected value" if self.expected else "median"
        who = "The expected random search finds" if self.expected else "Half of all random searches find"
        band = f"{context.bootstrap.percent} percentile bootstrap interval over resampled tuning seeds"
        worth = some([_worth(group, at, table.curves) for group, at in table.shipped.items()])
        return (
            f"{who} what is no worse than as shipped within so many trials: {worth}. Lines: {what}, over all "
            f"searches of k of the {k} drawn trials, of the least {metric_name(table.value)}; a trial has its median "
            f"over the tuning seeds (n = {seeds}). Bands: {band if seeds > 1 else 'none, one seed has no interval'}. "
            "Diamonds at k = 1: as shipped. The same seeds choose and judge here, so the right ends are too low: "
            f"the tables have the chosen at fresh seeds.{diverged_of(tuning)}"
        )

    @override
    def tables(self, table: Found, context: Context) -> Sequence[Table]:
        fresh = f"n = {seeds_of(context.runs)}"
        return [
            chosen_table(context.sweep.trials, table.ranked, context.value, fresh),
            rank_table(table.ranked, context.value, fresh),
        ]


def _worth(group: str, shipped: float, curves: pd.DataFrame) -> str:
    """Say how many trials find what is no worse than as shipped."""
    own = curves[curves["group"] == group]
    enough = own.loc[own["best"] <= shipped, "k"]
    if shipped == float("inf"):
        return f"{group} any (as shipped it has no finite one)"
    at_least = f"{int(enough.min())}" if len(enough) else f"more than {int(own['k'].max())}"
    return f"{group} {at_least} (as shipped {number(shipped)})"
