"""Bands: from every run's curve to one line per label, the median over seeds and its band, point by point."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from study.stats.bootstrap import Bootstrap, median_interval
from study.tracking import names


def median_band(
    curves: pd.DataFrame, runs: pd.DataFrame, *, x: str = "step", bootstrap: Bootstrap
) -> pd.DataFrame:
    """Return median, low and high over the runs of each label at each `x`.

    A diverged run counts as +inf from the point where its curve ends: left out, it would flatter the rest.

    Args:
        curves: `run_id`, `label`, `x` and `value`, one row per recorded point.
        runs: one row per run with `run_id`, `label` and `status`: also those that diverged before any point.
        x: the column along which the curve runs.
        bootstrap: of the interval, which is pointwise.

    Returns:
        `label`, `x`, `median`, `low`, `high`, `runs`; +inf where too many runs have diverged.

    Example:
        >>> runs = pd.DataFrame({"run_id": ["a", "b"], "label": "sgd", "status": ["ok", "diverged"]})
        >>> points = {"run_id": ["a", "a", "b"], "label": "sgd", "step": [0, 1, 0], "value": [4.0, 2.0, 6.0]}
        >>> band = median_band(pd.DataFrame(points), runs, bootstrap=Bootstrap())
        >>> band["median"].tolist()
        [5.0, inf]
    """
    parts = []
    for label, wide in _wide(curves, runs, x):
        columns = dict(
            zip(("median", "low", "high"), median_interval(wide.to_numpy(), bootstrap), strict=True)
        )
        parts.append(pd.DataFrame({"label": label, x: wide.columns, **columns, "runs": len(wide)}))
    return pd.concat(parts, ignore_index=True)


def _wide(curves: pd.DataFrame, runs: pd.DataFrame, x: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield, for each label with any point, runs as rows, points as columns, +inf once diverged."""
    diverged = runs.set_index("run_id")["status"] == names.DIVERGED
    for label, group in curves.groupby("label", observed=True, sort=False):
        members = runs.loc[runs["label"] == label, "run_id"]
        wide = group.pivot(index="run_id", columns=x, values="value").reindex(members)
        broken = diverged.loc[members].to_numpy()
        wide.loc[broken] = wide.loc[broken].fillna(np.inf)
        yield str(label), wide


def last_medians(band: pd.DataFrame, *, x: str = "step") -> dict[str, float]:
    """Return the last median of each label, the least first; ties stay in the band's order."""
    ends = band.sort_values(x, kind="stable").groupby("label", observed=True, sort=False)["median"].last()
    ranked = ends.loc[list(band["label"].unique())].sort_values(kind="stable")
    return {str(label): float(median) for label, median in ranked.items()}
