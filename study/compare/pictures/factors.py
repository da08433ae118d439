"""Factors on a logarithmic axis: how far it reaches, which are written, and what one looks like as text.

All are counted in decades, their log10.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

MOST = 6.0
"""Decades to either side beyond which nothing is drawn in its place."""

_ALWAYS = 2.0  # decades that are shown in full, if anything lies there
_LEAST = 0.5
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def in_decades(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return `low`, `estimate` and `high` of pairs, natural logarithms, as decades."""
    return pairs[["low", "estimate", "high"]].astype(float) / math.log(10)


def reach(decades: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of an axis, in decades: around 1, as far as what is to be seen on it needs.

    Whatever lies within two decades is on it. Beyond them it goes as far as nine tenths of all values need, so that
    the few that are at their floor do not press the others together.

    Args:
        decades: `low`, `estimate` and `high`; infinite ones ask for no room.
    """
    values = decades.to_numpy(dtype=float).ravel()
    values = values[np.isfinite(values)]
    left, right = _side(-values), _side(values)
    room = 0.08 * (left + right)  # an arrow at the edge beside a dot
    return -left - room, right + room


def _side(out: np.ndarray) -> float:
    """Return how many decades one side needs, of which a whole one has a number at its end."""
    out = np.append(np.maximum(out, 0.0), 0.0)
    most = max(_ALWAYS, float(np.quantile(out, 0.9)))
    needed = min(float(out.max()), most, MOST)
    return _LEAST if needed <= _LEAST else max(1.0, needed)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return the decades that are written on an axis: 1 among them, and no more than so many.

    Example:
        >>> ticks(-1.2, 3.1, most=9), ticks(-1.2, 3.1, most=3)
        ([-1.0, 0.0, 1.0, 2.0, 3.0], [0.0, 2.0])
    """
    whole = np.arange(math.ceil(low), math.floor(high) + 1, dtype=float)
    finer = np.sort(np.add.outer(np.arange(math.floor(low), high), np.log10([1, 2, 5])).ravel())
    choices: Sequence[np.ndarray] = [finer, *(whole[whole % step == 0] for step in range(1, 13))]
    inside = ([float(at) for at in choice if low <= at <= high] for choice in choices)
    return next((chosen for chosen in inside if len(chosen) <= most), [0.0])


def written(decades: float) -> str:
    """Return a factor as text.

    Example:
        >>> [written(at) for at in (0.0, -2.0, 2.301, 8.5, -8.0, math.inf, -math.inf)]
        ['×1', '×0.01', '×200', '×3·10⁸', '×10⁻⁸', '×∞', '×0']
    """
    if math.isinf(decades):
        return "×∞" if decades > 0 else "×0"
    if abs(decades) < 3.5:
        return f"×{float(f'{10**decades:.2g}'):g}"
    first, power = f"{10 ** (decades % 1):.0e}".split("e")
    digits = "" if first == "1" else f"{first}·"
    return f"×{digits}10{str(math.floor(decades) + int(power)).translate(_RAISED)}"
