"""Labels of rows and columns: the optimizer in focus stands out, long texts become short."""

import re
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes

FOCUS = "#0072B2"


def name_rows(axes: Axes, labels: Sequence[str], *, first: float, focus: str | None) -> None:
    """Write a label beside each row, the one in focus in bold and behind a pointer.

    Args:
        axes: to whose left they stand.
        labels: in the order of the rows.
        first: height of the first row; the next is 1 from it.
        focus: the label that stands out, if one does.
    """
    shown = [f"▸ {label}" if label == focus else label for label in labels]
    axes.set_yticks([first + row for row in range(len(labels))], shown)
    axes.tick_params(axis="y", length=0)
    for label, text in zip(labels, axes.get_yticklabels(), strict=True):
        text.set_fontweight("bold" if label == focus else "normal")


def shortened(text: str, most: int) -> str:
    """Return a text in so many letters: whole, or up to a comma or semicolon, or up to a word and an ellipsis.

    Example:
        >>> shortened("rare features; a learning rate for each coordinate reaches them", 30)
        'rare features'
        >>> shortened("the spectrum of a deep network's Hessian, with noise from sampling", 30)
        'the spectrum of a deep …'
    """
    if len(text) <= most:
        return text
    ends = [match.start() for match in re.finditer("[,;:.]", text) if match.start() <= most]
    return text[: ends[-1]] if ends else textwrap.shorten(text, most, placeholder=" …")
