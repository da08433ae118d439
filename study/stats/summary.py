"""One row per label: how many runs, how many diverged, where the final loss lies, and who is first."""

import numpy as np
import pandas as pd

from study.stats.bootstrap import median_interval


def summarise(
    runs: pd.DataFrame,
    *,
    value: str = "last_epoch_loss",
    confidence: float = 0.95,
    resamples: int = 9999,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the median of `value` over seeds with its percentile bootstrap interval, for each label.

    Args:
        runs: one row per run with `label`, `status` and `value`; +inf marks a diverged run and takes part.
        value: the column that is summarised.
        confidence: of the interval.
        resamples: of the bootstrap.
        rng: of the bootstrap.

    Returns:
        `label`, `runs`, `diverged`, `median`, `low`, `high`, `rank` (1 = least median; ties share the better
        rank), in the order of the labels' categories, or of their first appearance.
    """
    groups = runs.groupby("label", sort=isinstance(runs["label"].dtype, pd.CategoricalDtype), observed=True)
    table = groups["status"].agg(runs="size", diverged=lambda status: int((status == "diverged").sum()))
    samples = {label: group.to_numpy(dtype=float) for label, group in groups[value]}
    table[["median", "low", "high"]] = _intervals(
        [samples[label] for label in table.index], confidence=confidence, resamples=resamples, rng=rng
    )
    table["rank"] = table["median"].rank(method="min").astype(int)
    return table.reset_index()


def _intervals(
    samples: list[np.ndarray], *, confidence: float, resamples: int, rng: np.random.Generator
) -> np.ndarray:
    """Return median, low, high per sample; samples of one size share one draw."""
    sizes = np.array([len(sample) for sample in samples])
    rows = np.empty((len(samples), 3))
    for size in np.unique(sizes):
        same = np.flatnonzero(sizes == size)
        columns = np.stack([samples[index] for index in same], axis=1)
        interval = median_interval(columns, confidence=confidence, resamples=resamples, rng=rng)
        rows[same] = np.stack(interval, axis=1)
    return rows
