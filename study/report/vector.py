"""Matplotlib's SVG as a page needs it: its text is text, its colours follow the page, its series can be found.

Series are what `study.figures.style.canvas.mark` has named. Each pair of axes says which values its ends stand for,
so that a page can read a value off a line.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as Tree

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from study.figures.style.canvas import FIXED, SERIES
from study.figures.style.contrast import on_dark

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_LINK = f"{{{_XLINK}}}href"
_AXES = "axes:"
_FAMILY = "'DejaVu Sans', Verdana, Geneva, sans-serif"  # Verdana's letters are as wide
_LONG = re.compile(r"-?\d+\.\d{3,}")
_COLOR = re.compile(r"#[0-9a-f]{6}\b", re.IGNORECASE)

Tree.register_namespace("", _SVG)
Tree.register_namespace("xlink", _XLINK)


def name_axes_of(figure: Figure) -> None:
    """Name each pair of axes so that `readable` finds it again; call it before the figure is saved."""
    for index, axes in enumerate(figure.axes):
        axes.set_gid(f"{_AXES}{index}")


def readable(svg: str, figure: Figure) -> str:
    """Return a saved SVG with its series and its axes told in attributes, and coordinates of two decimals.

    Args:
        svg: as Matplotlib has just saved the figure.
        figure: that figure, whose layout is still the one of the SVG.
    """
    root = Tree.fromstring(svg)
    for metadata in root.findall("{*}metadata"):
        root.remove(metadata)
    for element in root.iter():
        named = element.get("id", "")
        if named.startswith(SERIES):
            name, optimizer = json.loads(named.removeprefix(SERIES))
            del element.attrib["id"]  # several marks of one series would share it
            element.attrib |= {"class": "series", "data-name": name, "data-optimizer": optimizer}
        elif named == FIXED:
            del element.attrib["id"]
            element.set("class", "fixed")
        elif named.startswith(_AXES):
            axes = figure.axes[int(named.removeprefix(_AXES))]
            ends = json.dumps(_ends(axes, figure), ensure_ascii=False)
            element.attrib |= {"class": "axes", "data-axes": ends}
        for key in ("d", "x", "y", "transform"):
            if key in element.attrib:
                element.set(key, _LONG.sub(_rounded, element.attrib[key]).replace("\n", " "))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{Tree.tostring(root, encoding="unicode")}\n'


def inline(svg: str, *, name: str, title: str, description: str) -> Markup:
    """Return a `readable` SVG as an element of a page, where it has one name and its colours are the page's.

    Args:
        svg: the picture.
        name: what its ids begin with: no other picture of the page may have it.
        title: what it is, in a few words, for who cannot see it.
        description: what it shows.
    """
    root = Tree.fromstring(svg)
    _told(root, name, title, description)
    fixed = {inner for element in root.iter() if element.get("class") == "fixed" for inner in element.iter()}
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif key == _LINK and value.startswith("#"):
                element.set(key, f"#{name}-{value[1:]}")
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{name}-"))
        if "style" in element.attrib:
            style = element.attrib["style"].replace("'DejaVu Sans'", _FAMILY)
            element.set("style", style if element in fixed else _COLOR.sub(_variable, style))
    for rule in root.findall("{*}defs/{*}style"):  # it would hold for the whole page, whose own has it
        rule.text = ""
    return Markup(Tree.tostring(root, encoding="unicode"))  # Tree has escaped every text


def colors_of(elements: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """Return each colour that elements of a page use: its name there, what it is on a light and on a dark page."""
    used = re.compile(r"var\(--c-([0-9a-f]{6})\)")
    found = sorted({name for element in elements for name in used.findall(element)})
    return {variable(f"#{name}"): (f"#{name}", on_dark(f"#{name}")) for name in found}


def variable(color: str) -> str:
    """Return the name that a colour has in a page, which decides what it is on a dark screen.

    >>> variable("#0072B2")
    '--c-0072b2'
    """
    return f"--c-{color[1:].lower()}"


def _told(root: Tree.Element, name: str, title: str, description: str) -> None:
    for key in ("width", "height"):  # the page decides; its view box keeps the shape
        root.attrib.pop(key, None)
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-desc"}
    for key, text in (("desc", description), ("title", title)):
        element = Tree.Element(f"{{{_SVG}}}{key}", {"id": key})
        element.text = text
        root.insert(0, element)


def _variable(color: re.Match[str]) -> str:
    return f"var({variable(color[0])})"


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _ends(axes: Axes, figure: Figure) -> dict[str, Any]:
    """Return where a pair of axes lies in its picture, in points from the upper left, and what its ends stand for."""
    wide, high = (72 * side for side in figure.get_size_inches())
    box = axes.get_position()
    label_x, label_y = figure.get_supxlabel(), figure.get_supylabel()
    return {
        "box": [round(end, 2) for end in (box.x0 * wide, high - box.y1 * high, box.x1 * wide, high - box.y0 * high)],
        "x": _axis(axes.xaxis, axes.get_xlim(), label_x),
        "y": _axis(axes.yaxis, axes.get_ylim(), label_y),
    }  # fmt: skip


def _axis(axis: Axis, ends: tuple[float, float], shared: str) -> dict[str, Any]:
    """Return an axis's name, without which it counts places and not values, its scale and its ends."""
    name = " ".join((axis.get_label_text() or shared).split()).removesuffix(" (log scale)")
    return {"name": name, "log": axis.get_scale() == "log", "ends": [float(f"{end:.6g}") for end in ends]}
