"""Curves of a sweep: medians over seeds and their bands, epochs instead of updates, fits and their distances."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from study.stats.intervals import median_interval
from study.tracking import names


def median_band(
    curves: pd.DataFrame, runs: pd.DataFrame, *, x: str = "step", confidence: float
) -> pd.DataFrame:
    """Return median, low and high over the runs of each label at each `x`; the interval is pointwise.

    A diverged run counts as +inf from the point where its curve ends: left out, it would flatter the rest.

    Args:
        curves: `run_id`, `label`, `x` and `value`, one row per recorded point.
        runs: one row per run with `run_id`, `label` and `status`: also those that diverged before any point.
        x: the column along which the curve runs.
        confidence: the least, of the exact interval (`study.stats.intervals`).

    Returns:
        `label`, `x`, `median`, `low`, `high`, `runs`; +inf where too many runs have diverged.

    Example:
        >>> runs = pd.DataFrame({"run_id": ["a", "b"], "label": "sgd", "status": ["ok", "diverged"]})
        >>> points = {"run_id": ["a", "a", "b"], "label": "sgd", "step": [0, 1, 0], "value": [4.0, 2.0, 6.0]}
        >>> median_band(pd.DataFrame(points), runs, confidence=0.95)["median"].tolist()
        [5.0, inf]
    """
    parts = []
    for label, group in curves.groupby("label", observed=True, sort=False):
        own = runs[runs["label"] == label].set_index("run_id")
        wide = group.pivot(index="run_id", columns=x, values="value").reindex(own.index)
        broken = own["status"] == names.DIVERGED
        wide[broken] = wide[broken].fillna(np.inf)
        ends = zip(("median", "low", "high"), median_interval(wide.to_numpy(), confidence), strict=True)
        parts.append(pd.DataFrame({"label": str(label), x: wide.columns, **dict(ends), "runs": len(wide)}))
    return pd.concat(parts, ignore_index=True)


def updates_per_epoch(train: pd.DataFrame, runs: pd.DataFrame) -> pd.Series:
    """Return recorded training losses / epochs of a run that came to its end, for each label.

    A label of which none did has those of another with the same problem and batch size, NaN where there is none.

    Args:
        train: the points of `train/loss`, one per update, with `run_id` and `step` from 0; the last of each run is
            enough.
        runs: one row per run with `run_id`, `label`, `status`, `epochs`, `batch_size` and the problem's settings.
    """
    alike = [c for c in map(str, runs) if c.startswith("problem") or c == "batch_size"]
    updates = runs["run_id"].map(train.groupby("run_id", observed=True)["step"].max() + 1)
    whole = (updates / runs["epochs"]).where(runs["status"] != names.DIVERGED)
    per_epoch = whole.groupby([runs[c].astype(str) for c in alike]).transform("max")
    return per_epoch.groupby(runs["label"], observed=True, sort=False).max()


def add_epochs(curves: pd.DataFrame, updates: pd.Series) -> pd.DataFrame:
    """Return `curves` with the column `epoch` = step / updates per epoch, without points where those are not known.

    Args:
        curves: `label` and `step`, one row per point.
        updates: as `updates_per_epoch` returns them.
    """
    epochs = curves["step"] / curves["label"].map(updates).astype(float)
    return curves.assign(epoch=epochs).dropna(subset="epoch")


def median_fit(fits: pd.DataFrame) -> pd.DataFrame:
    """Return the pointwise median prediction over seeds: `label`, `x`, `prediction`."""
    return fits.groupby(["label", "x"], observed=True, sort=False)["prediction"].median().reset_index()


def knows_target(data: pd.DataFrame) -> bool:
    """Return whether the data come with a noise-free target, other than what was trained on."""
    return bool((data["clean"] != data["y"]).any())


def median_errors(fits: pd.DataFrame, data: pd.DataFrame) -> dict[str, float]:
    """Return, for each label, the median over seeds of the root mean square distance to the target.

    The target is known at the data's inputs, and is interpolated linearly between them.

    Example:
        >>> fits = pd.DataFrame({"label": "sgd", "seed": [0, 1], "x": 0.0, "prediction": [1.0, 3.0]})
        >>> median_errors(fits, pd.DataFrame({"x": [0.0], "clean": [0.0]}))
        {'sgd': 2.0}
    """
    known = data.sort_values("x")
    squares = (fits["prediction"] - np.interp(fits["x"], known["x"], known["clean"])) ** 2
    errors = squares.groupby([fits["label"], fits["seed"]], observed=True, sort=False).mean().pow(0.5)
    medians = errors.groupby("label", observed=True, sort=False).median()
    return {str(label): float(error) for label, error in medians.items()}


def leaky_weights(gamma: float, steps: int) -> Float[np.ndarray, " step"]:
    """Return the weight of the value j steps ago: (1 - gamma) gamma^j for j = 0, ..., steps - 1.

    It follows from s_t = gamma s_{t-1} + (1 - gamma) v_t by inserting s_{t-1}, again and again. The weights
    sum to 1 - gamma^steps; their effective window is 1 / (1 - gamma).

    Example:
        >>> leaky_weights(0.5, steps=3).tolist()
        [0.5, 0.25, 0.125]
    """
    return (1 - gamma) * gamma ** np.arange(steps, dtype=float)
