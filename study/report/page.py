"""A page of figures and tables: report.md and index.html, from one set of contents."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.colors import to_hex

from study.figures.style import MOST_NAMED, Style
from study.report.gallery import Picture
from study.report.render import render
from study.report.vector import colors_of, variable

LEAST_TEXT = 11
"""Pixels of a figure's smallest letter: where a screen is narrower than that asks for, the figure is scrolled."""

_NONE: Mapping[str, Any] = {
    "notices": [], "missing": None, "first": None, "leading": 1, "chips": [], "settings": {}, "runs": None,
    "index": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chip:
    """An entry of the legend that holds for all figures of a page: a setting, or all those of one optimizer."""

    name: str
    covers: Sequence[str]  # labels
    color: str


def chips_of(style: Style) -> list[Chip]:
    """Return the legend of a sweep: a chip for each label, or where these are too many one for each optimizer."""
    owners = {label: line.optimizer for label, line in style.lines.items()}
    if len(owners) <= 2 * MOST_NAMED or len(set(owners.values())) == 1:
        return [Chip(label, [label], to_hex(line.color)) for label, line in style.lines.items()]
    return [
        Chip(name, [label for label, owner in owners.items() if owner == name], to_hex(style.colors[name]))
        for name in dict.fromkeys(owners.values())
    ]


def write_page(page: Mapping[str, Any], folder: Path, *, narrow: float) -> None:
    """Write a page of figures and tables into a folder, as report.md and as index.html.

    Args:
        page: by the names that the templates of a report use; of what it does not name it has none.
        folder: that is there, with the files that the page links to.
        narrow: inches; two figures up to it share a row of the page.
    """
    whole = {**_NONE, **page}
    markdown = render("report/templates/report.md.j2", page=whole)
    first = whole["first"] and {
        "told": whole["first"].told,
        "pictures": list(map(_drawn, whole["first"].pictures)),
    }
    pictures = [_drawn(picture) for picture in whole["pictures"]]
    every = [*(first["pictures"] if first else ()), *pictures]
    named = [element for picture in every for _, element in picture["elements"]]
    chips = [
        {"name": chip.name, "covers": chip.covers, "color": f"var({variable(chip.color)})"}
        for chip in whole["chips"]
    ]
    colors = colors_of([*named, *(chip["color"] for chip in chips)])
    contents = {**whole, "first": first, "pictures": pictures, "chips": chips, "colors": colors}
    html = render("report/templates/index.html.j2", page=contents, narrow=narrow)
    (folder / "report.md").write_text(markdown, encoding="utf-8")
    (folder / "index.html").write_text(html, encoding="utf-8")


def _drawn(picture: Picture) -> dict[str, Any]:
    """Return what the page says of a picture."""
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:bold )?([\d.]+)px", picture.svg)]
    seen = list(zip(*(view.choices for view in picture.views), strict=True))
    return {
        "file": picture.file,
        "name": picture.name,
        "caption": picture.caption,
        "width": picture.width,
        "least": round(picture.width * 72 * LEAST_TEXT / min(sizes, default=LEAST_TEXT)),
        "elements": picture.elements,
        "switches": [
            {"name": switch.name, "words": [word for word in switch.choices.values() if word in seen[index]]}
            for index, switch in enumerate(picture.switches)
        ],
        "shown": picture.views[0].choices,
        "stands": picture.stands,
    }
