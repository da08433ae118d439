"""A final loss against one setting, a line per optimizer: learning rates, angles, anything numeric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from study.figures.base import LOG, Chart, Context, Summed, Switch, Value
from study.figures.style import MOST_NAMED
from study.figures.style.canvas import limits, mark
from study.figures.style.contrast import legible
from study.figures.style.layout import ROW, Layout
from study.figures.style.words import (
    bracket,
    diverged_of,
    from_to,
    interval_name,
    listed,
    metric_name,
    number,
    setting_name,
    some,
)
from study.ranges import Positive, Text
from study.stats.best import not_told_from_best
from study.stats.response import good_range, respond


@dataclass(frozen=True, slots=True)
class Answer(Summed):
    """What is drawn: the response, and the settings of each line that are not told from its lowest."""

    best: Mapping[str, list[float]]


@dataclass(frozen=True)
class Response(Chart[Answer]):
    """Median and band of a value along a setting, a line per optimizer; above the axes, how many runs diverged where.

    Args:
        x: a numeric setting of the runs.
        value: the summary value that answers; by default the report's.
        log_x: whether the axis of x is logarithmic; by default where the values span a decade.
        log: whether that of the value is.
        unit: of x, for its label.
        top: upper end of the value's axis; by default what the finite medians need.
    """

    x: Text = "optimizer.lr"
    value: Value = None
    log_x: bool | None = None
    log: bool = True
    unit: Text = ""
    top: Positive | None = None

    @override
    def compute(self, context: Context) -> Answer:
        value = self.value or context.value
        confidence = context.bootstrap.confidence
        response = respond(context.runs, x=self.x, value=value, confidence=confidence)
        best = not_told_from_best(context.runs, x=self.x, value=value, share=1 - confidence)
        return Answer(value, response, best if response["runs"].max() > 1 else {})

    @override
    def draw(self, table: Answer, context: Context) -> Figure:
        response = table.summary
        optimizers = dict(zip(response["line"], response["optimizer"], strict=True))
        layout = Layout.of(context.style.lines_of(optimizers), wide=True)
        layout.plot(response, by="line", x=self.x, y="median", lw=1.6, marker="o", ms=3.5)
        for name, at in ({} if _is_a_fact(self.x) else table.best).items():
            points = response[(response["line"] == name) & response[self.x].isin(at)]
            line, place = layout.lines[name], (points[self.x], points["median"])
            rings = layout.places[name].plot(*place, "o", ms=7.5, mew=1.4, color=line.color, mfc="none")
            mark(rings, name, line.optimizer)
        low, high = limits(response[["median", "low"]].to_numpy().ravel(), log=self.log)
        least, most = response[self.x].min(), response[self.x].max()
        log_x = bool(least > 0 and most >= 10 * least) if self.log_x is None else self.log_x
        for axes in layout.axes:  # also where every run diverged, and no median is drawn
            axes.set(ylim=(low, self.top or high), xlim=limits(response[self.x], log=log_x))
        if layout.has_legend:
            _count_diverged(layout, response, self.x)
        x = setting_name(self.x, self.unit)
        layout.name(x=x, y=metric_name(table.value), log_x=log_x, log_y=self.log)
        return layout.figure

    @override
    def switches(self) -> Sequence[Switch]:
        return (LOG,)

    @override
    def caption(self, table: Answer, context: Context) -> str:
        response, counts = table.summary, table.summary["runs"]
        interval = "n = 1 run a point, so no interval"
        if counts.max() > 1:
            name = interval_name(counts, context.bootstrap.confidence)
            interval = f"bands: {name}; n = {from_to(counts)} seeds a point"
        marks = " ×k above the axes: k runs diverged there." if response["diverged"].any() else ""
        claims = _extent(response) if _is_a_fact(self.x) else _best(response, self.x, table.best)
        rings = (
            ""
            if _is_a_fact(self.x) or not table.best
            else " Rings: not told from the lowest of their line (paired tests, corrected over all pairs of all "
            f"lines; all rings together hold the true best with {context.bootstrap.percent} confidence)."
        )
        absent = sorted(set(context.runs["optimizer"]) - set(response["optimizer"]))
        without = f" Without this setting, and not drawn: {', '.join(absent)}." if absent else ""
        return (
            f"{metric_name(table.value).capitalize()} against the {setting_name(self.x, self.unit)}: {claims}. "
            f"Lines: medians; {interval}.{rings}{diverged_of(context.runs)}{marks}{without}"
        )


def _is_a_fact(x: str) -> bool:
    """Whether a setting is the problem's or the budget, which nobody chooses to be best."""
    return x.startswith(("problem.", "epochs"))


def _best(response: pd.DataFrame, x: str, rivals: Mapping[str, list[float]]) -> str:
    """Say where each line is lowest, where that is in doubt, and from where to where it stays within twice that."""
    ranges = good_range(response, x=x)
    best = response.loc[response.groupby("line", sort=False)["median"].idxmin()]
    claims = [
        f"{row['line']} is lowest at {number(row[x])} ({number(row['median'])} {bracket(row['low'], row['high'], 3)})"
        f"{_rivals(rivals.get(row['line'], []), row[x])}, and within twice that from "
        f"{' to '.join(map(number, ranges[row['line']]))}"
        for row in _fewer(best, "median").to_dict("records")
        if row["line"] in ranges
    ]
    return some(claims) or "every median is infinite"


def _rivals(at: Sequence[float], best: float) -> str:
    """Name the settings that are not told from the best of their line: one of them may be it."""
    others = [number(value) for value in at if value != best]
    return f", not told from {listed(others)}" if others else ""


def _extent(response: pd.DataFrame) -> str:
    """Say between which medians each line moves."""
    ends = _fewer(response.groupby("line", sort=False)["median"].agg(["min", "max"]), "max")
    return some([
        f"{name} {number(low)} {f'to {number(high)}' if high > low * 1.001 else 'throughout'}"
        for name, low, high in ends.itertuples()
    ])  # fmt: skip


def _fewer(lines: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the lines in their order, and of many the least first: they are told, and the others are counted."""
    return lines.sort_values(by, kind="stable") if len(lines) > MOST_NAMED else lines


def _count_diverged(layout: Layout, response: pd.DataFrame, x: str) -> None:
    """Write, above the axes, one row of counts per line that has diverged runs."""
    broken = response[response["diverged"] > 0]
    rows = broken["line"].unique()
    layout.make_room(len(rows))
    for index, name in enumerate(rows):
        for row in broken[broken["line"] == name].to_dict("records"):
            count = layout.axes[0].annotate(
                f"×{row['diverged']}", (row[x], 1), xycoords=("data", "axes fraction"), fontsize=8,
                xytext=(0, 6 + ROW * index), textcoords="offset points", ha="center", va="center",
                color=legible(layout.lines[name].color), fontweight="bold",
            )  # fmt: skip
            mark(count, name, layout.lines[name].optimizer)
