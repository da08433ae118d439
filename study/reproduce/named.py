"""What is to be reproduced: runs by their ids, or those that a page or a figure stands on. No torch here."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from study.config.pages import FILE, REPORTS, figures
from study.config.paths import ROOT
from study.errors import InvalidInput, one_of

_ID = re.compile(r"[0-9a-f]{6,32}", re.IGNORECASE)
_PICTURES = (".svg", ".png", ".pdf")


@dataclass(frozen=True, slots=True)
class Page:
    """The runs of a page, or of one of its figures.

    Attributes:
        shown: what it is called: `headline/loss_curves`.
        experiment: the MLflow experiment that they are in.
        runs: the job's hash of each, by the run's id.
        labels: what each one's setting is called there, likewise.
    """

    shown: str
    experiment: str
    runs: Mapping[str, str]
    labels: Mapping[str, str]


def split(words: Sequence[str]) -> tuple[list[str | Page], list[str]]:
    """Return what is to be reproduced, ids and their beginnings as they are, and the overrides.

    Raises:
        InvalidInput: nothing is named, or what is no id, page or figure.
    """
    overrides = [word for word in words if "=" in word and _place(word) is None]
    named = [word for word in words if word not in overrides]
    if not named:
        raise InvalidInput(
            "what to reproduce must be named, as in `study reproduce headline/loss_curves`, or by run ids"
        )
    return [word.lower() if _ID.fullmatch(word) else _page(word) for word in named], overrides


def _page(word: str) -> Page:
    place = _place(word)
    if place is None:
        pages = ", ".join(name for name in figures() if "/" not in name)
        raise InvalidInput(
            "what to reproduce must be a run's id (6 hexadecimal digits of it, or more), <page>/<figure>, or a file "
            f"or folder of a report, got {word!r}; pages with {FILE}: {pages or 'none'}"
        )
    folder, figure = place
    if not (folder / FILE).is_file():
        raise InvalidInput(f"{folder} must have {FILE}, got none; `make report` or `study report` writes it")
    return _read(folder, figure)


def _place(word: str) -> tuple[Path, str] | None:
    """Return the folder of a page, and the name of its figure or nothing; the first that has the runs' file."""
    found = [place for base in (Path.cwd(), ROOT, REPORTS) for place in _places(base / word)]
    return next((place for place in found if (place[0] / FILE).is_file()), found[0] if found else None)


def _places(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the page that a path may mean: its own folder, or that of its figure."""
    if path.is_dir():
        yield path, ""
    elif path.name in ("index.html", "report.md", FILE) and path.is_file():
        yield path.parent, ""
    elif path.suffix in _PICTURES or path.parent.resolve() not in (Path.cwd(), ROOT, REPORTS):
        folder = path.parent.resolve()
        folder = folder.parent if folder.name == "figures" else folder
        if folder.is_dir():
            yield folder, path.name.removesuffix(path.suffix if path.suffix in _PICTURES else "")


def _read(folder: Path, figure: str) -> Page:
    """Return the runs of a page's figure, of the whole page for no name."""
    file = folder / FILE
    try:
        tree = json.loads(file.read_text(encoding="utf-8"))
        experiment = str(tree["experiment"])
        rows = [(str(row["run_id"]), str(row["job"]), str(row["label"])) for row in tree["runs"]]
        stands = {
            str(name): rows if places is None else [rows[place] for place in places]
            for name, places in tree["figures"].items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        told = f"{type(error).__name__}: {error}"
        raise InvalidInput(
            f"{file} must be as `study report` writes it, got {told}; make the report again"
        ) from error
    if figure and figure not in stands:
        raise InvalidInput(one_of(f"a figure of {folder.name}", figure, stands))
    some = stands[figure] if figure else rows
    if not some:
        raise InvalidInput(
            f"{file} must name runs of {figure or 'the page'}, got none; make the report again"
        )
    shown = f"{folder.name}/{figure}" if figure else folder.name
    return Page(shown, experiment, {row[0]: row[1] for row in some}, {row[0]: row[2] for row in some})
