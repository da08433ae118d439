"""Fitted curves: data, target, and what each run has learned."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from study.errors import InvalidInput
from study.figures.base import Chart, Context, run_ids
from study.figures.style import INK
from study.figures.style.canvas import HALF, WIDE, mark, name_axes, panels, used_lines
from study.figures.style.words import diverged_of, metric_name, number, seeds_of, some
from study.ranges import Count
from study.stats.curves import knows_target, median_errors, median_fit
from study.stats.summary import shortlist
from study.tracking import names


@dataclass(frozen=True)
class Fits:
    """What is drawn of the labels that are shown."""

    fits: pd.DataFrame  # infinite for a run that diverged
    medians: pd.DataFrame  # of the fits, pointwise
    data: pd.DataFrame  # of one seed; empty where the settings do not share them
    known: bool  # whether the data come with a noise-free target
    errors: dict[
        str, float
    ]  # distance to the target (or of the data's own seed to its data), in the sweep's order


@dataclass(frozen=True)
class FittedCurves(Chart[Fits]):
    """One panel per label: noisy data, noise-free target, every seed's fit and their median.

    Args:
        best: show so many labels at most, those with the lowest median of the report's value.
    """

    best: Count = 16

    @override
    def compute(self, context: Context) -> Fits:
        sweep, runs = context.sweep, context.runs
        if sweep.fits.empty:
            problems = ", ".join(map(str, runs["problem"].unique()))
            raise InvalidInput(
                f"fitted_curves needs a problem with a curve of one input to draw, got {problems}"
            )
        shared = runs.groupby("seed")[names.DATA_SHA].nunique(dropna=False).max() == 1
        data = sweep.data if shared else sweep.data.iloc[:0]
        known = knows_target(data)
        fits = sweep.fits.merge(runs[["label", "seed", "status"]], on=["label", "seed"])
        fits["prediction"] = fits["prediction"].mask(fits["status"] == names.DIVERGED, np.inf)
        compared = fits if known else fits[fits["seed"] == runs["seed"].min()]
        errors = (
            median_errors(compared, data) if len(data) else dict.fromkeys(map(str, fits["label"]), np.nan)
        )
        shown = shortlist(runs, context.value, self.best)
        kept = fits[fits["label"].isin(shown)]
        errors = {label: error for label, error in errors.items() if label in shown}
        return Fits(kept, median_fit(kept), data, known, errors)

    @override
    def draw(self, table: Fits, context: Context) -> Figure:
        lines, data = used_lines(context.style, table.fits["label"]), table.data
        columns = 1 if len(lines) == 1 else 2 if len(lines) <= 4 else 3 if len(lines) <= 6 else 4
        width, height = (HALF, 2.8) if columns == 1 else (WIDE, 5.2 / columns)
        figure, axes = panels(len(lines), columns=columns, width=width, height=height)
        for (label, line), panel in zip(lines.items(), axes, strict=True):
            size = 2 if len(data) > 300 else 5
            panel.plot(data["x"], data["y"], ".", ms=size, color="#b9c0ca", rasterized=True)
            for _, fit in table.fits[table.fits["label"] == label].groupby("seed"):
                panel.plot(fit["x"], fit["prediction"], color=line.color, lw=0.8, alpha=0.3, rasterized=True)
            middle = table.medians[table.medians["label"] == label]
            thick = panel.plot(middle["x"], middle["prediction"], color=line.color, lw=2.4)
            mark(thick, label, line.optimizer)
            if table.known:
                panel.plot(data["x"], data["clean"], color=INK, lw=1.2, ls=(0, (4, 3)))
            panel.set_title(label, fontsize=10 if columns < 4 else 8)
        name_axes(axes, x="x", y="y")
        return figure

    @override
    def stands_on(self, table: Fits, context: Context) -> Sequence[str]:
        return run_ids(context.runs[context.runs["label"].isin(table.fits["label"].unique())])

    @override
    def caption(self, table: Fits, context: Context) -> str:
        seeds, shown, what = seeds_of(table.fits), len(table.errors), metric_name(context.value)
        if (every := context.runs["seed"].nunique()) > table.fits["seed"].nunique():
            seeds += f", the first of {every:,}"
        settings = context.runs["label"].nunique()
        lines = f"thin lines: the fit of each seed; thick: their pointwise median; n = {seeds}, no interval."
        fewer = f" Shown are {shown} of {settings} settings, those with the lowest median {what}."
        if table.data.empty:
            claim = f"The settings do not share their data, so that none are shown. {lines.capitalize()}"
        else:
            dashed = " dashed: the target;" if table.known else ""
            claim = f"{_claim(table)}. Dots: the data of one seed;{dashed} {lines}"
        return f"{claim}{fewer if shown < settings else ''}{diverged_of(context.runs)}"


def _claim(table: Fits) -> str:
    """Say how far each fit lies from what it is for: who is first is for the value that the page compares to say."""
    aim, over = (
        ("the noise-free target", ", medians over seeds")
        if table.known
        else ("its data", ", of that one seed")
    )
    told = some([f"{label} {number(error)}" for label, error in table.errors.items()])
    return f"Root mean square distance to {aim}{over}: {told}"
