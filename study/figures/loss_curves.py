"""Loss curves against updates or epochs: median over seeds and its band, for each label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from study.errors import InvalidInput
from study.figures.base import LOG, Chart, Context, Switch, run_ids
from study.figures.style.canvas import limits, used_lines
from study.figures.style.layout import Layout
from study.figures.style.words import diverged_of, metric_name, most_seeds, number, seeds_of
from study.frames import SweepFrames
from study.ranges import Count, Positive, Text
from study.stats.curves import add_epochs, median_band, updates_per_epoch
from study.stats.levels import Level, level_of
from study.stats.summary import shortlist
from study.tracking import names

_ALONG = {"step": "update", "epoch": "epoch", "seconds": "seconds, of the stack's clock"}


@dataclass(frozen=True)
class Curves:
    """What is drawn."""

    band: pd.DataFrame  # `label`, `x`, `median`, `low`, `high` of every label with a point
    x: str  # `step`, `seconds`, or `epoch` where epochs are known
    shown: Sequence[str]  # labels
    ends: pd.Series  # the final median of each of them that has one
    level: Level | None  # what the loss can be held against


@dataclass(frozen=True)
class LossCurves(Chart[Curves]):
    """Median and band of a metric over seeds, one line per label; the level that it has is marked.

    Args:
        metric: what is drawn.
        x: `step` (updates), `epoch`, or `seconds` since the training of a stack began, whose runs share its clock.
        above_floor: draw how far `eval/loss` lies above the floor of its run.
        log: whether the loss axis is logarithmic.
        top: upper end of the loss axis; by default what the finite values need.
        best: show only so many labels, those with the lowest median of the report's value; by default all.
    """

    metric: Text = names.TRAIN_LOSS
    x: Literal["step", "epoch", "seconds"] = "step"
    above_floor: bool = False
    log: bool = True
    top: Positive | None = None
    best: Count | None = None

    @override
    def compute(self, context: Context) -> Curves:
        curves, x = self._curves(context.sweep)
        share, runs = context.bootstrap.confidence, context.runs
        bands = [median_band(part, runs, x=x, confidence=share) for part in curves if len(part)]
        if not bands:  # no run came to its end, so that nobody knows an epoch
            return replace(self, x="step").compute(context)
        band = pd.concat(bands, ignore_index=True)
        if self.x == "seconds":
            band, x = _on_clock(band, context.sweep), "seconds"
        # one minibatch says little, so there it is an epoch's mean
        ends = (
            context.runs.groupby("label", observed=True)[names.LAST_EPOCH_LOSS].median()
            if self.metric == names.TRAIN_LOSS
            else band.groupby("label")["median"].last()
        )
        shown = shortlist(context.runs, context.value, self.best)
        level = None if self.above_floor else level_of(context.runs, self.metric)
        return Curves(band, x, shown, ends[ends.index.isin(shown)], level)

    @override
    def draw(self, table: Curves, context: Context) -> Figure:
        band = table.band[table.band["label"].isin(table.shown)]
        layout = Layout.of(used_lines(context.style, band["label"]))
        layout.plot(band, by="label", x=table.x, y="median", linewidth=1.6)
        low, high = limits(band[["median", "low", "high"]].to_numpy().ravel(), log=self.log)
        layout.bound(low, self.top or high, level=table.level)
        layout.name(x=_ALONG[table.x], y=self._name, log_y=self.log)
        return layout.figure

    @override
    def stands_on(self, table: Curves, context: Context) -> Sequence[str]:
        return run_ids(context.runs[context.runs["label"].isin(table.shown)])

    @override
    def switches(self) -> Sequence[Switch]:
        return (LOG, Switch("along", "x", {"step": "updates", "epoch": "epochs", "seconds": "seconds"}))

    @override
    def caption(self, table: Curves, context: Context) -> str:
        mark = f" {table.level.sentence}" if table.level else ""
        without = [label for label in context.style.lines if label not in set(table.band["label"])]
        absent = f" Without a point: {', '.join(without)}." if without else ""
        return (
            f"{self._claim(table, context)}. Lines: median of the {self._name}, every recorded point, nothing "
            f"smoothed; {_interval(table.band, context)}.{diverged_of(context.runs)}{absent}{mark}"
        )

    @property
    def _name(self) -> str:
        return f"{metric_name(self.metric)}{' above the floor' if self.above_floor else ''}"

    def _curves(self, sweep: SweepFrames) -> tuple[Iterator[pd.DataFrame], str]:
        """Return the points to draw, in parts of whole settings, and the column that they are drawn along."""
        if self.above_floor and self.metric != names.EVAL_LOSS:
            raise InvalidInput(f"loss_curves.above_floor needs metric: {names.EVAL_LOSS}, got {self.metric}")
        if self.above_floor and sweep.runs[names.FLOOR].isna().any():
            raise InvalidInput("loss_curves.above_floor needs a problem whose floor is known")
        curves = (self._above(part, sweep.runs) for part in sweep.parts(self.metric))
        if self.x == "epoch":
            updates = updates_per_epoch(sweep.lasts(names.TRAIN_LOSS), sweep.runs)
            return (add_epochs(part, updates) for part in curves), "epoch"
        return curves, "step"

    def _above(self, curves: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
        if not self.above_floor:
            return curves
        floors = curves["run_id"].map(runs.set_index("run_id")[names.FLOOR]).astype(float)
        return curves.assign(value=curves["value"] - floors)

    def _claim(self, table: Curves, context: Context) -> str:
        """Say between which medians the curves end: who is first is for the value that the page compares to say."""
        low, high = (number(float(end)) for end in (table.ends.min(), table.ends.max()))
        where = "In the mean of the last epoch" if self.metric == names.TRAIN_LOSS else "At the end"
        lie = (
            "the median is"
            if len(table.ends) == 1
            else "all medians are"
            if low == high
            else "medians lie between"
        )
        claim = f"{where} {lie} {low if low == high else f'{low} and {high}'}"
        if len(table.shown) < context.runs["label"].nunique():
            of = f"{len(table.shown)} of {context.runs['label'].nunique()}"
            claim += f"; shown are the {of} with the lowest median {metric_name(context.value)}"
        return claim


def _on_clock(band: pd.DataFrame, sweep: SweepFrames) -> pd.DataFrame:
    """Return a band with the `seconds` of each step: the median over the clocks of its label's stacks.

    Raises:
        InvalidInput: the store did not keep the clock of some of them.
    """
    runs = sweep.runs[sweep.runs["label"].isin(band["label"].unique())]
    if not set(runs["run_id"]) <= set(sweep.clocks):
        raise InvalidInput("loss_curves.x must be step or epoch where the store kept no clock, got seconds")
    found = []
    for label, part in band.groupby("label", sort=False):
        own = runs.loc[runs["label"] == label, "run_id"]
        stacks = {id(clock): clock for clock in map(sweep.clocks.__getitem__, own)}.values()
        steps = part["step"].to_numpy(dtype=int)
        found.append(part.assign(seconds=np.median([clock[steps] for clock in stacks], axis=0)))
    return pd.concat(found, ignore_index=True)


def _interval(band: pd.DataFrame, context: Context) -> str:
    """Say what the bands are, or that there is nothing for them to show, as of learning rates."""
    if most_seeds(context.runs) > 1 and (band["low"] == band["high"]).all():
        return f"n = {seeds_of(context.runs)}, which are all the same, so no interval"
    return context.told("bands: pointwise")
