"""Crossings: where along a budget two optimizers change places, and whether the seeds tell."""

from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from study.stats.response import name_lines
from study.stats.samples import Paired, differences
from study.stats.scale import placed
from study.tracking import names


def signs_along(runs: pd.DataFrame, *, x: str, value: str, confidence: float) -> pd.DataFrame:
    """Return who is lower at each x, for each two lines: by their medians, and as their shared seeds tell.

    Seed by seed, r = log(e_A / e_B) where floors are known, else the plain difference (see `study.stats.scale`).
    Wilcoxon's signed-rank test of r = 0 tells at the level (1 - confidence) / (all pairs at all x): so in all but
    1 - confidence of such tables, whatever it tells is so.

    Args:
        runs: one row per run with `optimizer`, `seed`, `data_sha`, `x`, `value` (+inf = diverged), other settings.
        x: the column of a setting; lines are those of `study.stats.response.respond`.
        value: the final loss compared.
        confidence: of all that is told together.

    Returns:
        `first`, `second` (in the order of the sweep), `x`, `n` (shared seeds), `p`, `drawn` (-1: the first has the
        lower median, 1: the second, 0: neither), `told` (the same by the test, 0: not told).
    """
    named = runs.assign(
        line=name_lines(runs, x), data=runs[names.DATA_SHA].astype(str), place=placed(runs, value)
    )
    wide = named.pivot(index=[x, "seed", "data"], columns="line", values="place")
    lines = named["line"].unique()
    rows = []
    for at, group in wide.groupby(level=x):
        for first, second in combinations(lines, 2):
            shared = group[[first, second]].dropna().to_numpy(dtype=float)
            if len(shared):
                medians = np.median(shared, axis=0)
                drawn = int(medians[0] > medians[1]) - int(medians[0] < medians[1])
                sample = Paired(differences(*shared.T))
                less, greater = sample.p(alternative="less"), sample.p(alternative="greater")
                sign = int(greater < less) - int(less < greater)
                rows.append([first, second, at, sample.n, float(sample.p()), sign, drawn])
    table = pd.DataFrame(rows, columns=["first", "second", x, "n", "p", "sign", "drawn"])
    known = table["p"] <= (1 - confidence) / max(len(table), 1)
    return table.assign(told=table["sign"].where(known, 0)).drop(columns="sign")


def crossings(signs: pd.DataFrame, *, x: str) -> pd.DataFrame:
    """Return where two lines change places along x.

    A crossing is told between two x at which the seeds tell opposite signs and between which they tell none. Medians
    that change places between two neighbouring x elsewhere are a crossing that is not told.

    Args:
        signs: as `signs_along` returns them.
        x: its column.

    Returns:
        `passed` (lower before), `passing` (lower after), `low` and `high` (the x between which they cross), `told`.

    Example:
        >>> signs = {
        ...     "first": "a",
        ...     "second": "b",
        ...     "epochs": [1, 2, 4, 8],
        ...     "told": [1, 0, -1, -1],
        ...     "drawn": [1, 1, -1, -1],
        ... }
        >>> crossings(pd.DataFrame(signs), x="epochs").to_dict("records")
        [{'passed': 'b', 'passing': 'a', 'low': 1.0, 'high': 4.0, 'told': True}]
    """
    found = []
    for (first, second), pair in signs.groupby(["first", "second"], sort=False):
        told = _flips(pair, x, "told")
        beside = [
            flip for flip in _flips(pair, x, "drawn") if not any(_meet(flip[:2], other[:2]) for other in told)
        ]
        for low, high, sign in (*told, *beside):
            passed, passing = (first, second) if sign < 0 else (second, first)
            found.append([passed, passing, low, high, (low, high, sign) in told])
    return pd.DataFrame(found, columns=["passed", "passing", "low", "high", "told"])


def _flips(pair: pd.DataFrame, x: str, column: str) -> list[tuple[float, float, int]]:
    """Return between which x a sign changes, whatever zeros lie between, and what it was before."""
    known = pair.loc[pair[column] != 0, [x, column]].sort_values(x)
    rows = list(known.itertuples(index=False, name=None))
    return [
        (float(low), float(high), int(sign)) for (low, sign), (high, after) in pairwise(rows) if sign != after
    ]


def _meet(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
