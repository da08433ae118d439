"""What a tutorial shows: the loss of one seed on a linear axis."""

from matplotlib.figure import Figure

from study.figures.style import Style
from study.figures.style.canvas import legend_above, mark_level, name_axes, sheet, used_lines
from study.figures.style.words import metric_name
from study.frames import SweepFrames
from study.stats.pairing import refusal


def draw(
    sweep: SweepFrames,
    style: Style,
    *,
    seed: int = 0,
    top: float = 0.2,
    floor: float | None = None,
    metric: str = "train/loss",
) -> Figure:
    """Return the curves of one seed, from 0 to `top`.

    Args:
        sweep: its points of `metric`.
        style: colours.
        seed: the one that is shown.
        top: upper end of the loss axis.
        floor: a level to mark: the noise that no parameters can remove.
        metric: what is drawn.
    """
    curves = sweep.curves(metric)
    curves = curves[curves["seed"] == seed]
    figure, axes = sheet()
    lines = used_lines(style, curves["label"])
    for label, line in lines.items():
        part = curves[curves["label"] == label]
        axes.plot(
            part["step"], part["value"], color=line.color, linestyle=line.dash, linewidth=1.1, alpha=0.9
        )
    if floor is not None:
        mark_level(axes, floor)
    name_axes(axes, x="update", y=metric_name(metric))
    axes.set_ylim(0, top)
    axes.margins(x=0.01)
    legend_above(figure, lines)
    return figure


def caption(
    sweep: SweepFrames,
    style: Style,
    *,
    seed: int = 0,
    top: float = 0.2,
    floor: float | None = None,
    metric: str = "train/loss",
) -> str:
    """Return what one seed shows and what it cannot."""
    seeds = sweep.runs["seed"].nunique()
    mark = (
        ""
        if floor is None
        else f" The dotted line at {floor:g} is the noise: the expected loss stays above it."
    )
    why = "" if refusal(sweep.runs) else " The wiggles are the same for all: all meet the same minibatches."
    return (
        f"The view of a tutorial: seed {seed} alone (n = 1 of {seeds}, so no interval), linear axis from "
        f"0 to {top:g}.{why}{mark}"
    )
