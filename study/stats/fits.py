"""Fitted curves of many seeds: their median, and how far each lies from the target."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def median_fit(fits: pd.DataFrame) -> pd.DataFrame:
    """Return the pointwise median prediction over seeds: `label`, `x`, `prediction`."""
    return fits.groupby(["label", "x"], observed=True, sort=False)["prediction"].median().reset_index()


def knows_target(data: pd.DataFrame) -> bool:
    """Return whether the data come with a noise-free target, other than what was trained on."""
    return bool((data["clean"] != data["y"]).any())


def median_errors(fits: pd.DataFrame, data: pd.DataFrame) -> Mapping[str, float]:
    """Return, for each label, the median over seeds of the root mean square distance to the target.

    The target is known at the data's inputs, and is interpolated linearly between them.
    """
    known = data.sort_values("x")
    clean = np.interp(fits["x"], known["x"], known["clean"])
    squares = fits.assign(square=(fits["prediction"] - clean) ** 2)
    means = squares.groupby(["label", "seed"], observed=True, sort=False)["square"].mean().pow(0.5)
    medians = means.groupby("label", observed=True, sort=False).median()
    return {str(label): float(error) for label, error in medians.items()}
