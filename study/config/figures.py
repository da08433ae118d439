"""Figures as a config lists them: which there are, and what their files let be chosen, read without Matplotlib.

A sweep is refused for a wrong list before it is trained. What a value may be, the figure itself says.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from study.errors import InvalidInput, nearest, one_of
from study.ranges import Range

AUTO = "auto"
_FOLDER = Path(__file__).parents[1] / "figures"
_FILE = Range(
    "a plain file name of letters, digits, - and _, without its suffix",
    lambda value: (
        isinstance(value, str) and re.fullmatch(r"[A-Za-z][\w-]{0,99}", value, re.ASCII) is not None
    ),
)


def figure_names() -> list[str]:
    """Return the figures that `name:` picks: the files of `study.figures` that hold a figure of their name."""
    return sorted(path.stem for path in _FOLDER.glob("*.py") if _options(path.stem) is not None)


def figure_target(name: str) -> str:
    """Return the class of one of our figures.

    Raises:
        InvalidInput: there is none of that name.
    """
    if not re.fullmatch(r"[a-z_]+", name) or _options(name) is None:
        raise InvalidInput(one_of("report.figures' name", name, figure_names()))
    return f"study.figures.{name}.{_class_name(name)}"


def figure_name(class_name: str) -> str:
    """Return what a figure's class is called in YAML.

    >>> figure_name("LossCurves")
    'loss_curves'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()


def require_figures(entries: object) -> None:
    """Refuse a list of figures that no report could draw, as far as that is seen without drawing.

    Raises:
        InvalidInput: it is no list, or an entry is no figure, has an option too many, or another's file.
    """
    if entries == AUTO:
        return
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise InvalidInput(
            f"report.figures must be {AUTO} or a list of {{name: ..., <options>}}, got {entries!r}"
        )
    files = [require_figure(entry).lower() for entry in entries]  # some systems take A.png and a.png for one
    for file in files:
        if files.count(file) > 1:
            raise InvalidInput(f"report.figures must differ in `file`, got {file!r} twice")


def require_figure(entry: object) -> str:
    """Refuse an entry of `report.figures` that names no figure; return the file that it is written to."""
    if not isinstance(entry, Mapping) or ("name" in entry) == ("_target_" in entry):
        raise InvalidInput(
            "an entry of report.figures must be {name: <one of ours>, <options>} or {_target_: <a class of yours>, "
            f"<options>}}, got {entry!r}"
        )
    target = str(entry.get("_target_") or figure_target(str(entry["name"])))
    name = figure_name(target.rpartition(".")[2])
    _FILE.require(f"{name}.file", file := entry.get("file", name))
    known = _options(str(entry["name"])) if "name" in entry else None
    if known is not None:
        _require_options(name, target, known, map(str, entry.keys() - {"name", "file"}))
    return str(file)


def _require_options(name: str, target: str, known: Sequence[str], given: Iterable[str]) -> None:
    for option in sorted(given):
        if option not in known:
            takes = f"{', '.join(known)}{nearest(option, known)}"
            raise InvalidInput(f"{name}.{option} is not known to {target}, which takes {takes}")


@cache
def _options(name: str) -> tuple[str, ...] | None:
    """Return the options of one of our figures, the fields of its class; None where its file holds no such class."""
    path = _FOLDER / f"{name}.py"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    body = text.partition(f"\nclass {_class_name(name)}(Chart[")[2]
    if not body:
        return None
    fields = re.split(r"\n    (?:@|def )", body)[0].rpartition('"""')[2]  # what follows the docstring
    return tuple(re.findall(r"^    (\w+):", fields, flags=re.M))


def _class_name(name: str) -> str:
    return "".join(map(str.capitalize, name.split("_")))
