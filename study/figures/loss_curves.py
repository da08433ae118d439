"""The loss against updates or epochs: median over seeds and its band, for each label."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.figures.style import Style
from study.figures.style.canvas import fill, legend_above, limits, mark_level, name_axes, sheet, used_lines
from study.figures.style.words import diverged_of, interval_and_seeds, metric_name, number
from study.frames import SweepFrames
from study.stats.bands import last_medians, median_band
from study.stats.epochs import add_epochs
from study.stats.summary import summarise

NAMES = {"step": "update", "epoch": "epoch"}


def draw(
    sweep: SweepFrames,
    style: Style,
    *,
    metric: str = "train/loss",
    x: str = "step",
    log: bool = True,
    top: float | None = None,
    floor: float | None = None,
    best: int | None = None,
) -> Figure:
    """Return median and band of `metric` over seeds, one line per label.

    Args:
        sweep: its points of `metric`.
        style: colours and interval.
        metric: what is drawn.
        x: `step` (updates) or `epoch`.
        log: whether the loss axis is logarithmic.
        top: upper end of the loss axis; by default what the finite values need.
        floor: a level to mark, below which the loss cannot stay.
        best: show only so many labels, those that end lowest; by default all.
    """
    band = _band(sweep, style, metric=metric, x=x)
    lines = used_lines(style, list(_ends(sweep, style, metric=metric, x=x))[:best])
    band = band[band["label"].isin(list(lines))]
    figure, axes = sheet()
    for label, line in lines.items():
        part = band[band["label"] == label]
        at = part[x].to_numpy()
        fill(axes, at, part["low"].to_numpy(), part["high"].to_numpy(), line)
        axes.plot(at, part["median"], color=line.color, linestyle=line.dash, linewidth=1.6)
    if floor is not None:
        mark_level(axes, floor)
    low, high = limits(band[["median", "low", "high"]].to_numpy().ravel(), log=log)
    axes.set_ylim(low, top or high)
    axes.margins(x=0.01)
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
    name_axes(axes, x=NAMES[x], y=metric_name(metric), log_y=log)
    legend_above(figure, lines)
    return figure


def caption(
    sweep: SweepFrames,
    style: Style,
    *,
    metric: str = "train/loss",
    x: str = "step",
    log: bool = True,
    top: float | None = None,
    floor: float | None = None,
    best: int | None = None,
) -> str:
    """Return who ends lowest, and what line and band are."""
    last = _ends(sweep, style, metric=metric, x=x)
    ranked = list(last)[:best]
    where = "in the mean of the last epoch" if metric == "train/loss" else "at the end"
    verb = "has the lowest median" if len(last) > 1 else "has the median"
    claim = f"{ranked[0]} {verb} {where}, {number(last[ranked[0]])}"
    if len(ranked) > 1:
        claim += f", {ranked[-1]} {number(last[ranked[-1]])}"
    claim += f"; shown are the {best} of {len(last)} that end lowest" if best else ""
    mark = "" if floor is None else f" The dotted line marks {floor:g}."
    return (
        f"{claim}. Lines: median of the {metric_name(metric)}, every recorded point, nothing smoothed; "
        f"bands: pointwise {interval_and_seeds(style, sweep.runs)}.{diverged_of(sweep.runs)}{mark}"
    )


def _ends(sweep: SweepFrames, style: Style, *, metric: str, x: str) -> dict[str, float]:
    """Return each label's final median, least first; one minibatch says little, so there it is an epoch's mean."""
    if metric != "train/loss":
        return last_medians(_band(sweep, style, metric=metric, x=x), x=x)
    table = summarise(sweep.runs, rng=style.rng()).sort_values("median", kind="stable")
    return dict(zip(table["label"].astype(str), table["median"], strict=True))


def _band(sweep: SweepFrames, style: Style, *, metric: str, x: str) -> pd.DataFrame:
    curves = sweep.curves(metric)
    if x == "epoch":
        curves = add_epochs(curves, sweep.curves("train/loss"), sweep.runs)
    return median_band(
        curves, sweep.runs, x=x, confidence=style.confidence, resamples=style.resamples, rng=style.rng()
    )
