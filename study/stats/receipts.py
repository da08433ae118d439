"""Receipts of what runs met at the same seed: the same data, start and minibatches, or not."""

import pandas as pd

from study.tracking import names


def why_unpaired(runs: pd.DataFrame) -> str | None:
    """Return in what the runs of one seed differ, as half a sentence, or None where nothing tells them apart.

    None means: every label has the same seeds, and at each seed the digests of data, initial parameters and
    minibatch order agree between all labels.

    Example:
        >>> runs = {
        ...     "label": ["sgd", "adam"],
        ...     "seed": 0,
        ...     "data_sha": "d",
        ...     "init_sha": "i",
        ...     "order_sha": ["o", "p"],
        ... }
        >>> why_unpaired(pd.DataFrame(runs))
        'at the same seed, labels differ in the order of minibatches'
    """
    counts = pd.crosstab(runs["seed"], runs["label"])
    if not (counts == 1).all(axis=None):
        return "the labels do not have the same seeds, once each"
    missing = [word for name, word in names.RECEIPTS.items() if runs[name].isna().any()]
    if missing:
        return f"no receipt of the {' and the '.join(missing)} was kept"
    distinct = runs.groupby("seed")[list(names.RECEIPTS)].nunique().max()
    found = [word for name, word in names.RECEIPTS.items() if distinct[name] > 1]
    return f"at the same seed, labels differ in the {' and the '.join(found)}" if found else None
