"""What a report gives its figures, in small, and a figure drawn from it."""

from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.text import Text

from study.figures.base import Chart, Context
from study.figures.style import Style, theme
from study.frames import SweepFrames
from study.stats.bootstrap import Bootstrap

COLORS = {"sgd": "#0072B2", "adam": "#D55E00"}
SPARE = ["#332288", "#882255", "#117733"]


def context_of(sweep: SweepFrames, *, value: str = "last_epoch_loss", resamples: int = 200) -> Context:
    """Return what the figures of one report may use."""
    return Context(
        sweep, Style.of(sweep.runs, colors=COLORS, spare=SPARE), Bootstrap(resamples=resamples), value
    )


def drawn(chart: Chart[Any], context: Context) -> Figure:
    """Return a figure, laid out as it would be saved."""
    with mpl.rc_context(theme()):
        figure = chart.draw(chart.compute(context), context)
        figure.draw_without_rendering()
    return figure


def said(chart: Chart[Any], context: Context) -> str:
    """Return a figure's caption."""
    return chart.caption(chart.compute(context), context)


def texts(figure: Figure) -> list[str]:
    """Return every text on the sheet."""
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]
