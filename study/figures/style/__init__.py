"""Style of every figure: a colour per optimizer, a line per label, one set of fonts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any, Literal

import pandas as pd
import seaborn as sns
from matplotlib.colors import to_hex, to_rgb

Dash = Literal["-"] | tuple[int, tuple[float, ...]]
DASHES: tuple[Dash, ...] = ("-", (0, (5.0, 1.5)), (0, (1.5, 1.2)), (0, (6.0, 1.5, 1.5, 1.5)))
INK, SOFT, GRID = "#20262e", "#5b6472", "#e6e9ee"

_PALEST = 0.59  # of the palette, from 0 to 1: further on its contrast to white is less than 3
MOST_NAMED = 8
"""Lines that a legend can name and an eye tell apart in one pair of axes."""


@dataclass(frozen=True, slots=True)
class Line:
    """How one label is drawn: the same in every figure of a report."""

    color: str  # its optimizer's, or a shade of it
    dash: Dash
    optimizer: str  # whose it is


@dataclass(frozen=True, slots=True)
class Style:
    """The colours of a sweep's optimizers (`scratch/adam` has adam's), and the lines of its labels."""

    colors: Mapping[str, str]
    lines: Mapping[str, Line]

    @classmethod
    def of(cls, runs: pd.DataFrame, *, colors: Mapping[str, str], spare: Iterable[str]) -> "Style":
        """Return a sweep's style; optimizers without a colour take the spare ones in alphabetical order."""
        # a rule's name, without where it comes from
        bases = {name: name.rpartition("/")[2] for name in runs["optimizer"].unique()}
        taken = dict(zip(sorted(set(bases.values()) - set(colors)), cycle(spare), strict=False))
        style = cls({name: colors.get(base) or taken[base] for name, base in bases.items()}, {})
        return replace(style, lines=style.lines_of(dict(zip(runs["label"], runs["optimizer"], strict=True))))

    def lines_of(self, optimizers: Mapping[str, str]) -> dict[str, Line]:
        """Return the line of each name: those of one optimizer have shades, a rule from scratch beside others a dash.

        Where there is one optimizer throughout, its colour would tell nothing: its names get an ordered palette.
        Dashes tell names of one optimizer apart as long as they share a pair of axes.

        Args:
            optimizers: the optimizer of each name, in the order of the shades.
        """
        alone = len(set(optimizers.values())) == 1 and len(optimizers) > 1
        mixed = len({name.startswith("scratch/") for name in optimizers.values()}) > 1
        crowded = len(optimizers) > MOST_NAMED
        lines: dict[str, Line] = {}
        for optimizer in dict.fromkeys(optimizers.values()):
            names = [name for name, whose in optimizers.items() if whose == optimizer]
            shades = _palette(len(names)) if alone else _shades(self.colors[optimizer], len(names))
            first = mixed and optimizer.startswith("scratch/")
            for index, (name, color) in enumerate(zip(names, shades, strict=True)):
                dash = DASHES[(first + (0 if crowded else index)) % len(DASHES)]
                lines[name] = Line(color, dash, optimizer)
        return {name: lines[name] for name in optimizers}


def theme() -> dict[Any, Any]:  # Any: Matplotlib's settings are of many types
    """Return the settings to draw and to save under: readable on a phone, the same bytes each time."""
    return {
        **sns.axes_style("ticks"),
        **sns.plotting_context("notebook"),
        "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": SOFT,
        "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.8, "axes.axisbelow": True,
        "axes.labelcolor": INK, "text.color": INK, "axes.titleweight": "bold",
        "axes.titlesize": 10, "axes.labelsize": 10, "xtick.labelsize": 9, "ytick.labelsize": 9,
        "axes.titlelocation": "left", "font.family": ["DejaVu Sans"],
        "xtick.color": SOFT, "ytick.color": SOFT, "xtick.labelcolor": INK, "ytick.labelcolor": INK,
        "xtick.major.size": 4, "ytick.major.size": 4, "xtick.minor.size": 0, "ytick.minor.size": 0,
        "legend.frameon": False, "legend.fontsize": 9, "figure.facecolor": "white",
        "figure.constrained_layout.use": True, "figure.dpi": 100, "savefig.dpi": 160,
        "svg.hashsalt": "study", "svg.fonttype": "none", "path.simplify_threshold": 0.2,
    }  # fmt: skip


def _palette(count: int) -> list[str]:
    """Return an ordered palette without its pale third, which white paper swallows."""
    along = sns.color_palette("viridis", as_cmap=True)
    return [to_hex(along(_PALEST * index / max(count - 1, 1))) for index in range(count)]


def _shades(color: str, count: int) -> list[str]:
    """Return the colour itself, then ever darker shades of it."""
    red, green, blue = to_rgb(color)
    left = [1 - 0.6 * index / max(count - 1, 1) for index in range(count)]
    return [to_hex((red * share, green * share, blue * share)) for share in left]
