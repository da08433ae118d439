"""Steps counted in passes over the data."""

import pandas as pd

from study.stats.epochs import add_epochs


def test_each_label_has_its_own_updates_per_epoch() -> None:
    """By hand: 4 updates in 2 epochs are 2 each; a full batch makes one per epoch."""
    train = pd.DataFrame({"label": ["a"] * 4 + ["b"] * 2, "step": [0, 1, 2, 3, 0, 1]})
    runs = pd.DataFrame({"label": ["a", "b"], "epochs": [2, 2]})
    curves = pd.DataFrame({"label": ["a", "a", "b"], "step": [0, 3, 2]})
    assert add_epochs(curves, train, runs)["epoch"].tolist() == [0.0, 1.5, 2.0]
