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
    same = alike(runs)
    found = [word for word in names.RECEIPTS.values() if word not in same]
    return f"at the same seed, labels differ in the {' and the '.join(found)}" if found else None


def alike(runs: pd.DataFrame) -> list[str]:
    """Return what all runs of a seed have in common, at every seed, as far as their receipts tell."""
    by_seed = runs.groupby("seed")
    return [
        word
        for name, word in names.RECEIPTS.items()
        if runs[name].notna().all() and (by_seed[name].nunique() == 1).all()
    ]
