"""The sentence that opens a report: the answer to its question with n and interval, computed from its runs."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from study.figures.base import Context
from study.figures.style.words import bracket, from_to, listed, metric_name, number, some
from study.stats import intervals
from study.stats.response import varied
from study.stats.summary import DIGITS, by_rank
from study.tracking import names

MOST_NAMED = 3  # settings that share a place, beyond which they are counted

Verdict = Callable[[str, str], str]
"""What the tests say of a first label against a second one, as in "better by more than 25%"; "" where nothing."""

Row = Mapping[Hashable, Any]


def lead(context: Context, verdict: Verdict | None = None) -> str:
    """Return who ends lowest among the settings, or what its question asks for instead.

    Of several problems or budgets it is the first of each; of optimizers along a numeric setting, where each ends
    lowest; of one setting, where it ends; and where a report does not rank, where each optimizer ends.

    Args:
        context: of the report.
        verdict: of the first against the next; without one it is said where their intervals overlap.
    """
    summary = by_rank(context.summarise())
    optimizers = context.runs.drop_duplicates("label").set_index("label")["optimizer"]
    summary["optimizer"] = summary["label"].map(optimizers.to_dict())
    what, n = metric_name(context.value), _n(summary, context.bootstrap.confidence)
    if len(summary) == 1:
        said = f"{_one(summary.to_dict('records')[0], context)} {n}"
    elif not context.rank:
        said = f"Where each optimizer ends, unranked: {what} {n}: {_by_optimizer(summary)}"
    elif summary["field"].nunique() > 1:
        said = f"Lowest median {what} within each problem and budget {n}: {_lowest(summary, 'field')}"
    elif varied(context.runs) and summary["optimizer"].nunique() > 1:
        tried = from_to(summary.groupby("optimizer").size())
        said = (
            f"Lowest median {what} of each optimizer's {tried} settings {n}: {_lowest(summary, 'optimizer')}; "
            "each chosen on these same seeds"
        )
    else:
        said = _first(summary, what, n, verdict)
    return f"{said}{_endings(summary)}."


def _one(row: Row, context: Context) -> str:
    """Say where one setting ends, and how far that is above a floor that is not 0."""
    above = context.runs[names.EXCESS].median()
    known = context.value != names.EXCESS and (context.runs[names.FLOOR] > 0).any()
    beyond = f", {number(above, DIGITS)} above the floor" if known else ""
    return f"{row['label']} ends at a median {metric_name(context.value)} of {_value(row)}{beyond}"


def _by_optimizer(summary: pd.DataFrame) -> str:
    """Say where each optimizer ends, or between which of its settings' medians."""
    told = []
    for name, rows in summary.groupby("optimizer", sort=False):
        low, high = (number(float(end), DIGITS) for end in (rows["median"].min(), rows["median"].max()))
        where = f"{low} throughout" if low == high else f"{low} to {high}"
        told.append(f"{name} {where if len(rows) > 1 else _value(rows.to_dict('records')[0])}")
    return some(told)


def _lowest(summary: pd.DataFrame, by: str) -> str:
    """Say who has the lowest median of each field, or of each optimizer, in the order of the summary."""
    told = []
    for name, rows in summary.groupby(by, sort=False):
        least = rows[rows["rank"] == rows["rank"].min()]
        row = least.to_dict("records")[0]
        value = _value(row) if len(least) == 1 else number(row["median"], DIGITS)
        named = _called(least, str(name))
        who = f"{named} {value}" if np.isfinite(row["median"]) else f"none of {len(rows)} is finite"
        told.append(f"{name}: {who}" if by == "field" or np.isinf(row["median"]) else who)
    return some(told)


def _first(summary: pd.DataFrame, what: str, n: str, verdict: Verdict | None) -> str:
    """Say who ends lowest of all settings of one field, and who comes next."""
    ranks = sorted(summary["rank"].unique())
    best = summary[summary["rank"] == ranks[0]]
    first = best.to_dict("records")[0]
    if np.isinf(first["median"]):
        return f"None of {len(summary)} settings has a finite median {what} {n}"
    if len(best) > 1:
        share = f"{_called(best)} share the lowest median {what} of {len(summary)} settings"
        return f"{share}, {number(first['median'], DIGITS)} {n}"
    behind = summary[summary["rank"] == ranks[1]]
    second = behind.to_dict("records")[0]
    if len(behind) > 1:
        following = f"{_called(behind)}, {number(second['median'], DIGITS)}"
    else:
        following = f"{second['label']}, {_value(second)}{_between(first, second, verdict)}"
    return (
        f"{first['label']} ends lowest of {len(summary)} settings: median {what} {_value(first)} {n}; "
        f"next {following}"
    )


def _between(first: Row, second: Row, verdict: Verdict | None) -> str:
    """Say how sure it is that the first is below the second."""
    told = verdict(str(first["label"]), str(second["label"])) if verdict else ""
    if told:
        return f" ({first['label']} against it: {told})"
    overlap = min(first["runs"], second["runs"]) > 1 and second["low"] <= first["high"]
    return ", an interval that overlaps with the first" if overlap else ""


def _called(rows: pd.DataFrame, field: str = "") -> str:
    """Name settings, without what they are told under already, or count them."""
    labels = [str(label).removesuffix(f" {field}") for label in rows["label"]]
    return listed(labels) if len(labels) <= MOST_NAMED else f"{len(labels)} settings"


def _value(row: Row) -> str:
    median = number(row["median"], DIGITS)
    return f"{median} {bracket(row['low'], row['high'])}" if row["runs"] > 1 else median


def _n(summary: pd.DataFrame, confidence: float) -> str:
    counts = summary["runs"]
    each = " each" if len(counts) > 1 else ""
    if counts.max() == 1:
        return f"(n = 1 seed{each}, no interval)"
    return f"(n = {from_to(counts)} seeds{each}, {intervals.name(counts, confidence)})"


def _endings(summary: pd.DataFrame) -> str:
    """Count what diverged and what made no progress, where anything did."""
    counts = {
        "diverged (counted as infinite)": summary[names.DIVERGED].sum(),
        "made no progress": summary[names.NO_PROGRESS].sum(),
    }
    told = [f"{count:,} {how}" for how, count in counts.items() if count]
    return f"; of {summary['runs'].sum():,} runs {listed(told)}" if told else ""
