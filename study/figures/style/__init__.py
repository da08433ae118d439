"""How every figure looks: a colour per optimizer, a line per label, one set of fonts, one random stream."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Literal

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import to_hex, to_rgb

Dash = Literal["-"] | tuple[int, tuple[float, ...]]
DASHES: tuple[Dash, ...] = ("-", (0, (5.0, 1.5)), (0, (1.5, 1.2)), (0, (6.0, 1.5, 1.5, 1.5)))


@dataclass(frozen=True, slots=True)
class Line:
    """How one label is drawn: the same in every figure of a report."""

    color: str
    dash: Dash


@dataclass(frozen=True, slots=True)
class Style:
    """What figures share.

    Args:
        colors: the colour of each optimizer of the sweep; `scratch/adam` has adam's.
        lines: the line of each label: its optimizer's colour, dashed for a rule from scratch beside others.
            Several labels of one optimizer take shades and dashes of it in the sweep's order, or a palette
            where the sweep has no other optimizer.
        confidence: of all intervals.
        resamples: of all bootstraps.
        seed: of all bootstraps.
    """

    colors: Mapping[str, str]
    lines: Mapping[str, Line]
    confidence: float = 0.95
    resamples: int = 9999
    seed: int = 0

    @classmethod
    def of(
        cls,
        runs: pd.DataFrame,
        *,
        colors: Mapping[str, str],
        spare: Iterable[str],
        confidence: float = 0.95,
        resamples: int = 9999,
        seed: int = 0,
    ) -> "Style":
        """Return a sweep's style; optimizers without a colour take the spare ones in alphabetical order."""
        pairs = runs[["label", "optimizer"]].drop_duplicates()
        known = _with_spares(pairs["optimizer"], colors, spare)
        return cls(known, _lines(pairs, known), confidence, resamples, seed)

    def rng(self) -> np.random.Generator:
        """Return a fresh stream, so that no figure's numbers depend on which others are drawn."""
        return np.random.default_rng(self.seed)

    def theme(self) -> dict[Any, Any]:  # Any: Matplotlib's settings are of many types
        """Return the settings to draw and to save under: readable on a phone, the same bytes each time."""
        return {
            **sns.axes_style("ticks"),
            **sns.plotting_context("notebook"),
            "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#5b6472",
            "axes.grid": True, "grid.color": "#e6e9ee", "grid.linewidth": 0.8, "axes.axisbelow": True,
            "axes.labelcolor": "#20262e", "text.color": "#20262e", "axes.titleweight": "bold",
            "axes.titlesize": 12, "axes.titlelocation": "left", "font.family": ["DejaVu Sans"],
            "xtick.color": "#5b6472", "ytick.color": "#5b6472", "xtick.labelcolor": "#20262e",
            "ytick.labelcolor": "#20262e", "legend.frameon": False, "figure.facecolor": "white",
            "figure.constrained_layout.use": True, "figure.dpi": 100, "savefig.dpi": 160,
            "svg.hashsalt": "study", "svg.fonttype": "path", "path.simplify_threshold": 0.2,
        }  # fmt: skip


def base_name(optimizer: str) -> str:
    """Return the rule's name without where it comes from: `scratch/adam` is an `adam`."""
    return optimizer.rsplit("/", 1)[-1]


def _with_spares(names: Iterable[str], colors: Mapping[str, str], spare: Iterable[str]) -> dict[str, str]:
    bases = {name: base_name(name) for name in names}
    free = cycle(spare)
    drawn = {base: next(free) for base in sorted(set(bases.values()) - set(colors))}
    return {name: colors.get(base) or drawn[base] for name, base in bases.items()}


def _lines(pairs: pd.DataFrame, colors: Mapping[str, str]) -> dict[str, Line]:
    if pairs["optimizer"].nunique() == 1 and len(pairs) > 1:
        # One optimizer throughout: its colour would tell nothing, so that the labels get an ordered palette.
        palette = sns.color_palette("viridis", len(pairs) + 1).as_hex()
        return {
            str(label): Line(palette[index], DASHES[index % len(DASHES)])
            for index, label in enumerate(pairs["label"])
        }
    lines: dict[str, Line] = {}
    mixed = pairs["optimizer"].str.startswith("scratch/").nunique() > 1
    for optimizer, labels in pairs.groupby("optimizer", sort=False)["label"]:
        scratch = mixed and str(optimizer).startswith("scratch/")
        for index, label in enumerate(labels):
            color = _shade(colors[str(optimizer)], index, len(labels))
            lines[str(label)] = Line(color, DASHES[(index + scratch) % len(DASHES)])
    return lines


def _shade(color: str, index: int, of: int) -> str:
    """Return the colour itself for the first label, then towards white, a little over half-way at most."""
    towards = 0.55 * index / max(of - 1, 1)
    red, green, blue = (channel + (1 - channel) * towards for channel in to_rgb(color))
    return to_hex((red, green, blue))
