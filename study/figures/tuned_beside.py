"""As shipped and tuned, side by side: one row per optimizer, its two medians joined."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from typing_extensions import override

from study.errors import InvalidInput
from study.figures.base import Chart, Context, Value
from study.figures.style import SOFT
from study.figures.style.canvas import limits, mark, name_axes, rows
from study.figures.style.words import bracket, diverged_of, metric_name, number, some
from study.stats.tuning import pairs, ratio, tuning_runs
from study.tracking import names

Row = Mapping[Hashable, Any]
_APART = 0.13  # of a row: how far its two intervals lie above and below its middle


@dataclass(frozen=True)
class Beside:
    """What is drawn and said."""

    value: str
    pairs: Mapping[str, tuple[str, str]]  # by group: as shipped and tuned
    summary: Mapping[str, Row]  # by label
    claim: str


@dataclass(frozen=True)
class TunedBeside(Chart[Beside]):
    """Each optimizer as shipped and tuned, with intervals.

    Args:
        value: the summary value that is drawn; by default the report's.
    """

    value: Value = None

    @override
    def compute(self, context: Context) -> Beside:
        if context.sweep.trials.empty:
            raise InvalidInput("tuned_beside needs a sweep that tunes, got none; write hydra/sweeper=tuning")
        value = self.value or context.value
        summary = {str(row["label"]): row for row in context.summarise(value).to_dict("records")}
        found = pairs(context.sweep.trials)
        if not found:
            raise InvalidInput(
                "tuned_beside needs what is shipped and the best of all trials, got one of them alone: the sweep is "
                "not whole, and the same command trains the rest"
            )
        return Beside(value, found, summary, _claim(context, found))

    @override
    def draw(self, table: Beside, context: Context) -> Figure:
        figure, axes = rows(list(table.pairs), each=0.55)
        samples = dict(list(context.runs.groupby("label", observed=True)[table.value]))
        shown = [samples[label] for both in table.pairs.values() for label in both]
        left, right = limits(np.concatenate(shown), log=True)
        axes.set_xlim(left, right)
        name_axes([axes], x=metric_name(table.value), y="", log_x=True)
        for at, both in enumerate(table.pairs.values()):
            heights = at + np.array([-_APART, _APART]) * (both[0] != both[1])
            ends = [
                [min(table.summary[label][end], right) for end in ("low", "median", "high")] for label in both
            ]
            axes.plot([ends[0][1], ends[1][1]], heights, color=SOFT, lw=1, ls=(0, (2, 2)), zorder=1)
            line = context.style.lines[both[0]]
            color = line.color
            for tuned, (low, middle, high) in enumerate(ends):
                single = np.minimum(samples[both[tuned]].to_numpy(dtype=float), right)
                face = color if tuned else "white"
                drawn = [
                    *axes.plot(
                        single, np.full(len(single), heights[tuned]), "|", color=color, ms=7, alpha=0.45
                    ),
                    *axes.plot([low, high], [heights[tuned]] * 2, color=color, lw=2.6, solid_capstyle="butt"),
                    *axes.plot(
                        middle, heights[tuned], "o", ms=8, color=color, mfc=face, mew=2, clip_on=False
                    ),
                ]
                mark(drawn, both[tuned], line.optimizer)
        axes.grid(visible=False, axis="y")
        marks = {"as shipped": "white", "tuned": SOFT}
        handles = [
            Line2D([], [], color=SOFT, marker="o", ls="", mfc=face, mew=2, ms=7) for face in marks.values()
        ]
        figure.legend(handles, list(marks), loc="outside upper center", ncols=2)
        return figure

    @override
    def caption(self, table: Beside, context: Context) -> str:
        tuning = tuning_runs(context.sweep.trials)
        trials, seeds = int(tuning["trial"].max()), tuning["seed"].nunique()
        same = [group for group, (shipped, tuned) in table.pairs.items() if shipped == tuned]
        kept = f" No trial is better than what is shipped for {', '.join(same)}: one mark." if same else ""
        return (
            f"{table.claim}Tuned: the best of {trials} trials at {seeds} other seeds, the first as shipped. Hollow "
            f"and filled marks with bars: {context.told('median and')}; ticks: single runs.{kept}"
            f"{diverged_of(context.runs)}"
        )


def _claim(context: Context, found: Mapping[str, tuple[str, str]]) -> str:
    """Say how far apart the first and the last as shipped are, as shipped and tuned; and what tuning does to each."""
    runs, confidence = context.runs, context.bootstrap.confidence
    if not runs[names.EXCESS].notna().all() or context.summarise()["field"].nunique() > 1:
        return ""

    ratios = partial(ratio, runs, value=names.EXCESS, confidence=confidence)
    shipped = pd.Series({
        group: runs.loc[runs["label"] == label, names.EXCESS].median() for group, (label, _) in found.items()
    }).sort_values(kind="stable")  # fmt: skip
    low, high = found[str(shipped.index[0])], found[str(shipped.index[-1])]
    gaps = [ratios(high[which], low[which]) for which in (0, 1)]
    gains = {group: ratios(*both) for group, both in found.items() if both[0] != both[1]}
    told = [f"{group} {_times(gain)}" for group, gain in gains.items() if _is_finite(gain)]
    gained = f"As shipped, each is so many times as high as tuned: {some(told)}. " if told else ""
    if low == high or not all(map(_is_finite, gaps)):
        return gained
    apart = [f"{_times(gap)} times (at the worst seed {number(gap[3])})" for gap in gaps if gap]
    return (
        f"As shipped, {shipped.index[-1]} ends {apart[0]} as high above the floor as {shipped.index[0]}; both tuned, "
        f"{apart[1]}: the median ratio at a seed, and its interval. {gained}"
    )


def _is_finite(told: tuple[float, ...] | None) -> bool:
    return told is not None and 0 < told[0] < np.inf


def _times(told: tuple[float, ...] | None) -> str:
    return "" if told is None else f"{number(told[0])} {bracket(told[1], told[2], 3)}"
