"""Loss curves against updates or epochs: median over seeds and its band, for each label."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from study.errors import InvalidInput
from study.figures.base import Chart, Context
from study.figures.style.canvas import limits, used_lines
from study.figures.style.layout import Layout
from study.figures.style.words import diverged_of, metric_name, none_finite, number
from study.frames import SweepFrames
from study.ranges import Count, Positive, Text
from study.stats.curves import add_epochs, median_band
from study.stats.levels import Level, level_of
from study.stats.summary import medians
from study.tracking import names


@dataclass(frozen=True)
class Curves:
    """What is drawn."""

    band: pd.DataFrame  # `label`, `x`, `median`, `low`, `high` of every label with a point
    x: str  # `step`, or `epoch` where epochs are asked for and known
    ends: Mapping[str, float]  # the final median of every label, least first
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
        best: show only so many labels, those that end lowest; by default all.
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
            medians(context.runs, names.LAST_EPOCH_LOSS)
            if self.metric == names.TRAIN_LOSS
            else medians(band.groupby("label", sort=False).tail(1), "median")
        )
        return Curves(band, x, ends, None if self.above_floor else level_of(context.runs, self.metric))

    @override
    def draw(self, table: Curves, context: Context) -> Figure:
        band = table.band[table.band["label"].isin(list(table.ends)[: self.best])]
        layout = Layout.of(used_lines(context.style, band["label"]))
        layout.plot(band, by="label", x=table.x, y="median", linewidth=1.6)
        low, high = limits(band[["median", "low", "high"]].to_numpy().ravel(), log=self.log)
        layout.bound(low, self.top or high, level=table.level)
        layout.name(x="update" if table.x == "step" else "epoch", y=self._name, log_y=self.log)
        return layout.figure

    @override
    def caption(self, table: Curves, context: Context) -> str:
        mark = f" {table.level.sentence}" if table.level else ""
        without = [label for label in context.style.lines if label not in set(table.band["label"])]
        absent = f" Without a point: {', '.join(without)}." if without else ""
        return (
            f"{self._claim(table.ends)}. Lines: median of the {self._name}, every recorded point, nothing smoothed; "
            f"bands: pointwise {context.interval}.{diverged_of(context.runs)}{absent}{mark}"
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
            floors = curves["run_id"].map(sweep.runs.set_index("run_id")[names.FLOOR])
            curves = curves.assign(value=curves["value"] - floors)
        if self.x == "step":
            return curves, "step"
        epochs = add_epochs(curves, sweep.curves(names.TRAIN_LOSS), sweep.runs)
        return (curves, "step") if epochs.empty else (epochs, "epoch")  # no run came to its end

    def _claim(self, ends: Mapping[str, float]) -> str:
        ranked = list(ends)[: self.best]
        where = "in the mean of the last epoch" if self.metric == names.TRAIN_LOSS else "at the end"
        if np.isinf(ends[ranked[0]]):
            return f"{none_finite(self._name)} {where}"
        verb = "has the lowest median" if len(ends) > 1 else "has the median"
        claim = f"{ranked[0]} {verb} {where}, {number(ends[ranked[0]])}"
        if len(ranked) > 1:
            claim += f", {ranked[-1]} {number(ends[ranked[-1]])}"
        if len(ranked) < len(ends):
            claim += f"; shown are the {len(ranked)} of {len(ends)} that end lowest"
        return claim
