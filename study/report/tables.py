"""Tables of a report: numbers of a sweep as frames to save, and as text to print on a page."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from study.figures.base import Context
from study.figures.style.words import bracket, from_to, metric_name, most_seeds, number
from study.figures.table import Table
from study.frames import SweepFrames
from study.report.plan import Plan
from study.stats import intervals
from study.stats.bootstrap import Bootstrap
from study.stats.paired import compare_pairs, why_unpaired
from study.stats.summary import DIGITS, by_rank
from study.tracking import names

MOST_PAIRED = 8  # labels, 28 pairs: more would be a wall of numbers
LEAST_SEEDS = 6  # the signed-rank test cannot reach p = 0.05 on fewer


def curve_points(sweep: SweepFrames) -> pd.DataFrame:
    """Return every recorded point: `label`, `optimizer`, `seed`, `metric`, `step`, `value`."""
    named = sweep.points.merge(sweep.runs[["run_id", "label", "optimizer", "seed"]], on="run_id")
    return named[["label", "optimizer", "seed", "metric", "step", "value"]]


def facts(sweep: SweepFrames) -> Mapping[str, str]:
    """Return what a reader asks first: how many runs, seeds, points, and how many ended badly."""
    runs = sweep.runs
    diverged, still = (int((runs["status"] == how).sum()) for how in (names.DIVERGED, names.NO_PROGRESS))
    seeds = runs.groupby("label", observed=True)["seed"].nunique()
    counted = {"run": len(runs), "setting": len(seeds)}
    return {
        **{name if count == 1 else f"{name}s": f"{count:,}" for name, count in counted.items()},
        "seed" if seeds.max() == 1 else "seeds": from_to(seeds),
        "values recorded": f"{len(sweep.points):,}",
        "diverged": f"{diverged:,}" if diverged else "none",
        **({"without progress": f"{still:,}"} if still else {}),
    }


def summary_table(context: Context, summary: pd.DataFrame) -> Table:
    """Return the summary, best first; fields, and runs without progress, are a column where there are any."""
    counts = ["runs", "diverged", *(["no_progress"] if summary["no_progress"].any() else [])]
    apart = [key for key in ("rank", "field") if key in summary and summary[key].any()]
    interval = intervals.name(summary["runs"], context.bootstrap.confidence)
    rows = [
        {
            **{key: str(row[key]) for key in apart}, "setting": str(row["label"]),
            **{count.replace("_", " "): str(row[count]) for count in counts},
            "median": number(row["median"], DIGITS),
            interval: bracket(row["low"], row["high"]) if row["runs"] > 1 else "none",
        }
        for row in by_rank(summary).to_dict("records")
    ]  # fmt: skip
    title = metric_name(context.value)
    note = f"Median of the {title}; {context.interval}. {_ranks(summary)}"
    return Table(title[0].upper() + title[1:], rows, note, frozenset({"field", "setting"}))


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


def pair_tables(context: Context, plan: Plan) -> list[Table]:
    """Return the table of all pairs, or none where it is not asked for or would have too many rows."""
    runs = context.sweep.runs
    if not (plan.pairs and 2 <= runs["label"].nunique() <= MOST_PAIRED and most_seeds(runs) >= LEAST_SEEDS):
        return []
    margin = plan.equivalence * float((runs[names.INITIAL_EVAL_LOSS] - runs[names.FLOOR]).median())
    pairs = compare_pairs(runs, value=context.value, margin=margin, bootstrap=context.bootstrap)
    rows = [_pair_row(row, context.bootstrap) for row in pairs.to_dict("records")]
    note = _pair_note(context, margin=margin, share=plan.equivalence)
    return [Table("Pair by pair", rows, note, frozenset({"compared", "the first is"}))]


def _pair_row(row: Mapping[Hashable, Any], bootstrap: Bootstrap) -> Mapping[str, str]:
    more = row["more_seeds"]
    seeds = f", {more:,.0f} more seeds would tell" if np.isfinite(more) else ""
    return {
        "compared": f"{row['first']} − {row['second']}",
        "n": str(row["n"]),
        "difference": number(row["difference"]),
        f"{bootstrap.percent} interval": bracket(row["low"], row["high"], 3),
        "P(first lower)": f"{row['improvement']:.2f}",
        "p (Holm)": f"{row['p_holm']:.1e}" if row["p_holm"] < 0.001 else f"{row['p_holm']:.3f}",
        "the first is": f"{row['verdict']}{seeds}",
    }


def _pair_note(context: Context, *, margin: float, share: float) -> str:
    why = why_unpaired(context.sweep.runs)
    how = (
        "Paired by seed (the receipts of data, start and order agree): interquartile mean of the differences, "
        "seeds resampled, Wilcoxon signed-rank test"
        if why is None else
        f"Not paired, because {why}: difference of interquartile means, each sample resampled on its own, "
        "Mann-Whitney test"
    )  # fmt: skip
    return (
        f"First minus second, {metric_name(context.value)}: below 0 the first is better. {how}; percentile "
        f"bootstrap, {context.bootstrap.resamples} resamples; p-values with Holm's correction over all pairs. Better "
        f"or worse: interval and test exclude 0. Equivalent: the interval lies within ±{number(margin)}, "
        f"{100 * share:g}% of the loss at the start above the floor. Unresolved: neither; the number "
        "of further seeds is what a difference of that size needs at 80% power."
    )
