"""One row per label: how many runs, how they ended, where the final loss lies, and who is first in its field."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any  # a row of a frame

import numpy as np
import pandas as pd

from study.errors import InvalidInput
from study.job import LOCATIONS
from study.stats.comparison import Comparison
from study.stats.intervals import coverage, median_interval
from study.tracking import names

DIGITS = 4
"""Significant ones of a median on every page: settings that differ beyond them only are not told apart."""


def summarise(runs: pd.DataFrame, *, value: str, confidence: float, rank: bool = True) -> pd.DataFrame:
    """Return the median of `value` over seeds with its exact interval, for each label.

    Args:
        runs: one row per run with `label`, `status` and `value`; +inf marks a diverged run and takes part. What
            `fields` reads may be there too.
        value: the column that is summarised.
        confidence: the least that an interval should have; below 6 runs none has 0.95.
        rank: whether the settings of a field are ranked.

    Returns:
        `label`, `field`, `runs`, `diverged`, `no_progress`, `median`, `low`, `high`, `coverage` (of the interval),
        and `rank` (1 = least median of its field; medians that are equal in DIGITS digits share the better rank), in
        the order of the labels' categories, or as first met.

    Raises:
        InvalidInput: there are runs without the value.
    """
    if value not in runs or runs[value].isna().any():
        raise InvalidInput(f"the value {value} must be recorded for every run, and some of these have none")
    groups = runs.groupby("label", sort=isinstance(runs["label"].dtype, pd.CategoricalDtype), observed=True)
    table = pd.DataFrame({"runs": groups.size()})
    table.insert(0, "field", fields(runs).groupby(runs["label"], observed=True, sort=False).first())
    for status in (names.DIVERGED, names.NO_PROGRESS):
        table[status] = (runs["status"] == status).groupby(runs["label"], observed=True, sort=False).sum()
    samples = groups[value].apply(lambda sample: sample.to_numpy(dtype=float))
    table[["median", "low", "high"]] = np.nan
    for _, alike in samples.groupby(table["runs"]):  # samples of one size are one call
        ends = median_interval(np.stack(list(alike), axis=1), confidence)
        table.loc[alike.index, ["median", "low", "high"]] = np.stack(ends, axis=1)
    table["coverage"] = [coverage(n, confidence) for n in table["runs"]]
    if rank:
        shown = table["median"].map(lambda median: float(f"{median:.{DIGITS}g}"))
        table["rank"] = shown.groupby(table["field"]).rank(method="min").astype(int)
    return table.reset_index()


def ranked(
    ended: Sequence[tuple[str, str, float]],
    settings: Mapping[str, Mapping[str, str]],
    how: Comparison,
) -> list[dict[Hashable, Any]]:
    """Return the rows of `summarise` by rank, from how each run of a sweep ended.

    Args:
        ended: label, status and value of each run, in the sweep's order; infinite for a diverged one.
        settings: by label, the params that tell its field.
        how: they are compared.

    Raises:
        InvalidInput: there are runs without the value.
    """
    runs = pd.DataFrame(ended, columns=["label", "status", how.value])
    known = pd.DataFrame([{**settings.get(label, {}), "label": label} for label in runs["label"].unique()])
    runs = runs.merge(known, on="label", how="left")
    runs["label"] = pd.Categorical(runs["label"], known["label"])
    return by_rank(summarise(runs, value=how.value, confidence=how.confidence, rank=how.rank)).to_dict(
        "records"
    )


def fields(runs: pd.DataFrame) -> pd.Series:
    """Return the field that each run competes in: one problem, with all its settings, and one budget of epochs.

    A field is called by what tells it from the others of the sweep; "" where there is one only. Nothing is compared
    across fields: another problem has other losses, and who may go on for longer ends lower.

    Args:
        runs: any of `problem`, `problem.<setting>` and `epochs`, as `SweepFrames.runs` or `Job.params` have them.

    Example:
        >>> runs = {
        ...     "problem": ["a", "a", "b"],
        ...     "epochs": [2, 2, 4],
        ...     "problem.noise": [0.5, 1.0, float("nan")],
        ... }
        >>> fields(pd.DataFrame(runs)).tolist()
        ['problem=a noise=0.5', 'problem=a noise=1', 'problem=b']
    """
    problem = "problem" if "problem" in runs else "problem.name"
    settings = [c for c in map(str, runs) if c.startswith("problem.") and c != problem]
    own = [c for c in settings if c.rpartition(".")[2] not in LOCATIONS]
    found = [c for c in (problem, "epochs", *own) if c in runs and runs[c].nunique(dropna=False) > 1]
    texts = runs[found].map(_text)
    if problem in found:  # what its choice decides is not repeated
        found = [c for c in found if c == problem or (texts.groupby(problem)[c].nunique() > 1).any()]
    words = [c.removesuffix(".name").rpartition(".")[2] for c in found]
    told = [[f"{w}={v}" for w, v in zip(words, row, strict=True) if v] for row in texts[found].to_numpy()]
    return pd.Series([" ".join(parts) for parts in told], index=runs.index, dtype=object, name="field")


def _text(value: object) -> str:
    """Write equal numbers alike, be they text or not; what is absent (NaN) is nothing."""
    try:
        number = float(str(value))
    except ValueError:
        return str(value)
    return "" if np.isnan(number) else repr(number).removesuffix(".0")


def by_rank(summary: pd.DataFrame) -> pd.DataFrame:
    """Return a summary field by field, best first: so are all tables, a terminal's and a report's.

    Fields and ties are in the order of the sweep, and so is a summary without ranks.

    >>> by_rank(pd.DataFrame({"label": ["sgd", "nag", "adam"], "field": "", "rank": [2, 2, 1]}))[
    ...     "label"
    ... ].tolist()
    ['adam', 'sgd', 'nag']
    """
    if "rank" not in summary:
        return summary
    place = pd.factorize(summary["field"])[0]
    order = np.lexsort((summary["rank"].to_numpy(), place))  # stable
    return summary.iloc[order].reset_index(drop=True)


def shortlist(runs: pd.DataFrame, value: str, most: int | None) -> list[str]:
    """Return the labels with the lowest median of a value, the firsts of all fields before the seconds, and so on."""
    summary = summarise(runs, value=value, confidence=0.5)
    return [str(label) for label in summary.sort_values("rank", kind="stable")["label"]][:most]
