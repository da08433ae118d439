"""Weights that a leaky average gives to the past: a closed form, no run needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from study.errors import InvalidInput
from study.figures.base import Chart, Context
from study.figures.style import Style
from study.figures.style.layout import Layout
from study.ranges import FRACTION, Count, numbers
from study.stats.curves import leaky_weights
from study.stats.intervals import percent

_COLUMN = "optimizer.alpha"


@dataclass(frozen=True)
class LeakyAverage(Chart[dict[float, np.ndarray]]):
    """(1 - gamma) gamma^j against j, a line per gamma.

    Args:
        gammas: the decays; by default those of the sweep's runs, `optimizer.alpha`.
        steps: how far back.
    """

    gammas: Annotated[Sequence[float], numbers(each=FRACTION)] | None = None
    steps: Count = 40

    @override
    def compute(self, context: Context) -> dict[float, np.ndarray]:
        runs = context.runs
        gammas = self.gammas or (list(runs[_COLUMN].dropna().unique()) if _COLUMN in runs else [])
        if not gammas:
            raise InvalidInput(
                f"leaky_average.gammas must be given, as in [0.9, 0.99], since no run has {_COLUMN}"
            )
        return {float(gamma): leaky_weights(float(gamma), self.steps) for gamma in gammas}

    @override
    def draw(self, table: dict[float, np.ndarray], context: Context) -> Figure:
        weights = pd.DataFrame({f"γ = {gamma:g}": values for gamma, values in table.items()})
        points = weights.melt(var_name="gamma", value_name="weight", ignore_index=False).reset_index()
        style = Style({"": "#4477AA"}, {})  # of no optimizer, so of a palette
        layout = Layout.of(style.lines_of(dict.fromkeys(map(str, weights), "")))
        layout.plot(points, by="gamma", x="index", y="weight", lw=1.8, marker=".", ms=4)
        layout.axes[0].set_ylim(bottom=0)
        layout.name(x="steps ago, j", y="weight (1 − γ) γʲ")
        return layout.figure

    @override
    def caption(self, table: dict[float, np.ndarray], context: Context) -> str:
        windows = ", ".join(f"{1 / (1 - gamma):.3g} steps for γ = {gamma:g}" for gamma in table)
        kept = "; ".join(f"{percent(float(weights.sum()))} for {gamma:g}" for gamma, weights in table.items())
        return (
            f"A larger γ remembers longer: the effective window 1/(1 − γ) is {windows}. The {self.steps} weights "
            f"drawn hold {kept} of the whole. A formula: no run, no interval."
        )
