"""Index of all pages in a folder of reports: index.html and README.md, from what the pages themselves say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from study.errors import InvalidInput
from study.report.render import render

MARK = "<!-- Written by `make report EXPERIMENT=all`, which replaces it. -->"
"""First line of a README.md that is ours to replace."""

_FIRST = "headline"
_TITLE, _PICTURE = re.compile(r"^# (.+)$", re.MULTILINE), re.compile(r"^!\[[^]]*\]\(([^)]+)\)", re.MULTILINE)
_AGAIN = re.compile(r"To make it again:\n+```\n(.+?)\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the index.

    Attributes:
        place: its folder, below that of the index.
        text: its Markdown file.
        page: its HTML file, or the Markdown where it has none.
        title: its heading.
        answer: the sentence that opens it.
        picture: the first of its figures, "" where it has none.
        again: the command that makes it, "" where it does not say.
    """

    place: str
    text: str
    page: str
    title: str
    answer: str
    picture: str
    again: str


def entries(folder: Path) -> tuple[list[Entry], list[Entry]]:
    """Return the pages of experiments, the headline first, and the other pages that lie in a folder."""
    found = [_entry(folder, path) for path in _pages(folder)]
    reports = [entry for entry in found if entry.text.endswith("report.md")]
    reports.sort(key=lambda entry: (entry.place != _FIRST, "/" in entry.place, entry.place))
    return reports, [entry for entry in found if entry not in reports]


def write_index(folder: Path, *, readme: bool) -> list[Path]:
    """Write the index of a folder of reports, and return its files.

    Args:
        folder: that holds the folders of pages.
        readme: whether README.md is written too, and not only index.html.

    Raises:
        InvalidInput: there is a README.md that somebody else wrote.
    """
    reports, others = entries(folder)
    kinds = {"index.html": "index_of_all.html.j2"} | ({"README.md": "index_of_all.md.j2"} if readme else {})
    own = folder / "README.md"
    if readme and own.exists() and not own.read_text(encoding="utf-8").startswith(MARK):
        raise InvalidInput(
            f"{own} must be the study's own to be replaced by an index of all reports, got one that does not begin "
            f"with {MARK}; move it away"
        )
    for name, template in kinds.items():
        text = render(f"report/templates/{template}", reports=reports, others=others, mark=MARK)
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in kinds]


def _pages(folder: Path) -> Iterator[Path]:
    """Yield the pages in a folder, by their place: each folder's report.md, or the README.md of one that has none."""
    for pattern in ("*", "*/*"):
        for inner in sorted(path for path in folder.glob(pattern) if path.is_dir()):
            page = next(
                (inner / name for name in ("report.md", "README.md") if (inner / name).is_file()), None
            )
            if page is not None:
                yield page


def _entry(folder: Path, path: Path) -> Entry:
    text, place = path.read_text(encoding="utf-8"), path.parent.relative_to(folder).as_posix()
    title, picture, again = (pattern.search(text) for pattern in (_TITLE, _PICTURE, _AGAIN))
    html = (path.parent / "index.html").is_file()
    return Entry(
        place=place,
        text=f"{place}/{path.name}",
        page=f"{place}/index.html" if html else f"{place}/{path.name}",
        title=title[1] if title else place,
        answer=_answer(text),
        picture=f"{place}/{picture[1]}" if picture else "",
        again=again[1].strip() if again else "",
    )


def _answer(text: str) -> str:
    """Return the first paragraph below a page's heading, without its emphasis."""
    parts = [part.strip() for part in text.partition("\n# ")[2].split("\n\n")[1:]] or text.split("\n\n")[1:]
    first = next((part for part in parts if part and part[0] not in "#|!<>`-"), "")
    return " ".join(re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", first).replace("**", "").split())
