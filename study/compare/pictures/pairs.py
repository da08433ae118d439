"""Pairs: one optimizer against each baseline, problem by problem, as the factor between their excesses."""

import textwrap
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any  # a row of a frame

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from study.compare.pictures.factors import in_decades, reach, ticks, written
from study.compare.pictures.labels import shortened
from study.compare.pictures.marks import Mark, mark_of, marks_of
from study.figures.style import INK, SOFT
from study.figures.style.canvas import panels
from study.figures.style.words import from_to, listed
from study.stats.scale import LOG_RATIO
from study.stats.verdicts import BETTER, WORSE, in_words

SMALL = 8  # points

_BESIDE = 4  # panels in one row; more are stacked in rows of two
_EACH = 0.4  # inches, of a problem's row
_BAND = "#dde4ec"
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # behind text, so that no line crosses it


@dataclass(frozen=True, slots=True)
class _Room:
    """What fits into panels of which so many stand side by side."""

    title: int  # letters
    exposed: int  # letters of what a problem exposes
    told: int  # letters of a verdict
    ticks: int


_ROOMS = {1: _Room(60, 60, 60, 9), 2: _Room(32, 44, 36, 5), 3: _Room(22, 34, 24, 4), 4: _Room(18, 30, 18, 3)}


def draw_pairs(pairs: pd.DataFrame, *, exposes: Mapping[str, str], margin: float) -> Figure:
    """Return a figure with a panel for each baseline and a row for each problem.

    A dot and its interval stand on a log axis of the factor between the two excesses, below 1 where the optimizer is
    better; what lies beyond the axis is an arrow at its edge.

    Args:
        pairs: one row per problem and baseline. Columns: `problem`, `optimizer`, `against`, `n`, `estimate`, `low`,
            `high` (natural logarithms of the factor, the last two possibly infinite), `verdict`, `scale` (without a
            ratio the verdict is written out), `failed_first`, `failed_second` (shares of runs).
        exposes: what each problem exposes, in the order of the rows.
        margin: the factor within which two excesses count as equal.
    """
    baselines = list(pairs["against"].unique())
    columns = len(baselines) if len(baselines) <= _BESIDE else 2
    room = _ROOMS[columns]
    figure, axes = panels(len(baselines), columns=columns, height=0.75 + _EACH * len(exposes))
    ends = reach(in_decades(pairs[pairs["scale"] == LOG_RATIO]))
    for panel, baseline in zip(axes, baselines, strict=True):
        _prepare(panel, ends, room, margin=margin)
        title = textwrap.fill(f"against {baseline}", room.title, break_long_words=False)
        panel.set_title(title, pad=17, fontsize=9 if columns < _BESIDE else SMALL)
        _draw_rows(panel, pairs[pairs["against"] == baseline], list(exposes), room)
    axes[0].set_ylim(len(exposes) - 0.45, -0.55)
    for panel in axes[::columns]:
        _name_problems(panel, exposes, room)
    handles = [*(mark.handle() for mark in marks_of(pairs["verdict"])), _band(margin)]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), columnspacing=1.4)
    whose = listed([str(name) for name in pairs["optimizer"].unique()])
    figure.supxlabel(
        f"excess of {whose} / excess of the baseline (log scale), n = {from_to(pairs['n'])} seeds", fontsize=9
    )
    return figure


def _prepare(axes: Axes, ends: tuple[float, float], room: _Room, *, margin: float) -> None:
    """Set the axis of the factors, with the band of what does not matter and the line of no difference."""
    low, high = ends
    axes.set_xscale("log")
    axes.set_xlim(10**low, 10**high)
    chosen = ticks(low, high, room.ticks)
    axes.set_xticks([10**at for at in chosen], [written(at) for at in chosen], fontsize=SMALL)
    axes.set_xticks([], minor=True)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelbottom=True)  # panels are high: each has its own numbers
    axes.axvspan(1 / margin, margin, color=_BAND, lw=0, zorder=0.5)
    axes.axvline(1, color=INK, lw=0.9, zorder=1.5)
    for where, text, side in ((0, f"← {BETTER}", "left"), (1, f"{WORSE} →", "right")):
        axes.annotate(
            text, (where, 1), xytext=(0, 3), xycoords="axes fraction", textcoords="offset points", ha=side,
            fontsize=SMALL, color=mark_of(text.strip("← →")).color,
        )  # fmt: skip


def _band(margin: float) -> Patch:
    return Patch(color=_BAND, label=f"within a factor of {margin:g}")


def _name_problems(axes: Axes, exposes: Mapping[str, str], room: _Room) -> None:
    """Write each problem beside its row, and below its name what it exposes."""
    axes.set_yticks(range(len(exposes)), list(exposes), va="bottom")
    for at, exposed in enumerate(exposes.values()):
        axes.annotate(
            shortened(exposed, room.exposed), (0, at), xytext=(-3.5, -2),
            xycoords=axes.get_yaxis_transform(), textcoords="offset points", ha="right", va="top",
            fontsize=SMALL, color=SOFT,
        )  # fmt: skip


def _draw_rows(axes: Axes, pairs: pd.DataFrame, problems: Sequence[str], room: _Room) -> None:
    """Draw the rows of one baseline; a problem that has none says so."""
    rows = {str(row["problem"]): row for row in pairs.to_dict("records")}
    for at, problem in enumerate(problems):
        row = rows.get(problem)
        if row is None:
            _write(axes, at, "not compared", SOFT)
            continue
        if row["scale"] == LOG_RATIO:
            _draw_ratio(axes, at, row)
        else:
            told = textwrap.fill(in_words(str(row["verdict"]), "its margin"), room.told)
            _write(axes, at, told, mark_of(str(row["verdict"])).color)
        _note_failures(axes, at, row)


def _write(axes: Axes, at: int, text: str, color: str) -> None:
    """Write what has no place on the axis into the middle of a row."""
    axes.text(
        0.5, at, text, transform=axes.get_yaxis_transform(), ha="center", va="center", fontsize=SMALL, color=color,
        linespacing=1.0, bbox=_PAPER,
    )  # fmt: skip


def _draw_ratio(axes: Axes, at: int, row: Mapping[Hashable, Any]) -> None:
    """Draw the interval and the estimate of a row, each in its place or as an arrow at the edge."""
    mark = mark_of(str(row["verdict"]))
    left, right = np.log10(axes.get_xlim())
    low, estimate, high = in_decades(pd.DataFrame([row])).to_numpy()[0]
    inside = np.clip([low, high], left, right)
    axes.plot(10**inside, [at, at], color=mark.color, lw=1.8, solid_capstyle="butt")
    if low < left <= estimate:
        _arrow(axes, 10**left, at, mark, size=5.0)
    if high > right >= estimate:
        _arrow(axes, 10**right, at, mark, size=5.0)
    if left <= estimate <= right:
        axes.plot(10**estimate, at, mark.shape, color=mark.color, mfc=mark.face, ms=6, mew=1.3, zorder=3)
    else:
        edge, inwards = (left, 1) if estimate < left else (right, -1)
        _arrow(axes, 10**edge, at, mark, size=7.0)
        free = inside[0] == inside[1]  # no interval reaches into the axes, where the text would stand on it
        axes.annotate(
            written(estimate), (10**edge, at), xytext=(10 * inwards, 0 if free else 3), textcoords="offset points",
            ha="left" if inwards > 0 else "right", va="center" if free else "bottom", fontsize=SMALL,
            color=mark.color, bbox=_PAPER,
        )  # fmt: skip


def _arrow(axes: Axes, edge: float, at: int, mark: Mark, *, size: float) -> None:
    """Draw an arrow whose tip is at an edge of the axes, of which the left one lies below 1."""
    assert isinstance(axes.figure, Figure)
    shape, inwards = ("<", size / 144) if edge < 1 else (">", -size / 144)  # half of its size, in inches
    place = axes.transData + ScaledTranslation(inwards, 0, axes.figure.dpi_scale_trans)
    axes.plot(edge, at, shape, color=mark.color, mfc=mark.face, ms=size, mew=1.0, transform=place, zorder=3)


def _note_failures(axes: Axes, at: int, row: Mapping[Hashable, Any]) -> None:
    """Write below a row which shares of the runs failed, the optimizer's before the baseline's, if any did."""
    first, second = float(row["failed_first"]), float(row["failed_second"])
    if first or second:
        worse = row["estimate"] > 0
        axes.annotate(
            f"failed {first:.0%} / {second:.0%}", (1.0 if worse else 0.0, at), xytext=(-2 if worse else 2, -5),
            xycoords=axes.get_yaxis_transform(), textcoords="offset points", ha="right" if worse else "left",
            va="top", fontsize=SMALL, color=INK, bbox=_PAPER, zorder=1.8,
        )  # fmt: skip
