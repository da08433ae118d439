"""May runs be compared seed by seed? Only if their receipts show the same data, start and batches."""

import pandas as pd

RECEIPTS = {"data_sha": "data", "init_sha": "start", "order_sha": "order of minibatches"}


def refusal(runs: pd.DataFrame) -> str:
    """Return why these runs are not paired by seed, as half a sentence, or nothing where they are.

    Paired means: every label has the same seeds, and at each seed the digests of data, initial parameters and
    minibatch order agree between all labels.
    """
    counts = pd.crosstab(runs["seed"], runs["label"])
    if not (counts == 1).all(axis=None):
        return "the labels do not have the same seeds, once each"
    found = [
        RECEIPTS[name] for name in RECEIPTS if (runs.groupby("seed")[name].nunique(dropna=False) > 1).any()
    ]
    missing = [RECEIPTS[name] for name in RECEIPTS if runs[name].isna().any()]
    if missing:
        return f"no receipt of the {' and the '.join(missing)} was kept"
    return f"at the same seed, labels differ in the {' and the '.join(found)}" if found else ""
