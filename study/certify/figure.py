"""Certify a figure: drawn from tiny sweeps, axes named, nothing cut, n in its caption, its inputs left alone."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from study.certify.check import Broken, Check, Result, check, finding, in_turn, judge, must_hold
from study.certify.sweeps import (
    bowl_sweep,
    grid_sweep,
    parabola_sweep,
    tuned_sweep,
    with_first_label_diverged,
)
from study.errors import InvalidInput
from study.figures.base import Chart, Context
from study.figures.style import Style, theme
from study.frames import SweepFrames
from study.report.plan import figure_plan
from study.stats.bootstrap import Bootstrap
from study.tracking import names

_INTERVALS = ("exact interval", "minimum to maximum", "bootstrap interval", "no interval")
_FRAMES = ("runs", "points", "fits", "data", "trials")
_SPARE = ("#332288", "#882255", "#117733")
_AXES, _PANEL = 0.5, (1.0, 0.6)
"""The share of a sheet that its axes must keep, and the least width and height of a panel, in inches."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure as it was drawn."""

    sweep: str  # from which, in words
    altered: Sequence[str]  # the frames of the sweep that are no longer what they were
    figure: Figure  # laid out as it would be saved
    caption: str
    kept: bool  # whether pyplot holds more figures than before


Sheets = Callable[[], Sequence[Drawn]]


def certify_figure(config: Mapping[str, object]) -> dict[str, Result]:
    """Check one figure: `name`, `_target_` and its options.

    Raises:
        InvalidInput: the figure cannot be made, or wants what no tiny sweep has.
    """
    chart = figure_plan({key: value for key, value in config.items() if key != "name"}).chart
    return examine(chart, sweeps_for(chart))


def sweeps_for(chart: Chart[Any]) -> dict[str, SweepFrames]:
    """Return tiny sweeps that a figure can be drawn from, by what they are.

    Raises:
        InvalidInput: there is none.
    """
    refused, many = [], {"fifteen settings": grid_sweep(optimizers=5, rates=3)}
    for name, sweep, more in (
        ("parabola", parabola_sweep(seeds=3, steps=64), many),
        ("bowl", bowl_sweep(), {}),
        ("tuned", tuned_sweep(), {}),
    ):
        try:
            with suppress(Broken), finding("compute()"):  # what breaks is found again, and said
                chart.compute(_context(sweep))
            return {name: sweep, "one diverged": with_first_label_diverged(sweep), **more}
        except InvalidInput as error:
            refused.append(str(error))
    where = "one of the tiny sweeps of study/certify/sweeps.py"
    raise InvalidInput(f"a figure must be drawn from {where}: {refused[0]}")


def examine(chart: Chart[Any], sweeps: Mapping[str, SweepFrames]) -> dict[str, Result]:
    """Draw a figure from each of some sweeps, and hold it to what every figure must hold."""
    sheets = cache(lambda: tuple(_draw(chart, name, sweep) for name, sweep in sweeps.items()))
    return in_turn(sheets, [_draws], [_inputs, _pyplot, _axes, _sheet, _room, _caption])


@check("draws")
def _draws(sheets: Sheets) -> Result:
    return judge(True, ", ".join(drawn.sweep for drawn in sheets()), "from tiny sweeps, without an error")


def _on_each(name: str, required: str) -> Callable[[Callable[[Drawn], Iterable[str]]], Check[Sheets]]:
    """Make a check of what yields all that is wrong with one drawing."""
    return lambda faults: must_hold(name, required)(
        lambda sheets: (f"{drawn.sweep}: {fault}" for drawn in sheets() for fault in faults(drawn))
    )


def _context(sweep: SweepFrames) -> Context:
    style = Style.of(sweep.runs, colors={}, spare=_SPARE)
    return Context(sweep, style, Bootstrap(resamples=200), names.FINAL_LOSSES[0])


def _draw(chart: Chart[Any], name: str, sweep: SweepFrames) -> Drawn:
    context, before = _context(sweep), {frame: getattr(sweep, frame).copy(deep=True) for frame in _FRAMES}
    held = _held_by_pyplot()
    try:
        with finding(f"{name}: compute()"):
            table = chart.compute(context)
        with finding(f"{name}: caption()"):
            caption = chart.caption(table, context)
        with finding(f"{name}: tables()"):
            chart.tables(table, context)
        with mpl.rc_context(theme()), finding(f"{name}: draw()"):
            figure: object = chart.draw(table, context)
            if not isinstance(figure, Figure) or not figure.axes:
                raise Broken(f"{name}: draw() returns {type(figure).__name__}, not a Figure with axes")
            figure.draw_without_rendering()
    except InvalidInput as error:
        raise Broken(f"{name}: it is refused: {error}") from error
    altered = [frame for frame, values in before.items() if not values.equals(getattr(sweep, frame))]
    return Drawn(name, altered, figure, caption, kept=_held_by_pyplot() > held)


def _held_by_pyplot() -> int:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return 0 if pyplot is None else len(pyplot.get_fignums())


@_on_each("inputs", "all frames as they were, bit by bit")
def _inputs(drawn: Drawn) -> Iterator[str]:
    yield from (f"{frame} are not what they were" for frame in drawn.altered)


@_on_each("pyplot", "not used: it keeps what it makes")
def _pyplot(drawn: Drawn) -> Iterator[str]:
    if drawn.kept:
        yield "pyplot keeps the figure"


@_on_each("axes", "each with a name, that of a logarithmic one with (log scale)")
def _axes(drawn: Drawn) -> Iterator[str]:
    whole = drawn.figure.get_supxlabel(), drawn.figure.get_supylabel()
    for axes in drawn.figure.axes:
        for side, axis, shared in zip("xy", (axes.xaxis, axes.yaxis), whole, strict=True):
            name, ticks = (
                axis.get_label_text() or shared,
                "".join(t.get_text() for t in axis.get_ticklabels()),
            )
            if not name and not any(map(str.isalpha, ticks)):  # words for ticks are a name
                yield f"the {side} axis of a panel has no name"
            elif (axis.get_scale() == "log") != ("(log scale)" in name):
                yield f"the {side} axis of a panel is {axis.get_scale()}, its name is {name!r}"


@_on_each("sheet", "every text on it")
def _sheet(drawn: Drawn) -> Iterator[str]:
    box, (width, height) = drawn.figure.get_tightbbox(), drawn.figure.get_size_inches()
    over = max(-box.x0, -box.y0, box.x1 - width, box.y1 - height)
    if over > 0.01:
        yield f"something lies {over:.2f} inches beside it"


@_on_each("room", "half of the sheet for the axes, no panel smaller than a stamp")
def _room(drawn: Drawn) -> Iterator[str]:
    boxes = [axes.get_position() for axes in drawn.figure.axes]
    whole = Bbox.union(boxes)
    if whole.width * whole.height < _AXES:
        yield f"axes have {whole.width * whole.height:.0%} of it"
    width, height = drawn.figure.get_size_inches() * np.min([box.size for box in boxes], axis=0)
    if width < _PANEL[0] or height < _PANEL[1]:
        yield f"a panel is {width:.1f} x {height:.1f} inches"


@_on_each("caption", "n, the interval by its name or that there is none, a full stop")
def _caption(drawn: Drawn) -> Iterator[str]:
    said = drawn.caption
    if "n = " not in said and "no run" not in said:
        yield 'it does not say "n = ..."'
    if not any(name in said for name in _INTERVALS):
        yield "it does not name the interval, nor say that there is none"
    if not said.endswith("."):
        yield "it does not end with a full stop"
    if "nan" in said:
        yield "it says nan"
