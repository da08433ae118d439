"""The numbers of a sweep: as frames to save, and as tables of text to print on a page."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from study.figures.style import Style
from study.figures.style.words import interval_and_seeds, metric_name, most_seeds, number
from study.frames import SweepFrames
from study.report.pages import Table
from study.report.plan import Plan
from study.stats.paired import Protocol, compare_pairs
from study.stats.pairing import refusal

MOST_PAIRED = 8  # labels, 28 pairs: more would be a wall of numbers
LEAST_SEEDS = 6  # the signed-rank test cannot reach p = 0.05 on fewer


def curve_points(sweep: SweepFrames) -> pd.DataFrame:
    """Return every recorded point: `label`, `optimizer`, `seed`, `metric`, `step`, `value`."""
    named = sweep.points.merge(sweep.runs[["run_id", "label", "optimizer", "seed"]], on="run_id")
    return named[["label", "optimizer", "seed", "metric", "step", "value"]]


def facts(sweep: SweepFrames) -> Mapping[str, str]:
    """Return what a reader asks first: how many runs, seeds, points, and how many diverged."""
    runs = sweep.runs
    diverged = int((runs["status"] == "diverged").sum())
    counted = {"run": len(runs), "setting": runs["label"].nunique(), "seed": runs["seed"].nunique()}
    return {
        **{name if count == 1 else f"{name}s": f"{count:,}" for name, count in counted.items()},
        "values recorded": f"{len(sweep.points):,}",
        "diverged": f"{diverged:,}" if diverged else "none",
    }


def summary_table(sweep: SweepFrames, plan: Plan, style: Style, summary: pd.DataFrame) -> Table:
    """Return the summary, best first."""
    rows = [
        {
            "rank": str(row["rank"]), "setting": str(row["label"]), "runs": str(row["runs"]),
            "diverged": str(row["diverged"]), "median": number(row["median"], 4),
            f"{100 * plan.confidence:g}% interval": (
                _bracket(row["low"], row["high"]) if row["runs"] > 1 else "none"
            ),
        }
        for row in summary.sort_values(["rank", "label"]).to_dict("records")
    ]  # fmt: skip
    note = (
        f"Median of the {metric_name(plan.value)}; {interval_and_seeds(style, sweep.runs)}. "
        "Equal medians share a rank; a rank alone does not say that a difference is real."
    )
    title = metric_name(plan.value)
    return Table(title[0].upper() + title[1:], rows, note, frozenset({"setting"}))


def pair_tables(sweep: SweepFrames, plan: Plan) -> list[Table]:
    """Return the table of all pairs, or none where it is not asked for or would have too many rows."""
    labels = sweep.runs["label"].nunique()
    if not (plan.pairs and 2 <= labels <= MOST_PAIRED and most_seeds(sweep.runs) >= LEAST_SEEDS):
        return []
    start = sweep.runs["initial_eval_loss"] - sweep.runs["floor"]
    margin = plan.equivalence * float(start.median())
    protocol = Protocol(margin, plan.confidence, plan.resamples, plan.seed)
    pairs = compare_pairs(sweep.runs, value=plan.value, protocol=protocol)
    rows = [_pair_row(row, protocol) for row in pairs.to_dict("records")]
    words = frozenset({"compared", "the first is"})
    return [Table("Pair by pair", rows, _pair_note(sweep, plan, protocol), words)]


def _pair_row(row: Mapping[Hashable, Any], protocol: Protocol) -> Mapping[str, str]:
    more = row["more_seeds"]
    seeds = f", {more:,.0f} more seeds would tell" if np.isfinite(more) else ""
    return {
        "compared": f"{row['first']} − {row['second']}",
        "n": str(row["n"]),
        "difference": number(row["difference"]),
        f"{100 * protocol.confidence:g}% interval": _bracket(row["low"], row["high"], 3),
        "P(first lower)": f"{row['improvement']:.2f}",
        "p (Holm)": f"{row['p_holm']:.1e}" if row["p_holm"] < 0.001 else f"{row['p_holm']:.3f}",
        "the first is": f"{row['verdict']}{seeds}",
    }


def _pair_note(sweep: SweepFrames, plan: Plan, protocol: Protocol) -> str:
    why = refusal(sweep.runs)
    how = (
        f"Not paired, because {why}: difference of interquartile means, each sample resampled on its own, "
        "Mann-Whitney test"
        if why else
        "Paired by seed (the receipts of data, start and order agree): interquartile mean of the differences, "
        "seeds resampled, Wilcoxon signed-rank test"
    )  # fmt: skip
    return (
        f"First minus second, {metric_name(plan.value)}: below 0 the first is better. {how}; percentile "
        f"bootstrap, {protocol.resamples} resamples; p-values with Holm's correction over all pairs. Better or "
        f"worse: interval and test exclude 0. Equivalent: the interval lies within ±{number(protocol.margin)}, "
        f"{100 * plan.equivalence:g}% of the loss at the start above the floor. Unresolved: neither; the number "
        "of further seeds is what a difference of that size needs at 80% power."
    )


def _bracket(low: float, high: float, digits: int = 4) -> str:
    return f"[{number(low, digits)}, {number(high, digits)}]"
