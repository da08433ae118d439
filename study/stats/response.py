"""Response of a final loss to one setting (learning rate, angle, ...): medians over seeds along it."""

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from study.errors import InvalidInput, one_of
from study.stats.summary import summarise


def settings(runs: pd.DataFrame) -> list[str]:
    """Return the columns that hold a job's settings: `optimizer.lr`, `problem.rotation`, `batch_size`, ..."""
    groups = ("optimizer.", "problem.", "schedule.")
    alone = ("epochs", "batch_size", "eval_moments")
    found = [c for c in map(str, runs) if c.startswith(groups) or c in alone]
    return [c for c in found if not c.endswith("._target_")]


def varied(runs: pd.DataFrame) -> list[str]:
    """Return the numeric settings that take at least three values for one optimizer."""
    numeric = [c for c in settings(runs) if is_numeric_dtype(runs[c])]
    most = runs.groupby("optimizer")[numeric].nunique().max()
    return [c for c in numeric if most[c] >= 3]


def respond(runs: pd.DataFrame, *, x: str, value: str, confidence: float) -> pd.DataFrame:
    """Return the median of a value along a setting, a line for each optimizer and for what else differs.

    Args:
        runs: one row per run with `optimizer`, `status`, `x`, `value` (+inf = diverged) and the other settings.
        x: the column of the setting, numeric.
        value: the column that answers.
        confidence: the least, of the exact interval.

    Returns:
        `line` (`adam`, or `adam batch_size=32` where other settings differ at the same x), `optimizer`, `x`, `runs`,
        `diverged`, `no_progress`, `median`, `low`, `high`, sorted by line, as first met, and x.

    Raises:
        InvalidInput: there is no such setting, or it is not a number.
    """
    _require_numeric(runs, x)
    kept = runs.dropna(subset=x)
    kept = kept.assign(line=name_lines(kept, x))
    kept["label"] = kept.groupby([pd.factorize(kept["line"])[0], x]).ngroup()  # numbered as they are returned
    table = summarise(kept, value=value, confidence=confidence, rank=False).drop(columns="field")
    keys = kept[["label", "line", "optimizer", x]].drop_duplicates("label")
    return keys.merge(table, on="label").sort_values("label", ignore_index=True).drop(columns="label")


def good_range(response: pd.DataFrame, *, x: str, factor: float = 2.0) -> dict[str, tuple[float, float]]:
    """Return, for each line, the ends of the unbroken range around its best x with medians <= factor * best.

    The range is over the x that were tried; a line whose every median is infinite has none.

    Example:
        >>> medians = {
        ...     "line": "sgd",
        ...     "optimizer.lr": [0.01, 0.1, 1.0, 10.0],
        ...     "median": [8.0, 3.0, 2.0, np.inf],
        ... }
        >>> good_range(pd.DataFrame(medians), x="optimizer.lr")
        {'sgd': (0.1, 1.0)}
    """
    ranges = {}
    for line, rows in response.groupby("line", sort=False):
        medians, at = rows["median"].to_numpy(), rows[x].to_numpy()
        best = medians.argmin()
        if np.isfinite(medians[best]):
            bad = ~(medians <= factor * medians[best])
            bad[best] = False  # twice a loss below 0 is less than it
            stretch = bad.cumsum()
            good = at[~bad & (stretch == stretch[best])]
            ranges[str(line)] = (float(good[0]), float(good[-1]))
    return ranges


def _require_numeric(runs: pd.DataFrame, x: str) -> None:
    known = settings(runs)
    if x not in known:
        raise InvalidInput(one_of("response.x", x, known))
    held = runs[x].dropna().unique()
    if not (is_numeric_dtype(runs[x]) and len(held)):
        got = f"{x!r}, which holds {', '.join(map(str, held[:3])) or 'nothing'}"
        raise InvalidInput(f"response.x must be a setting that is a number, got {got}")


def name_lines(runs: pd.DataFrame, x: str) -> pd.Series:
    """Name the line that each run belongs to: its optimizer, and what else differs at the same x."""
    names = runs["optimizer"].astype(str)
    for column in ("problem", *settings(runs)):
        decided = (
            column.startswith("schedule.") and column != "schedule.name"
        )  # by the choice of the schedule
        cells = runs.groupby(["optimizer", x, *(["schedule.name"] if decided else [])])
        if column != x and (cells[column].nunique(dropna=False) > 1).any():
            told = [f"{v:g}" if isinstance(v, (int, float)) else str(v) for v in runs[column]]
            names += f" {column.removesuffix('.name').rpartition('.')[2]}=" + pd.Series(told, runs.index)
    return names
