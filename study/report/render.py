"""Pages from Jinja templates, Markdown and HTML, and the one way to write a Markdown table."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape


def render(template: str, **contents: object) -> str:
    """Return a template with its names filled in; what goes into HTML is escaped.

    Args:
        template: its path below study/, as in `report/templates/report.md.j2`.
        contents: by the names that the template uses. One that is missing is an error.
    """
    return _environment().get_template(template).render(contents)


def markdown_table(rows: Sequence[Mapping[str, str]], words: Collection[str] | None = None) -> str:
    """Return a table in Markdown, words to the left and numbers to the right; nothing where there is no row.

    Args:
        rows: by the names of the columns, which all rows share.
        words: the columns of words; None for all.

    Example:
        >>> print(markdown_table([{"rule": "sgd", "n": "25"}], words=["rule"]))
        | rule | n |
        |:--|--:|
        | sgd | 25 |
    """
    if not rows:
        return ""
    head = list(rows[0])
    rule = [":--" if words is None or name in words else "--:" for name in head]
    return "\n".join([_line(head), f"|{'|'.join(rule)}|", *(_line(row.values()) for row in rows)])


def cell(text: str) -> str:
    """Return a text as it may stand in a cell of a Markdown table."""
    return plain(" ".join(text.split("\n")).replace("|", "\\|"))


def plain(text: object) -> str:
    r"""Return a text for Markdown in which nothing is a tag of HTML; what stands between backticks is none.

    Example:
        >>> print(plain("1 < 2 <script>`<b>`"))
        1 < 2 \<script>`<b>`
    """
    return _TAG.sub(lambda found: found[1] or "\\<", str(text))


_TAG = re.compile(r"(`[^`]*`)|<(?=[A-Za-z/!?])")


def prose(text: str) -> Markup:
    """Return a text for a page of HTML, with what stands in backticks as code.

    >>> prose("a < b: `make sweep`")
    Markup('a &lt; b: <code>make sweep</code>')
    """
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # escaped before


def _line(cells: Collection[str]) -> str:
    return f"| {' | '.join(map(cell, cells))} |"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("study", ""),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["markdown_table"] = markdown_table
    environment.filters |= {"cell": cell, "plain": plain, "prose": prose}
    return environment
