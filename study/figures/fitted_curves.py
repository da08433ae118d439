"""Fitted curves: data, target, and what each run has learned."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from typing_extensions import override

from study.errors import InvalidInput
from study.figures.base import Chart, Context
from study.figures.style import INK
from study.figures.style.canvas import HALF, WIDE, name_axes, panels, used_lines
from study.figures.style.words import diverged_of, number, seeds_of
from study.ranges import Count
from study.stats.curves import knows_target, median_errors, median_fit
from study.tracking import names

_DOTS = "#b9c0ca"


@dataclass(frozen=True)
class Fits:
    """What is drawn.

    Attributes:
        fits: the curves of the labels that are shown, infinite for a run that diverged.
        medians: their pointwise medians.
        data: the training data of one seed; empty where the settings do not share them.
        known: whether the data come with a noise-free target.
        errors: the distance of each label that is shown to the target (where it is not known, of the data's own
            seed to its data), least first.
    """

    fits: pd.DataFrame
    medians: pd.DataFrame
    data: pd.DataFrame
    known: bool
    errors: Mapping[str, float]


@dataclass(frozen=True)
class FittedCurves(Chart[Fits]):
    """One panel per label: noisy data, noise-free target, every seed's fit and their median.

    Args:
        best: show so many labels at most, those that come closest.
    """

    best: Count = 16

    @override
    def compute(self, context: Context) -> Fits:
        sweep = context.sweep
        if sweep.fits.empty:
            problems = ", ".join(map(str, sweep.runs["problem"].unique()))
            raise InvalidInput(
                f"fitted_curves needs a problem with a curve of one input to draw, got {problems}"
            )
        shared = sweep.runs.groupby("seed")[names.DATA_SHA].nunique(dropna=False).max() == 1
        data = sweep.data if shared else sweep.data.iloc[:0]
        known = knows_target(data)
        fits = sweep.fits.merge(sweep.runs[["label", "seed", "status"]], on=["label", "seed"])
        fits["prediction"] = fits["prediction"].mask(fits["status"] == names.DIVERGED, np.inf)
        compared = fits if known else fits[fits["seed"] == sweep.runs["seed"].min()]
        errors = (
            median_errors(compared, data) if len(data) else dict.fromkeys(map(str, fits["label"]), np.nan)
        )
        shown = sorted(errors, key=lambda label: errors[label])[: self.best]
        kept = fits[fits["label"].isin(shown)]
        return Fits(kept, median_fit(kept), data, known, {label: errors[label] for label in shown})

    @override
    def draw(self, table: Fits, context: Context) -> Figure:
        lines = used_lines(context.style, table.fits["label"])
        columns = 1 if len(lines) == 1 else 2 if len(lines) <= 4 else 3 if len(lines) <= 6 else 4
        width, height = (HALF, 2.8) if columns == 1 else (WIDE, 5.2 / columns)
        figure, axes = panels(len(lines), columns=columns, width=width, height=height)
        for (label, line), panel in zip(lines.items(), axes, strict=True):
            panel.plot(
                table.data["x"], table.data["y"], ".", ms=_size(table.data), color=_DOTS, rasterized=True
            )
            for _, fit in table.fits[table.fits["label"] == label].groupby("seed"):
                panel.plot(fit["x"], fit["prediction"], color=line.color, lw=0.8, alpha=0.3, rasterized=True)
            middle = table.medians[table.medians["label"] == label]
            panel.plot(middle["x"], middle["prediction"], color=line.color, lw=2.4)
            _draw_target(panel, table)
            panel.set_title(label, fontsize=10 if columns < 4 else 8)
        name_axes(axes, x="x", y="y")
        return figure

    @override
    def caption(self, table: Fits, context: Context) -> str:
        seeds, runs = seeds_of(table.fits[["label", "seed"]].drop_duplicates()), context.sweep.runs
        lines = f"thin lines: the fit of each seed; thick: their pointwise median; n = {seeds}, no interval."
        few = len(table.errors) < runs["label"].nunique()
        fewer = f" Shown are {len(table.errors)} of {runs['label'].nunique()} settings." if few else ""
        if table.data.empty:
            claim = f"The settings do not share their data, so that none are shown. {lines.capitalize()}"
        else:
            dashed = " dashed: the target;" if table.known else ""
            claim = f"{_claim(table)}. Dots: the data of one seed;{dashed} {lines}"
        return f"{claim}{fewer}{diverged_of(runs)}"


def _claim(table: Fits) -> str:
    (first, *_, last), errors = [*table.errors, *table.errors], table.errors
    aim, over = (
        ("the noise-free target", "median over seeds") if table.known else ("its data", "of that one seed")
    )
    if np.isinf(errors[first]):
        return f"No setting comes to a finite distance from {aim}"
    close = "closest" if len(errors) > 1 else "close"
    claim = f"{first} comes {close} to {aim} (root mean square distance {number(errors[first])}, {over})"
    return f"{claim}, {last} stays farthest ({number(errors[last])})" if len(errors) > 1 else claim


def _draw_target(axes: Axes, table: Fits) -> None:
    if table.known:
        axes.plot(table.data["x"], table.data["clean"], color=INK, lw=1.2, ls=(0, (4, 3)))


def _size(data: pd.DataFrame) -> int:
    return 2 if len(data) > 300 else 5
