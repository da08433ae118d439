"""Pictures of a calibration: every simulation against its bound, and verdicts that grow certain with seeds."""

from collections.abc import Mapping
from typing import Any  # a row of a frame

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from study.certify.calibrate.counts import AT_LEAST
from study.certify.calibrate.promises import PROMISES
from study.certify.calibrate.real import REAL
from study.certify.calibrate.sequences import GROWING
from study.stats.verdicts import (
    BETTER,
    EQUIVALENT,
    LESS,
    MORE,
    NOT_AT_THIS_N,
    OPEN,
    UNRESOLVED,
    VERDICTS,
    WORSE,
)

_KEPT, _BROKEN, _ALL = "#0072B2", "#D55E00", "#20262e"
_COLORS: Mapping[str, str] = {
    NOT_AT_THIS_N: "#ffffff", UNRESOLVED: "#dfe2e6", EQUIVALENT: "#7a8b99",
    BETTER + LESS: "#9fd0e8", BETTER + OPEN: "#4a9bc7", BETTER + MORE: "#0b5c8a",
    WORSE + LESS: "#f7cfa8", WORSE + OPEN: "#e88f4b", WORSE + MORE: "#b04e0f",
}  # fmt: skip


def draw_bounds(table: pd.DataFrame, all_: pd.DataFrame) -> Figure:
    """Return one row per claim: by how much each simulation, and all of them together, err beyond what is promised.

    Args:
        table: as `counted` returns it.
        all_: as `together` does.
    """
    figure = Figure(figsize=(9, 0.5 * len(all_) + 1.2))
    axes = figure.subplots()
    axes.axvline(0, color=_BROKEN, linewidth=2)
    for place, row in enumerate(all_.to_dict("records")):
        own = (table["promise"] == row["promise"]) & (table["claim"] == row["claim"])
        cases = table[own].dropna(subset="bound")
        beyond, heights = _beyond(cases), place + (np.arange(len(cases)) % 7 - 3) / 12
        kept = cases["kept"].to_numpy(dtype=bool)
        axes.scatter(beyond[kept], heights[kept], s=10, color=_KEPT, alpha=0.5, linewidth=0)
        axes.scatter(beyond[~kept], heights[~kept], s=26, color=_BROKEN, marker="X", linewidth=0)
        middle, room = _beyond(pd.DataFrame([row])), 200 * row["error"]
        axes.errorbar(middle, place, xerr=room, fmt="D", color=_ALL, markersize=4.5, linewidth=1.4)
    axes.set(xlabel="errors, in percentage points beyond what is promised", ylim=(len(all_) - 0.4, -0.6))
    axes.set_yticks(range(len(all_)), [_title(row) for row in all_.to_dict("records")])
    figure.suptitle(
        "dots: one simulation each; diamonds: all of a row together, ± 2 standard errors", fontsize=9
    )
    return figure


def draw_growing(table: pd.DataFrame) -> Figure:
    """Return the shares of all verdicts by the number of seeds, one panel for each true difference."""
    return _draw_shares(table[table["promise"] == GROWING], columns=4, size=(11.0, 3.6))


def draw_real(table: pd.DataFrame) -> Figure:
    """Return the same for each pair of the headline's optimizers."""
    real = table[table["promise"] == REAL].sort_values("pairs", ascending=False, kind="stable")
    return _draw_shares(real, columns=4, size=(11.0, 6.0))


def _draw_shares(table: pd.DataFrame, *, columns: int, size: tuple[float, float]) -> Figure:
    panels = list(table.groupby("population", sort=False))
    columns = min(columns, len(panels))
    figure = Figure(figsize=size)
    grid = figure.subplots(-(-len(panels) // columns), columns, squeeze=False, sharex=True, sharey=True)
    for axes, (name, cases) in zip(grid.flat, panels, strict=False):
        _stack(axes, cases.pivot(index="n", columns="claim", values="share"))
        axes.set_title(str(name))
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    for axes in grid[-1]:
        axes.set_xlabel("seeds")
    seen = [verdict for verdict in VERDICTS if table.loc[table["claim"] == verdict, "hits"].any()]
    handles, labels = grid[0, 0].get_legend_handles_labels()
    shown = [(handle, label) for handle, label in zip(handles, labels, strict=True) if label in seen]
    figure.legend(*zip(*shown, strict=True), loc="outside lower center", ncols=min(len(shown), 5))
    return figure


def _stack(axes: Axes, shares: pd.DataFrame) -> None:
    order = list(_COLORS)
    axes.stackplot(
        shares.index, *(shares[verdict] for verdict in order), labels=order, colors=_COLORS.values(),
        edgecolor="#5b6472", linewidth=0.3,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(
        shares.index[:: 1 + len(shares) // 6], [str(n) for n in shares.index[:: 1 + len(shares) // 6]]
    )
    axes.set(xlim=(shares.index.min(), shares.index.max()), ylim=(0, 1))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(visible=False)


def _beyond(cases: pd.DataFrame) -> np.ndarray:
    """Return percentage points: below 0 a promise is kept with room to spare."""
    sign = np.where(cases["side"] == AT_LEAST, -100, 100)
    return np.asarray(sign * (cases["share"] - cases["bound"]), dtype=float)


def _title(row: Mapping[Any, Any]) -> str:
    return f"{list(PROMISES).index(str(row['promise'])) + 1}. {row['promise']}:\n{row['claim']}"
