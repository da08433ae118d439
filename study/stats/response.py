"""How a final loss answers to one setting (learning rate, angle, ...): medians over seeds along it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from study.stats.summary import summarise


def respond(
    runs: pd.DataFrame,
    *,
    x: str,
    value: str,
    confidence: float = 0.95,
    resamples: int = 9999,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return `optimizer`, `x`, `runs`, `diverged`, `median`, `low`, `high`, sorted by optimizer (as first met) and x.

    Args:
        runs: one row per run with `optimizer`, `status`, `x` and `value` (+inf = diverged).
        x: the column of the setting, numeric.
        value: the column that answers.
        confidence: of the interval.
        resamples: of the bootstrap.
        rng: of the bootstrap.
    """
    cells = runs.groupby(["optimizer", x], sort=False).ngroup()
    table = summarise(
        runs.assign(label=cells), value=value, confidence=confidence, resamples=resamples, rng=rng
    )
    keys = runs[["optimizer", x]].assign(label=cells).drop_duplicates("label")
    joined = keys.merge(table.drop(columns="rank"), on="label").drop(columns="label")
    order = {name: index for index, name in enumerate(runs["optimizer"].unique())}
    return joined.sort_values(
        ["optimizer", x], key=lambda column: column.map(order) if column.name == "optimizer" else column,
        ignore_index=True,
    )  # fmt: skip


def good_range(response: pd.DataFrame, *, x: str, factor: float = 2.0) -> Mapping[str, tuple[float, float]]:
    """Return, for each optimizer, the ends of the unbroken range around its best x with medians <= factor * best.

    The range is over the x that were tried; an optimizer whose every median is infinite has none.
    """
    ranges = {}
    for optimizer, rows in response.groupby("optimizer", sort=False):
        medians, at = rows["median"].to_numpy(), rows[x].to_numpy()
        if not np.isfinite(medians).any():
            continue
        best = int(np.argmin(medians))
        bad = np.flatnonzero(~(medians <= factor * medians[best]))
        first = max(bad[bad < best], default=-1) + 1
        last = min(bad[bad > best], default=len(at)) - 1
        ranges[str(optimizer)] = (float(at[first]), float(at[last]))
    return ranges
