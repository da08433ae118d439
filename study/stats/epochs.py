"""From updates to passes over the data, so that batch sizes can share an axis."""

import pandas as pd


def add_epochs(curves: pd.DataFrame, train: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Return `curves` with the column `epoch` = step / (updates per epoch).

    Updates per epoch = recorded training losses / epochs, from the longest run of the label, since a diverged
    run ends early.

    Args:
        curves: `label` and `step`, one row per point.
        train: the points of `train/loss`, one per update, with `label` and `step` from 0.
        runs: one row per run with `label` and `epochs`.
    """
    updates = train.groupby("label", observed=True)["step"].max() + 1
    epochs = runs.groupby("label", observed=True)["epochs"].max()
    return curves.assign(epoch=curves["step"] / curves["label"].map(updates / epochs).astype(float))
