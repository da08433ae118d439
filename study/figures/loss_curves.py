"""Loss curves against updates or epochs: median over seeds and its band, for each label."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

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
from study.stats.curves import add_epochs, median_band
from study.stats.levels import Level, level_of
from study.stats.summary import shortlist
from study.tracking import names


@dataclass(frozen=True)
class Curves:
    """What is drawn."""

    band: pd.DataFrame  # `label`, `x`, `median`, `low`, `high` of every label with a point
    x: str  # `step`, or `epoch` where epochs are asked for and known
    shown: Sequence[str]  # labels
    ends: pd.Series  # the final median of each of them that has one
    level: Level | None  # what the loss can be held against


@dataclass(frozen=True)
class LossCurves(Chart[Curves]):
    """Median and band of a metric over seeds, one line per label; the level that it has is marked.

    Args:
        metric: what is drawn.
        x: `step` (updates) or `epoch`.
        above_floor: draw how far `eval/loss` lies above the floor of its run.
        log: whether the loss axis is logarithmic.
        top: upper end of the loss axis; by default what the finite values need.
        best: show only so many labels, those with the lowest median of the report's value; by default all.
    """

    metric: Text = names.TRAIN_LOSS
    x: Literal["step", "epoch"] = "step"
    above_floor: bool = False
    log: bool = True
    top: Positive | None = None
    best: Count | None = None

    @override
    def compute(self, context: Context) -> Curves:
        curves, x = self._curves(context.sweep)
        band = median_band(curves, context.runs, x=x, confidence=context.bootstrap.confidence)
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
        layout.name(x="update" if table.x == "step" else "epoch", y=self._name, log_y=self.log)
        return layout.figure

    @override
    def stands_on(self, table: Curves, context: Context) -> Sequence[str]:
        return run_ids(context.runs[context.runs["label"].isin(table.shown)])

    @override
    def switches(self) -> Sequence[Switch]:
        return (LOG, Switch("along", "x", {"step": "updates", "epoch": "epochs"}))

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

    def _curves(self, sweep: SweepFrames) -> tuple[pd.DataFrame, str]:
        """Return the points to draw, and the column that they are drawn along."""
        curves = sweep.curves(self.metric)
        if self.above_floor:
            if self.metric != names.EVAL_LOSS:
                raise InvalidInput(
                    f"loss_curves.above_floor needs metric: {names.EVAL_LOSS}, got {self.metric}"
                )
            if sweep.runs[names.FLOOR].isna().any():
                raise InvalidInput("loss_curves.above_floor needs a problem whose floor is known")
            floors = curves["run_id"].map(sweep.runs.set_index("run_id")[names.FLOOR]).astype(float)
            curves = curves.assign(value=curves["value"] - floors)
        if self.x == "step":
            return curves, "step"
        epochs = add_epochs(curves, sweep.curves(names.TRAIN_LOSS), sweep.runs)
        return (curves, "step") if epochs.empty else (epochs, "epoch")  # no run came to its end

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


def _interval(band: pd.DataFrame, context: Context) -> str:
    """Say what the bands are, or that there is nothing for them to show, as of learning rates."""
    if most_seeds(context.runs) > 1 and (band["low"] == band["high"]).all():
        return f"n = {seeds_of(context.runs)}, which are all the same, so no interval"
    return context.told("bands: pointwise")
