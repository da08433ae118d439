"""Counts of a simulation: how often something was so, how often it may be, and whether that was kept."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import scipy.stats

Row = Mapping[str, object]

AT_MOST, AT_LEAST = "at most", "at least"
COLUMNS = ("promise", "claim", "population", "design", "pairs", "n", "hits", "experiments", "side", "bound")


def count(
    promise: str,
    claim: str,
    hits: np.ndarray | Sequence[bool],
    case: Mapping[str, object],
    bound: tuple[str, float] | None = None,
) -> Row:
    """Return a row that says in how many experiments something was so.

    Args:
        promise: what it is about.
        claim: what was so.
        hits: of each experiment, whether it was.
        case: `population`, `design`, `pairs`, `n`.
        bound: `AT_MOST` or `AT_LEAST` and the share that is promised; None where it is told and not promised.
    """
    side, share = bound or ("", math.nan)
    row = {"promise": promise, "claim": claim, "hits": int(np.sum(hits)), "experiments": len(hits)}
    return {**row, "side": side, "bound": share, **case}


def counted(rows: Sequence[Row]) -> pd.DataFrame:
    """Return the rows as a frame, with what is computed of them.

    Returns:
        `COLUMNS`, `share` = hits / experiments, and as `_judged` says.
    """
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS)).astype({"bound": float})
    table = table[table["experiments"] > 0].reset_index(drop=True)  # as of divergence, where none diverged
    table["share"] = table["hits"] / table["experiments"]
    p = table["bound"].fillna(table["share"])
    table["error"] = np.sqrt(p * (1 - p) / table["experiments"])
    return _judged(table)


def together(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per claim that is promised: all its cases counted as one, and that which is nearest to breaking.

    What holds of each case holds of all together, whose error is smaller.

    Args:
        table: as `counted` returns it.

    Returns:
        `promise`, `claim`, `side`, `bound` (the mean of the cases'), `share`, `error`, `allowed`, `kept`, as of a
        case; `cases`, `broken` (how many of them are not kept), `worst` (the label of a case, in `table`).
    """
    promised = table.dropna(subset="bound")
    sums = promised.assign(
        bound=promised["bound"] * promised["experiments"],
        error=(promised["error"] * promised["experiments"]) ** 2,
        broken=~promised["kept"].astype(bool),
        cases=1,
    )
    groups = ["promise", "claim", "side"]
    sums = sums.groupby(groups, sort=False)[
        ["hits", "experiments", "bound", "error", "broken", "cases"]
    ].sum()
    beyond = _sign(promised) * (promised["share"] - promised["bound"]) / promised["error"].clip(lower=1e-9)
    worst = beyond.groupby([promised[name] for name in groups], sort=False).idxmax()
    all_ = sums.assign(
        bound=sums["bound"] / sums["experiments"],
        error=np.sqrt(sums["error"]) / sums["experiments"],
        share=sums["hits"] / sums["experiments"],
        worst=worst,
    )
    return _judged(all_.reset_index())


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """Add `allowed`, and whether the share is `kept` on its side of it; None where nothing is promised.

    Allowed is the bound and 2 Monte-Carlo standard errors beyond it where a promise has one row. Of several the worst
    is sought: then as many errors that all rows together, if each is at its bound, stay within as often as one does
    within 2, which is 97.7%.
    """
    rows = table.groupby("promise")["bound"].transform("count").clip(lower=1)
    room = scipy.stats.norm.isf(scipy.stats.norm.sf(2) / rows) * table["error"]
    allowed = table["bound"] + _sign(table) * room
    kept = _sign(table) * (table["share"] - allowed) <= 0
    kept = kept.astype(object).where(table["bound"].notna(), None)
    return table.assign(allowed=allowed.clip(0, 1), kept=kept)


def _sign(table: pd.DataFrame) -> pd.Series:
    """Return the side on which each bound is passed: 1 above, -1 below."""
    return pd.Series(np.where(table["side"] == AT_LEAST, -1, 1), index=table.index)
