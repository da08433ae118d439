"""One row per label: how many runs, how they ended, where the final loss lies, and who is first."""

import numpy as np
import pandas as pd

from study.errors import InvalidInput
from study.stats.intervals import coverage, median_interval
from study.tracking import names


def summarise(runs: pd.DataFrame, *, value: str, confidence: float) -> pd.DataFrame:
    """Return the median of `value` over seeds with its exact interval, for each label.

    Args:
        runs: one row per run with `label`, `status` and `value`; +inf marks a diverged run and takes part.
        value: the column that is summarised.
        confidence: the least that an interval should have; below 6 runs none has 0.95.

    Returns:
        `label`, `runs`, `diverged`, `no_progress`, `median`, `low`, `high`, `coverage` (of the interval), `rank`
        (1 = least median; ties share the better rank), in the order of the labels' categories, or as first met.

    Raises:
        InvalidInput: there are runs without the value.
    """
    if value not in runs or runs[value].isna().any():
        raise InvalidInput(f"the value {value} must be recorded for every run, and some of these have none")
    groups = runs.groupby("label", sort=isinstance(runs["label"].dtype, pd.CategoricalDtype), observed=True)
    table = groups["status"].agg(runs="size")
    for status in (names.DIVERGED, names.NO_PROGRESS):
        table[status] = (runs["status"] == status).groupby(runs["label"], observed=True, sort=False).sum()
    samples = groups[value].apply(lambda sample: sample.to_numpy(dtype=float))
    table[["median", "low", "high"]] = np.nan
    for _, alike in samples.groupby(table["runs"]):  # samples of one size are one call
        ends = median_interval(np.stack(list(alike), axis=1), confidence)
        table.loc[alike.index, ["median", "low", "high"]] = np.stack(ends, axis=1)
    table["coverage"] = [coverage(n, confidence) for n in table["runs"]]
    table["rank"] = table["median"].rank(method="min").astype(int)
    return table.reset_index()


def by_rank(summary: pd.DataFrame) -> pd.DataFrame:
    """Return a summary best first, ties in the order of the sweep: so are all tables, a terminal's and a report's.

    >>> by_rank(pd.DataFrame({"label": ["sgd", "nag", "adam"], "rank": [2, 2, 1]}))["label"].tolist()
    ['adam', 'sgd', 'nag']
    """
    return summary.sort_values("rank", kind="stable", ignore_index=True)


def medians(runs: pd.DataFrame, value: str) -> dict[str, float]:
    """Return the median of a value over the seeds of each label, the least first; ties in the order of the sweep."""
    found = runs.groupby("label", observed=True, sort=False)[value].median().sort_values(kind="stable")
    return {str(label): float(median) for label, median in found.items()}
