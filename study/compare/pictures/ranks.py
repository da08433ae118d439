"""Ranks: a critical-difference diagram in rows, mean ranks with intervals and who is not told from whom."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation, Transform

from study.compare.pictures.labels import FOCUS, name_rows
from study.figures.style import INK, SOFT
from study.figures.style.canvas import WIDE, limits, sheet

_EACH = 0.25  # inches, of a row
_SMALL = 8  # points
_BESIDE, _APART = 12.0, 8.0  # points, from the axes to the first bar, and from bar to bar
_RULER = -1.05  # height of the bar that is as long as the critical difference


def draw_ranks(
    ranks: pd.DataFrame,
    groups: Sequence[Sequence[str]],
    difference: float,
    *,
    colors: Mapping[str, str],
    focus: str | None = None,
) -> Figure:
    """Return a diagram with a row for each optimizer, the best on top, and a bar for each group at the right.

    Args:
        ranks: columns `label`, `rank` (mean over problems, 1 is best), `low`, `high` (of its interval).
        groups: the labels that Nemenyi's test does not tell apart, neighbours in the order of the ranks.
        difference: the critical one of two mean ranks; without a number it is not drawn.
        colors: of the optimizers.
        focus: the label that is being compared, whose row stands out.

    Reference: Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets, 2006, section 3.2.2.
    """
    rows = ranks.sort_values("rank", kind="stable").to_dict("records")
    labels = [str(row["label"]) for row in rows]
    figure, axes = sheet(WIDE, 1.25 + _EACH * len(rows))
    for at, row in enumerate(rows):
        color = colors[str(row["label"])]
        axes.plot([row["low"], row["high"]], [at, at], color=color, lw=2.2, solid_capstyle="butt")
        axes.plot(row["rank"], at, "o", color=color, mec="white", ms=7, zorder=3)
    best = float(rows[0]["rank"])
    ruled = [best + difference] if math.isfinite(difference) else []
    low, high = limits([*ranks["low"], *ranks["high"], *ranks["rank"], *ruled, best + 1], log=False)
    axes.set_xlim(max(low, 0.5), high)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    axes.set_ylim(len(rows) - 0.4, -1.9 if ruled else -0.6)
    name_rows(axes, labels, first=0.0, focus=focus)
    if focus in labels:
        at = labels.index(str(focus))
        axes.axhspan(at - 0.5, at + 0.5, color=FOCUS, alpha=0.1, lw=0, zorder=0.5)
    axes.set_xlabel("mean rank over the problems (1 is best)")
    if ruled:
        _draw_ruler(axes, best, difference)
    _draw_groups(axes, [sorted(labels.index(label) for label in group) for group in groups])
    return figure


def _draw_ruler(axes: Axes, start: float, difference: float) -> None:
    """Draw a bar as long as the critical difference, from the best mean rank on, and name it."""
    axes.plot([start, start + difference], [_RULER, _RULER], "|-", color=INK, lw=1.6, ms=7, mew=1.6)
    axes.annotate(
        f"critical difference {difference:.2f} (Nemenyi)", (start, _RULER), xytext=(0, 5),
        textcoords="offset points", fontsize=_SMALL, ha="left", va="bottom",
    )  # fmt: skip


def _draw_groups(axes: Axes, groups: Sequence[Sequence[int]]) -> None:
    """Draw a bar beside the rows of each group, those that share rows beside one another."""
    for group, lane in zip(groups, _lanes(groups), strict=True):
        ends = [group[0] - 0.3, group[-1] + 0.3]
        beside = _beside(axes, _BESIDE + _APART * lane)
        axes.plot([1, 1], ends, transform=beside, color=SOFT, lw=3.2, solid_capstyle="butt", clip_on=False)
    if groups:
        place = _beside(axes, _BESIDE - 1.6)
        axes.text(1, -0.6, "not told\napart", transform=place, fontsize=_SMALL, color=SOFT, va="bottom")


def _beside(axes: Axes, points: float) -> Transform:
    """Return where 1 is so many points to the right of the axes, and heights are those of the rows."""
    assert isinstance(axes.figure, Figure)
    return axes.get_yaxis_transform() + ScaledTranslation(points / 72, 0, axes.figure.dpi_scale_trans)


def _lanes(groups: Sequence[Sequence[int]]) -> list[int]:
    """Return in which lane each group has its bar: the first that is free from its top row on.

    Example:
        >>> _lanes([[0, 1, 2], [2, 3], [3, 4]])
        [0, 1, 0]
    """
    ends: list[int] = []  # of the last bar of each lane
    lanes = []
    for group in groups:
        lane = next((lane for lane, end in enumerate(ends) if end < group[0]), len(ends))
        ends[lane : lane + 1] = [group[-1]]
        lanes.append(lane)
    return lanes
