"""Tables of a report: numbers of a sweep as frames to save, and as text to print on a page."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from study.figures.base import Context
from study.figures.style.words import bracket, from_to, metric_name, number
from study.figures.table import Table
from study.frames import SweepFrames
from study.report.lead import Verdict
from study.stats import intervals
from study.stats.scale import resolution
from study.stats.summary import DIGITS, by_rank
from study.tracking import names

AGAINST = "against the first"
"""The column of verdicts."""


def write_points(sweep: SweepFrames, path: Path) -> int:
    """Write every recorded point as Parquet, and return how many there are.

    Columns `label`, `optimizer`, `seed`, `metric`, `step`, `value`.
    """
    count, kinds = 0, pd.CategoricalDtype(sorted(sweep.recorded.metrics))
    with ExitStack() as opened:
        writer: pq.ParquetWriter | None = None
        for run_ids in sweep.recorded.parts:
            points = sweep.recorded.read(run_ids, None).astype({"metric": kinds})
            named = sweep.beside(points, "label", "optimizer", "seed")
            columns = named[["label", "optimizer", "seed", "metric", "step", "value"]]
            table = pa.Table.from_pandas(columns, preserve_index=False)
            writer = writer or opened.enter_context(pq.ParquetWriter(path, table.schema))
            writer.write_table(table)
            count += len(points)
    return count


def facts(sweep: SweepFrames, values: int) -> Mapping[str, str]:
    """Return what a reader asks first: how many runs, seeds, values, and how many ended badly."""
    runs = sweep.runs
    diverged, still = (int((runs["status"] == how).sum()) for how in (names.DIVERGED, names.NO_PROGRESS))
    seeds = runs.groupby("label", observed=True)["seed"].nunique()
    counted = {"run": len(runs), "setting": len(seeds)}
    return {
        **{name if count == 1 else f"{name}s": f"{count:,}" for name, count in counted.items()},
        "seed" if seeds.max() == 1 else "seeds": from_to(seeds),
        **({} if sweep.trials.empty else {"trials": f"{_trials(sweep.trials):,}"}),
        "values recorded": f"{values:,}",
        "diverged": f"{diverged:,}" if diverged else "none",
        **({"without progress": f"{still:,}"} if still else {}),
    }


def _trials(trials: pd.DataFrame) -> int:
    return len(trials[["group", "trial"]].drop_duplicates())


def summary_table(context: Context, summary: pd.DataFrame, verdict: Verdict | None = None) -> Table:
    """Return the summary, best first; fields, and runs without progress, are a column where there are any.

    Where a setting was compared with the first of its field, the verdict on it stands beside its median.
    """
    firsts = first_of_field(summary)
    told = {label: verdict(label, first) if verdict else "" for label, first in firsts.items()}
    counts = ["runs", "diverged", *(["no_progress"] if summary["no_progress"].any() else [])]
    apart = [key for key in ("rank", "field") if key in summary and summary[key].any()]
    interval = intervals.name(summary["runs"], context.bootstrap.confidence)
    rows = [
        {
            **{key: str(row[key]) for key in apart}, "setting": str(row["label"]),
            **{count.replace("_", " "): str(row[count]) for count in counts},
            "median": number(row["median"], DIGITS),
            interval: bracket(row["low"], row["high"]) if row["runs"] > 1 else "none",
            **({AGAINST: told[str(row["label"])] or "–"} if any(told.values()) else {}),
        }
        for row in by_rank(summary).to_dict("records")
    ]  # fmt: skip
    title = metric_name(context.value)
    note = f"Median of the {title}; {context.interval}. {_ranks(summary)}{_at_the_floor(context)}"
    return Table(title[0].upper() + title[1:], rows, note, frozenset({"field", "setting", AGAINST}))


def first_of_field(summary: pd.DataFrame) -> dict[str, str]:
    """Return for each label the first of its field, on which its verdict is; nothing where none is ranked."""
    if "rank" not in summary:
        return {}
    best = by_rank(summary).drop_duplicates("field").set_index("field")["label"].astype(str)
    return {str(row["label"]): best[row["field"]] for row in summary.to_dict("records")}


def _at_the_floor(context: Context) -> str:
    """Say how runs count that end as low as their number type can tell, where any do."""
    runs = context.runs
    if context.value != names.EXCESS or not (runs[names.EXCESS] <= resolution(runs)).any():
        return ""
    return (
        " An excess below what the number type of the loss resolves (8 units of the floor's last place) counts as "
        "just that much: such runs are at the floor, and tie."
    )


def _ranks(summary: pd.DataFrame) -> str:
    """Say what a rank is, and what it is not."""
    if "rank" not in summary:
        return "In the order of the sweep: these settings are shown, and not ranked against each other."
    if len(summary) == 1:
        return ""
    several = summary["field"].nunique() > 1
    within = "Ranks are within a field, which has one problem and one budget. " if several else ""
    equal = "Medians that are equal in the digits shown share a rank; "
    return f"{within}{equal}a rank alone does not say that a difference is real."
