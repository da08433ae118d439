"""The phase diagram: rate of convergence over ηλ and momentum, with the boundary that theory draws."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from seaborn import color_palette

MEASURED, THEORY = "#0072B2", "#D55E00"
_DIVERGES = "#e9e4e1"
_LEVELS = dict.fromkeys((0.3, 0.5), "white") | dict.fromkeys(
    (0.7, 0.9), "#20262e"
)  # legible on their rate's colour


def draw_grid(grid: pd.DataFrame) -> Figure:
    """Return one map per rule of a measured grid, and above them its lowest row, gradient descent."""
    figure = Figure(figsize=(10, 7.6))
    panels: Mapping[str, Axes] = figure.subplot_mosaic(
        [["GD", "GD"], ["heavy ball", "NAG"]], height_ratios=(1, 2)
    )
    _draw_descent(panels["GD"], grid[(grid["momentum"] == 0) & (grid["rule"] == "heavy ball")])
    meshes = [_draw_map(panels[str(rule)], cells) for rule, cells in grid.groupby("rule", sort=False)]
    panels["heavy ball"].set_ylabel("momentum β")
    maps = [panels["heavy ball"], panels["NAG"]]
    bar = figure.colorbar(
        meshes[0], ax=maps, label="measured rate |x$_{t+1}$| / |x$_t$|", extend="max", aspect=30
    )
    bar.ax.set_yticks(np.arange(0, 1.01, 0.2))
    return figure


def _draw_descent(axes: Axes, row: pd.DataFrame) -> None:
    axes.axvspan(row["boundary"].iloc[0], 4, color=_DIVERGES, linewidth=0)
    axes.axhline(1, color="#5b6472", linewidth=0.8)
    axes.plot(row["eta_lambda"], row["theory"], color=THEORY, label="theory: |1 - ηλ|")
    axes.plot(row["eta_lambda"], row["measured"], ".", color=MEASURED, markersize=5, label="measured")
    axes.axvline(row["boundary"].iloc[0], color="black", linestyle="--", linewidth=1.6)
    axes.set(title="gradient descent (β = 0)", xlabel="ηλ", ylabel="rate", xlim=(0, 4), ylim=(0, 2))
    axes.text(2.06, 0.12, "diverges from ηλ = 2")
    axes.legend(loc="upper left")


def _draw_map(axes: Axes, cells: pd.DataFrame) -> QuadMesh:
    measured, theory = (
        cells.pivot(index="momentum", columns="eta_lambda", values=rate) for rate in ("measured", "theory")
    )
    edge = cells.drop_duplicates("momentum")
    a, beta = measured.columns.to_numpy(), measured.index.to_numpy()
    colours = color_palette("mako", as_cmap=True).with_extremes(over=_DIVERGES)
    mesh = axes.pcolormesh(
        a, beta, measured, cmap=colours, vmin=0, vmax=1, shading="nearest", rasterized=True
    )
    lines = axes.contour(a, beta, theory, levels=list(_LEVELS), colors=list(_LEVELS.values()), linewidths=0.9)
    axes.clabel(lines, fmt="%g", fontsize=8)
    axes.plot(edge["boundary"], edge["momentum"], color="black", linestyle="--", linewidth=1.6)
    axes.set(title=cells["rule"].iloc[0], xlabel="ηλ", xlim=(0, 4), ylim=(0, beta.max()))
    axes.text(0.98, 0.04, "diverges", transform=axes.transAxes, ha="right")
    axes.grid(visible=False)
    return mesh
