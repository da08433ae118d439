"""What the tests of the pictures share: the study's look, what is saved, what the artists say."""

import io
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.figures.style import theme

EXPOSES = {
    "ellipsoid": "conditioning, which a rate for each parameter can undo",
    "rosenbrock": "a curved valley",
    "digits": "convex, many classes",
    "saddle": "the escape from a strict saddle",
    "plateau": "vanishing gradients",
}
LONGEST = {f"ill_conditioned_net{index}": "ill-conditioning, not convex" for index in range(20)}


def themed(draw: Callable[[], Figure]) -> Figure:
    """Return a figure as a command draws it."""
    with mpl.rc_context(theme()):
        return draw()


def saved(draw: Callable[[], Figure]) -> bytes:
    """Return the SVG of a figure."""
    target = io.BytesIO()
    with mpl.rc_context(theme()):
        draw().savefig(target, format="svg", metadata={"Date": None}, dpi=110)
    return target.getvalue()


def is_whole(draw: Callable[[], Figure]) -> bool:
    """Whether all of a figure lies on its sheet."""
    with mpl.rc_context(theme()):
        figure = draw()
        figure.draw_without_rendering()
        box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    return bool(min(box.x0, box.y0) >= 0 and box.x1 <= width and box.y1 <= height)


def marked(axes: Axes, *shapes: str) -> dict[float, Line2D]:
    """Return the marks of some shapes by the height of their row."""
    lines = [line for line in axes.get_lines() if line.get_marker() in shapes]
    return {place(line)[1]: line for line in lines}


def place(dot: Line2D) -> tuple[float, float]:
    """Return where a single mark stands."""
    ((x, y),) = np.asarray(dot.get_xydata(), dtype=float).tolist()
    return x, y


def told(axes: Axes, kind: type[Artist]) -> list[str]:
    """Return the texts of some kind in the axes."""
    return [text.get_text() for text in axes.texts if type(text) is kind]
