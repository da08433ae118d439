"""One row per label: how many runs, how many diverged, where the final loss lies, and who is first."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from study.errors import InvalidInput
from study.stats.bootstrap import Bootstrap, median_interval
from study.tracking import names


def summarise(runs: pd.DataFrame, *, value: str, bootstrap: Bootstrap) -> pd.DataFrame:
    """Return the median of `value` over seeds with its percentile bootstrap interval, for each label.

    Args:
        runs: one row per run with `label`, `status` and `value`; +inf marks a diverged run and takes part.
        value: the column that is summarised.
        bootstrap: of the interval.

    Returns:
        `label`, `runs`, `diverged`, `median`, `low`, `high`, `rank` (1 = least median; ties share the better
        rank), in the order of the labels' categories, or of their first appearance.

    Raises:
        InvalidInput: there are runs without the value.
    """
    if value not in runs or runs[value].isna().any():
        raise InvalidInput(f"the value {value} must be recorded for every run, and some of these have none")
    groups = runs.groupby("label", sort=isinstance(runs["label"].dtype, pd.CategoricalDtype), observed=True)
    table = groups["status"].agg(runs="size", diverged=lambda status: int((status == names.DIVERGED).sum()))
    samples = {label: group.to_numpy(dtype=float) for label, group in groups[value]}
    table[["median", "low", "high"]] = _intervals([samples[label] for label in table.index], bootstrap)
    table["rank"] = table["median"].rank(method="min").astype(int)
    return table.reset_index()


def ranking(runs: pd.DataFrame, *, value: str, bootstrap: Bootstrap) -> pd.DataFrame:
    """Return what `summarise` does, best first.

    Example:
        >>> losses = {
        ...     "label": ["sgd"] * 3 + ["adam"] * 3,
        ...     "status": "ok",
        ...     "loss": [3.0, 4.0, 5.0, 1.0, 2.0, 9.0],
        ... }
        >>> table = ranking(pd.DataFrame(losses), value="loss", bootstrap=Bootstrap())
        >>> table[["rank", "label", "median", "low", "high"]].values.tolist()
        [[1, 'adam', 2.0, 1.0, 9.0], [2, 'sgd', 4.0, 3.0, 5.0]]
    """
    return by_rank(summarise(runs, value=value, bootstrap=bootstrap))


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


def _intervals(samples: Sequence[np.ndarray], bootstrap: Bootstrap) -> np.ndarray:
    """Return median, low, high per sample; samples of one size are one call."""
    rows = np.empty((len(samples), 3))
    for size in {len(sample) for sample in samples}:
        same = [index for index, sample in enumerate(samples) if len(sample) == size]
        columns = np.stack([samples[index] for index in same], axis=1)
        rows[same] = np.stack(median_interval(columns, bootstrap), axis=1)
    return rows
