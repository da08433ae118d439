"""Budgets: a final loss against the epochs trained, who is first at each, and where two change places."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator
from typing_extensions import override

from study.figures.base import Chart, Context, Value
from study.figures.style import INK
from study.figures.style.canvas import limits, mark
from study.figures.style.contrast import legible
from study.figures.style.layout import ROW, Layout
from study.figures.style.words import diverged_of, from_to, interval_name, metric_name, number, some
from study.figures.table import Table
from study.stats.crossings import crossings, signs_along
from study.stats.response import respond

_X = "epochs"
_LETTER = 0.062  # inches, of a name above the axes


@dataclass(frozen=True)
class Order:
    """What is drawn and said."""

    value: str
    response: pd.DataFrame  # of study.stats.response, along the epochs
    signs: pd.DataFrame  # of study.stats.crossings
    crossings: pd.DataFrame


@dataclass(frozen=True)
class Budgets(Chart[Order]):
    """Median and band of a final loss against the budget, a line per optimizer; its order, and what crosses.

    Every budget is a run of its own, trained for so many epochs: no point is read off a longer run.

    Args:
        value: the summary value; by default the report's.
    """

    value: Value = None

    @override
    def compute(self, context: Context) -> Order:
        value, confidence = self.value or context.value, context.bootstrap.confidence
        signs = signs_along(context.runs, x=_X, value=value, confidence=confidence)
        response = respond(context.runs, x=_X, value=value, confidence=confidence)
        return Order(value, response, signs, crossings(signs, x=_X))

    @override
    def draw(self, table: Order, context: Context) -> Figure:
        response = table.response
        optimizers = dict(zip(response["line"], response["optimizer"], strict=True))
        layout = Layout.of(context.style.lines_of(optimizers), wide=True)
        layout.plot(response, by="line", x=_X, y="median", lw=1.6, marker="o", ms=3.5)
        low, high = limits(response[["median", "low"]].to_numpy().ravel(), log=True)
        at = sorted(map(float, response[_X].unique()))
        for axes in layout.axes:
            axes.set(ylim=(low, high), xlim=(0.9 * at[0], at[-1] / 0.9))
        if layout.has_legend:
            layout.make_room(len(layout.lines))
            _write_orders(layout, response, at)
            for crossing in table.crossings.to_dict("records"):
                _mark(layout.axes[0], crossing, response)
        layout.name(x=_X, y=metric_name(table.value), log_x=True, log_y=True)
        for axes in layout.axes:
            axes.xaxis.set_major_locator(FixedLocator(at))
        return layout.figure

    @override
    def caption(self, table: Order, context: Context) -> str:
        counts, tests = table.response["runs"], len(table.signs)
        n = f"n = {from_to(counts)} {'seed' if counts.max() == 1 else 'seeds'} a point"
        confidence = context.bootstrap.confidence
        bands = f"bands: {interval_name(counts, confidence)}" if counts.max() > 1 else "no interval"
        test = (
            f" Told: Wilcoxon's signed-rank test at the same seeds, the level of {1 - confidence:.2g} split over all "
            f"{tests} tests."
        )
        rings = (
            " A ring: where the medians cross, dotted where it is not told." if len(table.crossings) else ""
        )
        return (
            f"{_claim(table)}. Lines: medians of the {metric_name(table.value)}, each budget a run of its own; "
            f"{bands}; {n}.{rings}{test if tests else ''}{diverged_of(context.runs)}"
        )

    @override
    def tables(self, table: Order, context: Context) -> Sequence[Table]:
        rows = [
            {"epochs": f"{at:g}", "order": _in_order(part, table.signs[table.signs[_X] == at])}
            for at, part in table.response.groupby(_X)
        ]
        note = (
            f"By the median {metric_name(table.value)}, lowest first, within each budget: between budgets nothing "
            "is ranked. Of each two neighbours, a < b where the shared seeds tell that a is lower, a ~ b where not."
        )
        return [Table("Order at each budget", rows, note, frozenset({"order"}))]


def _claim(table: Order) -> str:
    """Say which lines change places, and of which the seeds do not tell it."""
    if table.response[_X].nunique() == 1:
        return "There is one budget, at which nothing can change places"
    told, others = (table.crossings[table.crossings["told"] == known] for known in (True, False))
    claims = [_told(row) for row in told.to_dict("records")]
    claim = some(claims) if claims else "No two change places as far as the seeds tell"
    beside = [f"{row['passing']} and {row['passed']} {_between(row)}" for row in others.to_dict("records")]
    return f"{claim}. Crossing not told: {some(beside)}" if beside else claim


def _told(row: Mapping[Hashable, Any]) -> str:
    return f"{row['passing']} passes {row['passed']} {_between(row)}"


def _between(row: Mapping[Hashable, Any]) -> str:
    return f"between {number(row['low'])} and {number(row['high'])} epochs"


def _in_order(part: pd.DataFrame, signs: pd.DataFrame) -> str:
    """Return the lines of one budget from the lowest median on, with what is told of each two neighbours."""
    names = list(map(str, part.sort_values("median", kind="stable")["line"]))
    lower = {
        (row["first"], row["second"])[:: -row["told"]] for row in signs.to_dict("records") if row["told"]
    }
    return names[0] + "".join(f" {'<' if two in lower else '~'} {two[1]}" for two in pairwise(names))


def _write_orders(layout: Layout, response: pd.DataFrame, at: Sequence[float]) -> None:
    """Write above each budget the lines from the lowest median on, where their names have room beside each other."""
    axes, longest = layout.axes[0], max(map(len, layout.lines))
    left, right = axes.get_xlim()
    gaps = np.diff(np.log(at)) / np.log(right / left) * (layout.figure.get_figwidth() - 1)
    if gaps.min(initial=np.inf) < _LETTER * longest:
        return
    for budget, part in response.groupby(_X):
        names = part.sort_values("median", kind="stable")["line"]
        for place, name in enumerate(reversed(names.tolist())):
            told = axes.annotate(
                name, (budget, 1), xycoords=("data", "axes fraction"), fontsize=7.5, ha="center", va="center",
                xytext=(0, 6 + ROW * place), textcoords="offset points", color=legible(layout.lines[name].color),
            )  # fmt: skip
            mark(told, name, layout.lines[name].optimizer)


def _mark(axes: Axes, crossing: Mapping[Hashable, Any], response: pd.DataFrame) -> None:
    """Ring the place where the medians of two lines cross, dotted where the seeds do not tell it."""
    medians = response.pivot(index=_X, columns="line", values="median")
    medians = medians.loc[crossing["low"] : crossing["high"]]
    # a median that is infinite, or not above 0, has no place
    with np.errstate(divide="ignore", invalid="ignore"):
        passing, passed = (
            np.log(medians[crossing[who]].to_numpy(dtype=float)) for who in ("passing", "passed")
        )
        apart, at = passing - passed, np.log(medians.index.to_numpy(dtype=float))
    k = int((apart <= 0).argmax())
    if k and np.isfinite(apart[k - 1 : k + 1]).all():
        share = apart[k - 1] / (apart[k - 1] - apart[k])
        x, y = (np.exp((1 - share) * along[k - 1] + share * along[k]) for along in (at, passing))
        style = "-" if crossing["told"] else ":"
        axes.scatter(
            [x], [y], s=230, facecolors="none", edgecolors=INK, linewidths=1.3, linestyles=style, zorder=5
        )
