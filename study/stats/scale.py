"""Scale of comparison: how far above its floor a run ends, as a logarithm, so that differences are ratios."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from study.tracking import names

LOG_RATIO, DIFFERENCE = "log ratio", "difference"

_TINY = float(np.finfo(float).tiny)  # of an excess whose resolution is not known
_FLOORS = {
    names.EVAL_LAST_EPOCH: names.FLOOR,
    names.FINAL_EVAL_LOSS: names.FLOOR,
    names.LAST_EPOCH_LOSS: names.TRAIN_FLOOR,
}


@dataclass(frozen=True, slots=True)
class Scale:
    """What the difference of two runs means, and how large one must be to matter. Both are fixed before the runs.

    Attributes:
        name: `log ratio`, of the excesses over the floor, or `difference`, of the losses.
        margin: differences within +- margin do not matter: log 1.25 for a ratio of 1.25.
    """

    name: str
    margin: float


def scale_of(runs: pd.DataFrame, value: str, *, margin: float) -> Scale | None:
    """Return the scale on which a value of some runs is compared.

    With a known floor it is r = log(e_A / e_B), e the excess over it. Without one it is the plain difference, against
    the margin that the problem's file gives (`problem.margin`).

    Args:
        runs: one row per run, of one problem.
        value: a final loss.
        margin: the ratio of two excesses within which they count as equal, above 1: 1.25.

    Returns:
        None where neither a floor nor a margin is known: then nothing says how large a difference is.
    """
    if _floor(runs, value) is not None:
        return Scale(LOG_RATIO, math.log(margin))
    given = set(runs[names.MARGIN].dropna()) if names.MARGIN in runs else set()
    return Scale(DIFFERENCE, float(given.pop())) if len(given) == 1 else None


def placed(runs: pd.DataFrame, value: str) -> Float[np.ndarray, " run"]:
    """Return where each run lies, for tests of which is lower, which no margin takes part in: without one too."""
    return on_scale(runs, value, scale_of(runs, value, margin=1.0) or Scale(DIFFERENCE, 0.0))


def on_scale(runs: pd.DataFrame, value: str, scale: Scale) -> Float[np.ndarray, " run"]:
    """Return where each run lies on the scale, +inf for a diverged one.

    An excess below what its loss resolves counts as just that much: two such runs are both at the floor, and tie.

    Example:
        >>> ends = {"excess": [0.5, 1e-9, 3e-9, np.inf], "resolution": 1e-8}
        >>> on_scale(pd.DataFrame(ends), "excess", Scale(LOG_RATIO, 0.2)).round(2).tolist()
        [-0.69, -18.42, -18.42, inf]
    """
    values = runs[value].to_numpy(dtype=float)
    floor = _floor(runs, value)
    if scale.name == DIFFERENCE or floor is None:
        return values
    return np.asarray(np.log(np.maximum(values - floor, resolution(runs))))


def resolution(runs: pd.DataFrame) -> Float[np.ndarray, " run"]:
    """Return the least excess that each run's loss can tell from none; next to nothing where it was not recorded."""
    known = runs[names.RESOLUTION] if names.RESOLUTION in runs else pd.Series(0.0, runs.index)
    return np.maximum(known.fillna(0.0).to_numpy(dtype=float), _TINY)


def _floor(runs: pd.DataFrame, value: str) -> Float[np.ndarray, " run"] | None:
    """Return what the value of each run cannot be below, None where that is not known of all."""
    if value == names.EXCESS:
        known = pd.Series(0.0, runs.index) if runs[value].notna().all() else None
    elif value == names.FINAL_EVAL_LOSS and names.JUDGED_BY in runs:
        known = None  # the floor is that of another metric
    else:
        known = runs.get(_FLOORS[value])
    return None if known is None or known.isna().any() else known.to_numpy(dtype=float)
