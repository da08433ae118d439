"""The quadratic bowl as a surface to look at."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float


def bowl_surface(
    x1: Float[np.ndarray, " column"],
    x2: Float[np.ndarray, " row"],
    *,
    coefficients: Sequence[float] = (0.1, 2.0),
    rotation: float = 0.0,
) -> Float[np.ndarray, "row column"]:
    """Return f = c1 u1^2 + c2 u2^2 on a grid, u being (x1, x2) turned back by `rotation` degrees."""
    angle = np.deg2rad(rotation)
    across, up = np.meshgrid(x1, x2)
    u1 = np.cos(angle) * across + np.sin(angle) * up
    u2 = -np.sin(angle) * across + np.cos(angle) * up
    return np.asarray(coefficients[0] * u1**2 + coefficients[1] * u2**2)


def paths(points: pd.DataFrame) -> pd.DataFrame:
    """Return `run_id`, `step`, `x1`, `x2`: the recorded parameters of each run, side by side.

    Args:
        points: `run_id`, `metric`, `step`, `value`, among them the metrics `param/x1` and `param/x2`.
    """
    chosen = points[points["metric"].isin(["param/x1", "param/x2"])]
    wide = chosen.pivot(index=["run_id", "step"], columns="metric", values="value").reset_index()
    return wide.rename(columns={"param/x1": "x1", "param/x2": "x2"}).rename_axis(columns=None)
