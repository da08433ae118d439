"""Steps to a target: when each run's loss reaches it, never being infinity, and what that costs on average.

Everywhere `reached` has one row per run, under its label, and one column per target, from the highest to the lowest.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float

from study.stats.intervals import median_interval
from study.tracking import names

Targets = Float[np.ndarray, " target"]


def running_loss(curves: pd.DataFrame, window: pd.Series) -> pd.DataFrame:
    """Return each run's trailing mean over `window` steps: at step t, (L_{t-w+1} + ... + L_t) / w.

    Args:
        curves: `run_id`, `label`, `step` and `value`, one row per step.
        window: the number w of each label; where it is NaN, or a run has fewer points, nothing is returned.

    Returns:
        `curves` with these means as `value`, from the step on that has w losses up to it.

    Example:
        >>> points = {"run_id": "a", "label": "sgd", "step": [0, 1, 2], "value": [4.0, 2.0, 1.0]}
        >>> running_loss(pd.DataFrame(points), pd.Series({"sgd": 2.0}))[["step", "value"]].values.tolist()
        [[1.0, 3.0], [2.0, 1.5]]
    """
    kept = [curves.iloc[:0]]
    for _, run in curves.groupby("run_id", observed=True, sort=False):
        width = window[run["label"].iloc[0]]
        if width <= len(run):
            view = np.lib.stride_tricks.sliding_window_view(run["value"].to_numpy(), round(width))
            kept.append(run.iloc[round(width) - 1 :].assign(value=view.mean(axis=1)))
    return pd.concat(kept)


def above(curves: pd.DataFrame, runs: pd.DataFrame, floor: str) -> pd.DataFrame:
    """Return curves whose values are counted from the floor of their run, which a column of `runs` holds."""
    lowest = curves["run_id"].map(runs.set_index("run_id")[floor]).astype(float)
    return curves.assign(value=curves["value"] - lowest)


def descents(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the points that lie below all earlier ones of their run: they alone decide when it reaches a target.

    Args:
        curves: `run_id` and `value`, sorted by step.

    Example:
        >>> points = {"run_id": "a", "step": [0, 1, 2, 3], "value": [4.0, 5.0, 2.0, 2.0]}
        >>> descents(pd.DataFrame(points))["step"].tolist()
        [0, 2]
    """
    runs = curves["run_id"]
    least = curves["value"].groupby(runs, observed=True).cummin()
    return curves[~(least >= least.groupby(runs, observed=True).shift())]


def log_targets(curves: pd.DataFrame, runs: pd.DataFrame, count: int) -> Targets:
    """Return `count` targets in equal steps of the logarithm, over what these runs descend; none where none does.

    They begin below the highest median over runs with which a label starts, and end at the lowest median of the
    least values of a label's runs: half of the runs of the best reach the last one.

    Args:
        curves: `run_id` and `value`, sorted by step; the first and the least of each run are enough.
        runs: one row per run with `run_id`, `label` and `status`.
        count: of targets.
    """
    values = curves.groupby("run_id", observed=True)["value"]
    label = runs["label"]
    broken = runs["status"] == names.DIVERGED
    start = runs["run_id"].map(values.first()).astype(float)
    least = runs["run_id"].map(values.min()).astype(float).mask(broken, np.inf)
    high = start.groupby(label, observed=True).median().max()
    low = max(least.groupby(label, observed=True).median().min(), np.finfo(float).eps * high)
    return np.geomspace(high, low, count + 1)[1:] if 0 < low < high else np.empty(0)


def steps_to(curves: pd.DataFrame, runs: pd.DataFrame, targets: Targets) -> pd.DataFrame:
    """Return the first step at which each run's value is at most each target, +inf for never, as `reached`.

    A diverged run never reaches a target: what it passed on its way out is no result.

    Args:
        curves: `run_id`, `step` and `value`, sorted by step.
        runs: one row per run with `run_id`, `label` and `status`.
        targets: from the highest to the lowest.
    """
    reached = np.full((len(runs), len(targets)), np.inf)
    whole = runs.loc[runs["status"] != names.DIVERGED, "run_id"]
    rows = dict(zip(runs["run_id"], range(len(runs)), strict=True))
    for run, points in curves[curves["run_id"].isin(whole)].groupby("run_id", observed=True):
        least = np.minimum.accumulate(points["value"].to_numpy())
        first = np.searchsorted(-least, -targets)  # the first of those that are at most the target
        reached[rows[run]] = np.append(points["step"], np.inf)[first]
    return pd.DataFrame(reached, index=pd.Index(runs["label"], name="label"), columns=targets)


def summarise_targets(reached: pd.DataFrame, budgets: pd.Series, *, confidence: float) -> pd.DataFrame:
    """Return what each target costs each label.

    ERT = (steps of all runs, those that never reach it at full budget) / runs that reach it: the expected number of
    steps if runs that fail were started anew.

    Args:
        reached: steps by run and target.
        budgets: steps of a whole run, by label.
        confidence: of the medians' intervals, which are exact ones of order statistics.

    Returns:
        `label`, `target`, `runs`, `reached`, `rate`, `ert`, `median`, `low`, `high`; +inf where it is not reached.

    Reference: Hansen et al., COCO: Performance Assessment, 2016, https://arxiv.org/abs/1605.03560, section 6.1.
    """
    tables = []
    for label, steps in reached.groupby(level="label", observed=True, sort=False):
        found = np.isfinite(steps).sum().to_numpy()
        spent = steps.clip(upper=budgets[str(label)]).sum().to_numpy()
        middle, low, high = median_interval(steps.to_numpy(), confidence)
        tables.append(pd.DataFrame({
            "label": label, "target": reached.columns, "runs": len(steps), "reached": found,
            "rate": found / len(steps), "ert": np.where(found > 0, spent / np.maximum(found, 1), np.inf),
            "median": middle, "low": low, "high": high,
        }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def solved(reached: pd.DataFrame) -> pd.DataFrame:
    """Return the empirical distribution of the steps over all pairs of a run and a target, for each label.

    Returns:
        `label`, `step` (each at which a pair is solved, once), `share` of the pairs that are solved by then.

    Example:
        Of two runs and two targets, three pairs are solved.

        >>> steps = pd.DataFrame([[1.0, 4.0], [4.0, np.inf]], index=pd.Index(["sgd"] * 2, name="label"))
        >>> solved(steps)[["step", "share"]].values.tolist()
        [[1.0, 0.25], [4.0, 0.75]]
    """
    tables = []
    for label, steps in reached.groupby(level="label", observed=True, sort=False):
        at, counts = np.unique(steps.to_numpy()[np.isfinite(steps.to_numpy())], return_counts=True)
        tables.append(
            pd.DataFrame({"label": label, "step": at, "share": counts.cumsum() / max(steps.size, 1)})
        )
    return pd.concat(tables, ignore_index=True)
