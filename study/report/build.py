"""Frames and a plan in, a folder of files out."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from study.config.pages import FILE, REPORTS
from study.figures.base import Context
from study.figures.style import Style
from study.figures.style.words import contained, listed, runs_of
from study.frames import SweepFrames
from study.report.beside import Beside
from study.report.folder import replacing, require_own
from study.report.gallery import Picture, draw_all, write_pictures
from study.report.lead import lead
from study.report.notices import missing_table, notices
from study.report.page import chips_of, write_page
from study.report.plan import Plan, automatic
from study.report.sources import every_run, runs_file, stand_on
from study.report.tables import facts, summary_table, write_points
from study.report.verdicts import compared, pair_table, verdict_of
from study.stats.receipts import alike

LONGEST = 80  # characters of a folder's name, which some file systems bound to 255 bytes
NARROW = 6.5  # inches: two figures up to it share a row of the page
MOST_FIRST = 30  # settings whose table stands before the figures; that of more is data, and stands after them
PROVENANCE = {
    "command": "command", "sweep": "sweep", "git_commit": "commit", "versions": "versions", "device": "device",
    "sources": "classes from outside", "started": "trained",
}  # fmt: skip


def place_of(sweep: SweepFrames) -> Path:
    """Return `reports/<experiment>/`, or `reports/<experiment>+<overrides>/`, which never covers the plain one."""
    return REPORTS / folder_name("+".join([sweep.experiment, *sweep.overrides]))


def folder_name(text: str) -> str:
    """Return a text as a folder's name: short, of plain characters, and another for each other text.

    >>> folder_name("headline+optimizer.lr=100")
    'headline+optimizer.lr=100'
    """
    plain = re.sub(r"[^\w.=,+-]", "_", text, flags=re.ASCII).lstrip(".")[:LONGEST]
    if plain and plain == text:
        return plain
    return f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class Written:
    """A report that was written: of what, the sentence that opens it, what must be known first, and its files."""

    experiment: str
    lead: str
    notices: list[str]
    files: list[Path]


def build(
    sweep: SweepFrames, plan: Plan, folder: Path, *, again: str, first: Beside | None = None
) -> Written:
    """Write the report of `sweep` into `folder`, whole or not at all; made again of the same, byte for byte the same.

    Args:
        sweep: all that the report may know.
        plan: what it holds.
        folder: its place; an earlier report there is replaced.
        again: the commands that train and report the same, a line each.
        first: what stands before all else.

    Raises:
        InvalidInput: a figure cannot be drawn from this sweep, or `folder` holds what is not the study's.
    """
    require_own(folder, key="report.out")
    style = Style.of(sweep.runs, colors=plan.colors, spare=plan.spare)
    context = Context(sweep, style, plan.bootstrap, plan.value, plan.rank)
    summary = context.summarise()
    pictures = draw_all(automatic(sweep.runs) if plan.figures is None else plan.figures, context)
    pairs = compared(sweep, plan)
    untuned = "As shipped, " if plan.beside is not None and not sweep.overrides else ""
    opening = untuned + lead(context, verdict_of(pairs, plan))
    page = _page(context, plan, summary, pictures, pairs) | {"lead": opening, "again": again, "first": first}
    page["index"] = "../index.html" if folder.parent == REPORTS else None
    with replacing(folder, key="report.out") as fresh:
        write_pictures([*(first.pictures if first else ()), *pictures], fresh)
        (fresh / FILE).write_text(runs_file(sweep, pictures), encoding="utf-8")
        if sweep.info.get("config"):
            (fresh / "config.yaml").write_text(sweep.info["config"], encoding="utf-8")
        summary.to_csv(fresh / "summary.csv", index=False, float_format="%.10g")
        if pairs is not None:
            pairs.to_csv(fresh / "pairs.csv", index=False, float_format="%.10g")
        page["facts"] = facts(sweep, write_points(sweep, fresh / "curves.parquet"))
        write_page(page, fresh, narrow=NARROW)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return Written(sweep.experiment, opening, notices(sweep), files)


def _page(
    context: Context,
    plan: Plan,
    summary: pd.DataFrame,
    pictures: list[Picture],
    pairs: pd.DataFrame | None,
) -> dict[str, object]:
    """Return what both pages say: templates decide how it looks."""
    sweep = context.sweep
    return {
        "title": plan.title,
        "eyebrow": f"Experiment {sweep.experiment}",
        "paragraphs": [part.strip() for part in plan.text.split("\n\n") if part.strip()],
        "notices": notices(sweep),
        "missing": missing_table(sweep),
        "how_to_read": _how_to_read(context),
        "tables": [
            summary_table(context, summary, verdict_of(pairs, plan)),
            *([] if pairs is None else [pair_table(pairs, context, plan)]),
            *(table for picture in pictures for table in picture.tables),
        ],
        "leading": 0 if len(summary) > MOST_FIRST else 1 if pairs is None else 2,
        "chips": chips_of(context.style),
        "settings": {label: line.optimizer for label, line in context.style.lines.items()},
        "pictures": [stand_on(picture, sweep) for picture in pictures],
        "runs": every_run(sweep, [picture.file for picture in pictures]),
        "provenance": {PROVENANCE[key]: sweep.info[key] for key in PROVENANCE if sweep.info.get(key)},
        "source": "what the tracking store remembers",
        "beside": {
            "report.md": "",
            "summary.csv": "",
            **({} if pairs is None else {"pairs.csv": ""}),
            "curves.parquet": "(every recorded point)",
            FILE: "(which runs each figure stands on)",
            **({"config.yaml": "(as it was composed)"} if sweep.info.get("config") else {}),
        },
    }


def _how_to_read(context: Context) -> str:
    counts = runs_of(context.runs)
    if counts.max() == 1:
        return (
            "A number stands for one run: there is one seed, so no interval, and nothing is said about others. "
            "Lower is better. A diverged run is not left out: it counts as infinite."
        )
    return (
        f"A number stands for one setting over its seeds: the median, and its interval in brackets. "
        f"{contained(counts, context.bootstrap.confidence)}. Lower is better. A diverged run is not left out: it "
        f"counts as infinite.{_shared(context.runs)}"
    )


def _shared(runs: pd.DataFrame) -> str:
    """Say what settings have in common at a seed, as far as the receipts tell; nothing where they share no seed."""
    same = alike(runs)
    if not same or runs["label"].nunique() == 1 or runs.groupby("seed")["label"].nunique().max() == 1:
        return ""
    return (
        f" Two settings whose intervals overlap may still differ: at a seed that both have, they meet the same "
        f"{listed(same)}, so compare them seed by seed."
    )
