"""Pages of a report, HTML and Markdown, from one set of contents: templates decide how they look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from study.report.gallery import Picture
from study.report.render import render

NARROW = 6.5  # inches: two figures up to it share a row


@dataclass(frozen=True, slots=True)
class Table:
    """A table as text.

    Args:
        title: what is compared.
        rows: one mapping per row, from column name to text; all with the same keys.
        note: n, interval and method.
        words: the columns that hold words, not numbers.
    """

    title: str
    rows: Sequence[Mapping[str, str]]
    note: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Contents:
    """What both pages say.

    Args:
        title: of the report.
        experiment: its name.
        paragraphs: the question.
        notices: what a reader must know before any number: overrides, what is missing, what crashed.
        missing: asked, present and missing seeds by setting, None where nothing is missing.
        facts: numbers a reader asks first, by name.
        how_to_read: one sentence on medians, intervals and divergence.
        tables: numbers.
        pictures: figures with captions.
        provenance: command, commit, sweep, versions, ..., by name.
        again: the commands that make the report again.
    """

    title: str
    experiment: str
    paragraphs: Sequence[str]
    notices: Sequence[str]
    missing: Table | None
    facts: Mapping[str, str]
    how_to_read: str
    tables: Sequence[Table]
    pictures: Sequence[Picture]
    provenance: Mapping[str, str]
    again: str


def html_page(contents: Contents) -> str:
    """Return one self-contained HTML page: no script, nothing loaded from elsewhere."""
    return render("report/templates/index.html.j2", page=contents, narrow=NARROW, element=_element)


def markdown_page(contents: Contents) -> str:
    """Return the page for GitHub, which links the pictures beside it."""
    return render("report/templates/report.md.j2", page=contents)


def _element(picture: Picture) -> Markup:
    """Return the picture as an element; its SVG is Matplotlib's own and needs no escaping."""
    if (svg := picture.inline) is not None:
        return Markup(svg)
    return Markup('<img alt="{}" src="data:image/png;base64,{}">').format(picture.file, picture.base64)
