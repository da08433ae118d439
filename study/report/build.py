"""Frames and a plan in, a folder of files out."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from study.figures.base import Context
from study.figures.style import Style
from study.figures.style.words import most_seeds
from study.frames import SweepFrames
from study.report.folder import replacing, require_own
from study.report.gallery import Picture, draw_all
from study.report.notices import missing_table, notices
from study.report.pages import Contents, html_page, markdown_page
from study.report.plan import Plan, automatic
from study.report.tables import curve_points, facts, pair_tables, summary_table
from study.stats.paired import why_unpaired
from study.stats.summary import summarise

PROVENANCE = {
    "command": "command", "sweep": "sweep", "git_commit": "commit", "versions": "versions", "device": "device",
    "sources": "classes from outside", "started": "trained",
}  # fmt: skip


def build(sweep: SweepFrames, plan: Plan, folder: Path, *, again: str) -> list[Path]:
    """Write the report of `sweep` into `folder`, whole or not at all; made again of the same, byte for byte the same.

    Args:
        sweep: all that the report may know.
        plan: what it holds.
        folder: its place; an earlier report there is replaced.
        again: the commands that train and report the same, a line each.

    Returns:
        The files written.

    Raises:
        InvalidInput: a figure cannot be drawn from this sweep, or `folder` holds what is not the study's.
    """
    require_own(folder, key="report.out")
    style = Style.of(sweep.runs, colors=plan.colors, spare=plan.spare)
    context = Context(sweep, style, plan.bootstrap, plan.value)
    summary = summarise(sweep.runs, value=plan.value, bootstrap=plan.bootstrap)
    pictures = draw_all(automatic(sweep.runs) if plan.figures is None else plan.figures, context)
    contents = _contents(context, plan, summary=summary, pictures=pictures, again=again)
    with replacing(folder, key="report.out") as fresh:
        _write(fresh, contents, summary=summary, points=curve_points(sweep))
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _contents(
    context: Context, plan: Plan, *, summary: pd.DataFrame, pictures: list[Picture], again: str
) -> Contents:
    sweep = context.sweep
    return Contents(
        title=plan.title,
        experiment=sweep.experiment,
        paragraphs=[part.strip() for part in plan.text.split("\n\n") if part.strip()],
        facts=facts(sweep),
        how_to_read=_how_to_read(sweep, plan),
        tables=[summary_table(context, summary), *pair_tables(context, plan)],
        pictures=pictures,
        notices=notices(sweep),
        missing=missing_table(sweep),
        provenance=_provenance(sweep),
        again=again,
    )


def _how_to_read(sweep: SweepFrames, plan: Plan) -> str:
    if most_seeds(sweep.runs) == 1:
        return (
            "A number stands for one run: there is one seed, so no interval, and nothing is said about others. "
            "Lower is better. A diverged run is not left out: it counts as infinite."
        )
    together = (
        " Two settings whose intervals overlap may still differ: at one seed all meet the same data, start and "
        "minibatches, so compare them seed by seed."
    )
    return (
        f"A number stands for one setting over its seeds: the median, with the {plan.bootstrap.percent} "
        "interval that says where the median would lie if the seeds were drawn again. Lower is better. A "
        f"diverged run is not left out: it counts as infinite.{'' if why_unpaired(sweep.runs) else together}"
    )


def _provenance(sweep: SweepFrames) -> Mapping[str, str]:
    return {title: sweep.info[key] for key, title in PROVENANCE.items() if sweep.info.get(key)}


def _write(folder: Path, contents: Contents, *, summary: pd.DataFrame, points: pd.DataFrame) -> None:
    (folder / "figures").mkdir()
    for picture in contents.pictures:
        (folder / "figures" / f"{picture.file}.svg").write_text(picture.svg, encoding="utf-8")
        (folder / "figures" / f"{picture.file}.png").write_bytes(picture.png)
    summary.to_csv(folder / "summary.csv", index=False, float_format="%.10g")
    points.to_parquet(folder / "curves.parquet", index=False)
    (folder / "report.md").write_text(markdown_page(contents), encoding="utf-8")
    (folder / "index.html").write_text(html_page(contents), encoding="utf-8")
