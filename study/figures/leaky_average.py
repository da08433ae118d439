"""The weights that a leaky average gives to the past: a closed form, no run needed."""

from collections.abc import Sequence

import seaborn as sns
from matplotlib.figure import Figure

from study.figures.style import DASHES, Line, Style
from study.figures.style.canvas import legend_above, name_axes, sheet
from study.frames import SweepFrames
from study.stats.leaky import leaky_weights


def draw(
    sweep: SweepFrames, style: Style, *, gammas: Sequence[float] = (0.95, 0.9, 0.8, 0.7), steps: int = 40
) -> Figure:
    """Return (1 - gamma) gamma^j against j, a line per gamma.

    Args:
        sweep: not used: the weights are a formula.
        style: not used: gammas are no optimizers, and have a palette of their own.
        gammas: the decays.
        steps: how far back.
    """
    figure, axes = sheet()
    palette = sns.color_palette("viridis", len(gammas)).as_hex()
    lines = {
        f"γ = {gamma:g}": Line(color, DASHES[index % len(DASHES)])
        for index, (gamma, color) in enumerate(zip(gammas, palette, strict=True))
    }
    for gamma, line in zip(gammas, lines.values(), strict=True):
        axes.plot(leaky_weights(gamma, steps), color=line.color, ls=line.dash, lw=2, marker=".", ms=5)
    axes.set_ylim(bottom=0)
    name_axes(axes, x="steps ago, j", y="weight (1 − γ) γʲ")
    legend_above(figure, lines)
    return figure


def caption(
    sweep: SweepFrames, style: Style, *, gammas: Sequence[float] = (0.95, 0.9, 0.8, 0.7), steps: int = 40
) -> str:
    """Return how long each gamma remembers, and that nothing here is measured."""
    windows = ", ".join(f"{1 / (1 - gamma):.3g} steps for γ = {gamma:g}" for gamma in gammas)
    kept = "; ".join(f"{100 * leaky_weights(gamma, steps).sum():.3g}% for {gamma:g}" for gamma in gammas)
    return (
        f"A larger γ remembers longer: the effective window 1/(1 − γ) is {windows}. The {steps} weights drawn hold "
        f"{kept} of the whole. A formula: no run, no interval."
    )
