"""Performance profile: which share of the problems each optimizer solves within a factor of the fastest."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.figures.style import DASHES, INK, SOFT
from study.figures.style.canvas import WIDE, sheet
from study.figures.style.layout import spread_out

MOST = 4.0
"""The factor up to which a profile goes."""

OTHERS = "#858f9d"

_SMALL = 9  # points
_LEADER = {"arrowstyle": "-", "lw": 1.2, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)}


def draw_profile(
    profile: pd.DataFrame, scores: pd.Series, *, colors: Mapping[str, str], named: Sequence[str]
) -> Figure:
    """Return the profiles of a field: a few in colour, named at their right ends, the others thin and grey.

    Args:
        profile: one row per rise. Columns: `label`, `ratio` (steps to the target over those of the fastest, from 1
            to 4), `share` (of problems solved from there on). A label without a row solves none.
        scores: by label, the mean over problems of max(0, 4 - r) / 3.
        colors: of the optimizers that are named.
        named: these optimizers, six at most.

    Reference: Dolan and Moré, Benchmarking optimization software with performance profiles, 2002; Dahl et al.,
    Benchmarking Neural Network Training Algorithms, 2023.
    """
    figure, axes = sheet(WIDE, 3.9)
    others = [str(label) for label in scores.index if label not in named]
    for label in others:
        axes.plot(*_steps(profile, label), drawstyle="steps-post", color=OTHERS, lw=0.8, zorder=1.5)
    for label, dash in zip(named, cycle(DASHES), strict=False):
        x, y = _steps(profile, label)
        axes.plot(x, y, drawstyle="steps-post", color=colors[label], linestyle=dash, lw=2.2, label=label)
    axes.set(
        xlim=(1, MOST), ylim=(-0.02, 1.02), xlabel="steps to the target / those of the fastest optimizer"
    )
    axes.set_ylabel("share of problems solved")
    axes.set_xticks(np.arange(1, MOST + 0.1, 0.5))
    axes.xaxis.set_major_formatter("×{x:g}")
    if others:
        count = "1 other optimizer" if len(others) == 1 else f"{len(others)} other optimizers"
        figure.legend(handles=[Line2D([], [], color=OTHERS, lw=0.8, label=count)], loc="outside upper right")
    _name_ends(axes, profile, scores, colors=colors, named=named)
    return figure


def _steps(profile: pd.DataFrame, label: str) -> tuple[list[float], list[float]]:
    """Return where a profile rises and to what, from its left end, where it is 0 without a row, to its right end."""
    own = profile[profile["label"] == label].sort_values("ratio", kind="stable")
    ratios, shares = (own[column].astype(float).tolist() for column in ("ratio", "share"))
    if not ratios or ratios[0] > 1:
        ratios, shares = [1.0, *ratios], [0.0, *shares]
    return [*ratios, MOST], [*shares, shares[-1]]


def _name_ends(
    axes: Axes, profile: pd.DataFrame, scores: pd.Series, *, colors: Mapping[str, str], named: Sequence[str]
) -> None:
    """Write each name optimizer and score as near to the line's right end as the others let it."""
    low, high = axes.get_ylim()
    ends = np.array([(_steps(profile, label)[1][-1] - low) / (high - low) for label in named])
    # equal ends: the better score stands above
    order = np.lexsort(np.array([[scores[label] for label in named], ends], dtype=float))
    places = spread_out(ends[order], 0.065)
    for index, place in zip(order, places, strict=True):
        label = named[index]
        axes.annotate(
            f"{label}  {scores[label]:.2f}", (1, ends[index]), xytext=(1.05, place), xycoords="axes fraction",
            textcoords="axes fraction", color=INK, fontsize=_SMALL, va="center",
            arrowprops={**_LEADER, "color": colors[label]},
        )  # fmt: skip
    axes.text(
        1.05,
        places.max(initial=0) + 0.07,
        "optimizer and score",
        transform=axes.transAxes,
        fontsize=8,
        color=SOFT,
        va="center",
    )
