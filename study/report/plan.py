"""What a report is to hold: the `report` node of the config, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from study.errors import InvalidInput, one_of

VALUES = ("last_epoch_loss", "final_eval_loss", "excess")


@dataclass(frozen=True, slots=True)
class FigurePlan:
    """One figure: which, under which file name, with which options of its own."""

    name: str
    file: str
    options: Mapping[str, Any]  # Any: each figure's own keywords, which its signature checks


@dataclass(frozen=True, slots=True)
class Plan:
    """One report.

    Args:
        title: of the page.
        text: the question, in plain paragraphs.
        figures: in their order on the page.
        sweep: one sweep of the experiment by its id, or None for all.
        out: the folder that is written; None = `reports/<experiment>`.
        value: the summary value that the tables compare.
        pairs: whether all pairs of labels are compared.
        equivalence: half-width of the region of practical equivalence, as a share of the loss at the start
            above the floor.
        confidence: of all intervals, in (0, 1).
        resamples: of all bootstraps.
        seed: of all bootstraps.
        colors: of the optimizers that have one.
        spare: the colours of the others.
    """

    title: str
    text: str
    figures: tuple[FigurePlan, ...]
    sweep: str | None
    out: Path | None
    value: str
    pairs: bool
    equivalence: float
    confidence: float
    resamples: int
    seed: int
    colors: Mapping[str, str]
    spare: tuple[str, ...]

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> "Plan":
        """Return the plan of a resolved `report` node.

        Raises:
            InvalidInput: a figure that does not exist, or a value out of its range.
        """
        _check(node)
        figures = tuple(_figure(entry) for entry in node["figures"])
        names = [figure.file for figure in figures]
        for name in names:
            if names.count(name) > 1:
                raise InvalidInput(f"report.figures must differ in `file`, got {name!r} twice")
        out = Path(node["out"]) if node["out"] else None
        return cls(**{**node, "figures": figures, "out": out, "spare": tuple(node["spare"])})


def figure_names() -> list[str]:
    """Return the figures of a sweep there are: the files of `study.figures` with a `draw`, none imported."""
    modules = (entry for entry in files("study.figures").iterdir() if entry.name.endswith(".py"))
    return sorted(
        entry.name.removesuffix(".py") for entry in modules if "\ndef draw(" in entry.read_text("utf-8")
    )


def _figure(entry: object) -> FigurePlan:
    if not isinstance(entry, Mapping) or "name" not in entry:
        raise InvalidInput(f"an entry of report.figures must be {{name: ..., <options>}}, got {entry!r}")
    name, valid = str(entry["name"]), figure_names()
    if name not in valid:
        raise InvalidInput(one_of("report.figures' name", name, valid))
    options = {str(key): value for key, value in entry.items() if key not in ("name", "file")}
    return FigurePlan(name, str(entry.get("file", name)), options)


def _check(node: Mapping[str, Any]) -> None:
    if node["value"] not in VALUES:
        raise InvalidInput(one_of("report.value", node["value"], VALUES))
    if not (isinstance(node["confidence"], float) and 0 < node["confidence"] < 1):
        raise InvalidInput(f"report.confidence must be a number in (0, 1), got {node['confidence']!r}")
    if not (isinstance(node["equivalence"], (int, float)) and node["equivalence"] >= 0):
        raise InvalidInput(f"report.equivalence must be a number >= 0, got {node['equivalence']!r}")
    for key, least in (("resamples", 100), ("seed", 0)):
        if not (isinstance(node[key], int) and node[key] >= least):
            raise InvalidInput(f"report.{key} must be a whole number >= {least}, got {node[key]!r}")
