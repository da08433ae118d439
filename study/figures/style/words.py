"""Words that captions and axes share: what a metric is called, how many seeds, which interval."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from study.stats.intervals import coverage, order, percent
from study.stats.summary import DIGITS
from study.tracking import names

_TOLD = 3  # numbers of seeds in a sweep, of which each is told

SETTINGS = {"lr": "learning rate", "batch_size": "batch size", "alpha": "γ"}


def metric_name(metric: str) -> str:
    """Return a metric or summary value in words, or as it is."""
    if metric in names.SUMMARIES:
        return names.SUMMARIES[metric].words
    return names.METRICS.get(metric, metric)


def setting_name(key: str, unit: str = "") -> str:
    """Return a job's setting in words, with its unit where it has one."""
    last = key.rpartition(".")[2]
    name = SETTINGS.get(last, last)
    return f"{name} ({unit})" if unit else name


def interval_name(counts: Iterable[int], confidence: float) -> str:
    """Return which interval medians of so many seeds have, and how often such ones are right; one seed has none.

    Example:
        >>> interval_name([25, 25], 0.95)
        'exact interval of the median (order statistics 8 and 18 of 25): 95.7% of such intervals contain ...'
        >>> interval_name([3], 0.95)
        'minimum to maximum: 75% of such intervals contain the median over all seeds'
    """
    found = sorted({int(n) for n in counts if n > 1})
    ends = ", ".join(f"{order(n, confidence)} and {n + 1 - order(n, confidence)} of {n}" for n in found)
    within = (
        f"order statistics {ends}"
        if len(found) <= _TOLD
        else f"order statistics of {found[0]} to {found[-1]}"
    )
    reached = coverage(found[-1], confidence) >= confidence
    what = f"exact interval of the median ({within})" if reached else "minimum to maximum"
    return f"{what}: {contained(found, confidence)}"


def contained(counts: Iterable[int], confidence: float) -> str:
    """Return how often intervals of so many seeds contain what they are for.

    >>> contained([10, 25], 0.95)
    '97.9% (n = 10) and 95.7% (n = 25) of such intervals contain the median over all seeds'
    """
    found = sorted({int(n) for n in counts if n > 1})
    shares = [percent(coverage(n, confidence)) for n in found]
    told = (
        shares if len(found) == 1 else [f"{share} (n = {n})" for n, share in zip(found, shares, strict=True)]
    )
    least = percent(min(coverage(n, confidence) for n in found))
    share = listed(told) if len(told) <= _TOLD else f"{least} or more"
    return f"{share} of such intervals contain the median over all seeds"


def listed(items: Sequence[str]) -> str:
    """Return items as a list in a sentence.

    >>> listed(["data", "start", "order"])
    'data, start and order'
    """
    *before, last = items
    return f"{', '.join(before)} and {last}" if before else last


def seeds_of(runs: pd.DataFrame) -> str:
    """Return how many seeds each label has: `25 seeds each`, or `20 to 25 seeds each`."""
    counts = _seeds(runs)
    noun = "seed" if counts.max() == 1 else "seeds"
    return f"{from_to(counts)} {noun}{' each' if len(counts) > 1 else ''}"


def runs_of(runs: pd.DataFrame) -> pd.Series:
    """Return how many runs each label has, by which its interval is made."""
    return runs.groupby("label", observed=True, sort=False).size()


def most_seeds(runs: pd.DataFrame) -> int:
    """Return how many seeds the label with the most of them has."""
    return int(_seeds(runs).max())


def _seeds(runs: pd.DataFrame) -> pd.Series:
    return runs.groupby("label", observed=True)["seed"].nunique()


def from_to(counts: pd.Series) -> str:
    """Return the least and the most of some counts: `25`, or `20 to 25`."""
    low, high = int(counts.min()), int(counts.max())
    return f"{low}" if low == high else f"{low} to {high}"


def diverged_of(runs: pd.DataFrame) -> str:
    """Return which runs diverged and which made no progress, a sentence for each, or nothing where none did."""
    endings = {
        names.DIVERGED: "diverged ({}) and count as infinite",
        names.NO_PROGRESS: "made no progress ({}): they end no lower than at their start, or than a constant",
    }
    return "".join(_ended(runs, status, how) for status, how in endings.items())


def _ended(runs: pd.DataFrame, status: str, how: str) -> str:
    counts = runs.loc[runs["status"] == status].groupby("label", observed=True, sort=False).size()
    if counts.empty:
        return ""
    named = ", ".join(f"{label}: {count}" for label, count in counts.items())
    where = named if len(counts) <= 6 else f"{len(counts)} settings"
    return f" {counts.sum()} of {len(runs)} runs {how.format(where)}."


def some(items: Sequence[str], most: int = 8) -> str:
    """Return items as one text, and of more than a reader takes in only the first and how many follow."""
    told = "; ".join(items[:most])
    return told if len(items) <= most else f"{told}; and {len(items) - most} more"


def lowest(summary: pd.DataFrame, what: str) -> str:
    """Return who has the lowest median of each field, as sentences; nothing where settings are not ranked.

    An infinite median is nobody's merit, and a tie nobody's alone.
    """
    if "rank" not in summary:
        return ""
    by_field = {str(field): summary[summary["field"] == field] for field in summary["field"].unique()}
    told = [
        f"{field}: {_first(rows, what)}" if field else _first(rows, what) for field, rows in by_field.items()
    ]
    return f"{some(told)}. "


def _first(rows: pd.DataFrame, what: str) -> str:
    first = rows[rows["rank"] == 1].to_dict("records")
    if np.isinf(first[0]["median"]):
        return none_finite(what)
    median = number(first[0]["median"], DIGITS)
    if len(first) > 1:
        who = (
            listed([str(row["label"]) for row in first]) if len(first) <= _TOLD else f"{len(first)} settings"
        )
        return f"{who} share the lowest median {what}, {median}"
    claim = "has the lowest median" if len(rows) > 1 else "has the median"
    return f"{first[0]['label']} {claim} {what}, {median} {bracket(first[0]['low'], first[0]['high'])}"


def none_finite(what: str) -> str:
    """Return that there is no first among settings of which too many runs diverged."""
    return f"No setting has a finite median {what}"


def number(value: float, digits: int = 3) -> str:
    """Return a number in so many significant digits, infinity as its sign.

    Example:
        >>> [number(value) for value in (0.0123456, 1234.0, 0.0, float("inf"))]
        ['0.0123', '1.23e+03', '0', '∞']
    """
    if np.isnan(value):
        return "undefined"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}g}" if value != 0 else "0"


def bracket(low: float, high: float, digits: int = 4) -> str:
    """Return an interval: `[0.011, 0.013]`."""
    return f"[{number(low, digits)}, {number(high, digits)}]"
