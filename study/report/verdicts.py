"""Verdicts of a report: every pair of settings, as a frame to save and as a table to print."""

import math
from collections.abc import Hashable, Mapping
from typing import Any  # a row of a frame

import numpy as np
import pandas as pd

from study.figures.base import Context
from study.figures.style.words import bracket, listed, metric_name, most_seeds, number
from study.figures.table import Table
from study.frames import SweepFrames
from study.report.lead import Verdict
from study.report.plan import Plan
from study.stats.paired import MOST_PAIRED, Rule, compare_pairs
from study.stats.power import MOST_SEEDS
from study.stats.scale import LOG_RATIO
from study.stats.verdicts import NOT_AT_THIS_N, UNRESOLVED, in_words, mirrored
from study.tracking import names

TITLE = "Pair by pair"

_WORDS = frozenset({"compared", "pairing", "the first is"})


def compared(sweep: SweepFrames, plan: Plan) -> pd.DataFrame | None:
    """Return all pairs of settings, None where they are not asked for, too many, or of one seed."""
    labels = sweep.runs["label"].nunique()
    if not plan.pairs or not 2 <= labels <= MOST_PAIRED or most_seeds(sweep.runs) < 2:
        return None
    return compare_pairs(sweep.runs, Rule(plan.value, plan.margin, plan.bootstrap, looks=looks_of(sweep)))


def verdict_of(pairs: pd.DataFrame | None, plan: Plan) -> Verdict:
    """Return what says the verdict on a first setting against a second; nothing where they were not compared."""
    known: dict[tuple[str, str], str] = {}
    for row in [] if pairs is None else pairs.to_dict("records"):
        told = in_words(row["verdict"], _margin(row, plan))
        known[str(row["first"]), str(row["second"])] = told
        known[str(row["second"]), str(row["first"])] = mirrored(told)
    return lambda first, second: known.get((first, second), "")


def looks_of(sweep: SweepFrames) -> int:
    """Return at how many numbers of seeds the sweep may be looked at: the level is split among them."""
    return int(sweep.info.get("looks", "1"))


def pair_table(pairs: pd.DataFrame, context: Context, plan: Plan) -> Table:
    """Return the table of all pairs; without rows, and why, where nothing says how large a difference is."""
    if pairs.empty:
        none = (
            "No two settings have one problem and one budget, or this loss has no known floor and no margin."
        )
        return Table(TITLE, [], f"Not compared. {none}", _WORDS)
    failures = bool(pairs[["failed_first", "failed_second"]].any(axis=None))
    shown = listed(
        sorted({"ratio" if name == LOG_RATIO else "difference" for name in pairs["scale"]}, reverse=True)
    )
    rows = [_row(row, plan, shown, failures=failures) for row in pairs.to_dict("records")]
    return Table(TITLE, rows, _note(pairs, context, plan, failures=failures), _WORDS)


def _row(row: Mapping[Hashable, Any], plan: Plan, shown: str, *, failures: bool) -> Mapping[str, str]:
    ratio = row["scale"] == LOG_RATIO
    center, low, high = (np.exp(row[k]) if ratio else row[k] for k in ("estimate", "low", "high"))
    told = {
        "compared": f"{row['first']} against {row['second']}",
        "n": str(row["n"]),
        shown: number(center),
        "interval": bracket(low, high, 3),
        "P(first lower)": f"{row['improvement']:.2f}",
        "p (Holm)": f"{row['p_holm']:.1e}" if row["p_holm"] < 0.001 else f"{row['p_holm']:.3f}",
        "pairing": _pairing(row),
    }
    if failures:
        told["failed"] = f"{row['failed_first']:.0%} / {row['failed_second']:.0%}, p {row['p_failed']:.2g}"
    return {**told, "the first is": _verdict(row, plan)}


def _pairing(row: Mapping[Hashable, Any]) -> str:
    if not row["paired"]:
        return "unpaired"
    return f"{row['variance_ratio']:.3g}×" if np.isfinite(row["variance_ratio"]) else "paired"


def _verdict(row: Mapping[Hashable, Any], plan: Plan) -> str:
    """Return the verdict in words, and what would change it where it is not final."""
    verdict = in_words(row["verdict"], _margin(row, plan))
    fails = row["failed_first"] - row["failed_second"]
    if row["verdict"] == UNRESOLVED and fails:
        side = "first" if fails > 0 else "second"
        return f"{verdict}: the {side} fails more often"
    if row["verdict"] not in (UNRESOLVED, NOT_AT_THIS_N) or math.isnan(row["seeds_to_tell"]):
        return verdict
    tell, tie = (_seeds(row[key]) for key in ("seeds_to_tell", "seeds_to_tie"))
    return f"{verdict}; {tell} seeds would tell {_margin(row, plan)}, {tie} show a tie"


def _seeds(count: float) -> str:
    return f"{count:,.0f}" if np.isfinite(count) else f"more than {MOST_SEEDS:,}"


def _margin(row: Mapping[Hashable, Any], plan: Plan) -> str:
    return f"a factor of {plan.margin:g}" if row["scale"] == LOG_RATIO else number(row["margin"])


def _note(pairs: pd.DataFrame, context: Context, plan: Plan, *, failures: bool) -> str:
    share = context.bootstrap.percent
    looks = looks_of(context.sweep)
    split = f", {looks} looks at them" if looks > 1 else ""
    over = "of one pair" if len(pairs) == 1 else f"over {len(pairs)} pairs"
    ways = []
    if pairs["paired"].any():
        ways.append(
            "seed by seed, where both settings have the seed (interquartile mean of the differences, seeds "
            "resampled, Wilcoxon signed-rank test)"
        )
    if not pairs["paired"].all():
        ways.append(
            "as independent samples, where they do not (difference of interquartile means, Mann-Whitney test)"
        )
    failed = (
        " Failed: the share of runs that diverged or made no progress, and McNemar's p (Fisher's where unpaired): "
        "who fails more often is not called better, nor the other's equal."
        if failures
        else ""
    )
    return (
        f"{_scales(pairs, context, plan)} Compared {listed(ways)}. Intervals: percentile bootstrap, "
        f"{context.bootstrap.resamples:,} resamples, stretched for few seeds as Student's t is; all of them together "
        f"hold the true values with {share} confidence ({over}{split}); p with Holm's correction. "
        f"Better or worse: interval and test exclude no difference; by more, or by less, than the margin where "
        f"interval and tests are beyond, or within it. Equivalent: two one-sided tests place the difference within "
        f"the margin. "
        f"Pairing: by how many times more seeds independent samples would need.{failed}{_looked(context.sweep)}"
    )


def _looked(sweep: SweepFrames) -> str:
    """Say where somebody may have looked before, at fewer seeds, for which these levels do not allow."""
    before = sweep.info.get("looked_before")
    if before is None:
        return ""
    return (
        f" The store holds an earlier sweep of these settings, with {before} seeds: whoever saw its verdicts and "
        "went on has looked more than once, for which the levels here do not allow. A sweep with until=resolved "
        "looks at sizes fixed beforehand, and does."
    )


def _scales(pairs: pd.DataFrame, context: Context, plan: Plan) -> str:
    told = []
    what = metric_name(context.value)
    excess = what if context.value == names.EXCESS else f"excess of the {what} over its floor"
    for scale, rows in pairs.groupby("scale", sort=False):
        if scale == LOG_RATIO:
            told.append(
                f"Ratio: of the {excess}, first over second; below 1 the first is better, "
                f"and a factor of {plan.margin:g} either way is the margin, fixed before the runs; below what its "
                "number type resolves a loss counts as at the floor."
            )
        else:
            margins = listed(sorted({number(margin) for margin in rows["margin"]}))
            told.append(
                f"Difference: of the {what}, first minus second; below 0 the first is better, and {margins} either "
                "way is the margin that the problem's file gives, since no floor is known."
            )
    return " ".join(told)
