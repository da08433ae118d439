"""The words that captions and axes share: what a metric is called, how many seeds, which interval."""

import numpy as np
import pandas as pd

from study.figures.style import Style

METRICS = {
    "train/loss": "training loss per minibatch",
    "eval/loss": "evaluation loss",
    "full/loss": "loss on all data",
    "last_epoch_loss": "training loss of the last epoch",
    "final_eval_loss": "final evaluation loss",
    "excess": "final loss above the floor",
}


def metric_name(metric: str) -> str:
    """Return a metric or summary value in words, or as it is."""
    return METRICS.get(metric, metric)


def interval_name(style: Style) -> str:
    """Return the interval by its name in the literature."""
    return (
        f"{100 * style.confidence:g}% percentile bootstrap interval of the median over seeds "
        f"({style.resamples} resamples)"
    )


def seeds_of(runs: pd.DataFrame) -> str:
    """Return how many seeds each label has: `25 seeds each`, or `20 to 25 seeds each`."""
    counts = runs.groupby("label", observed=True)["seed"].nunique()
    low, high = int(counts.min()), int(counts.max())
    number = f"{low}" if low == high else f"{low} to {high}"
    noun = "seed" if high == 1 else "seeds"
    return f"{number} {noun}" if len(counts) == 1 else f"{number} {noun} each"


def interval_and_seeds(style: Style, runs: pd.DataFrame) -> str:
    """Return the interval's name and n, as a caption ends; one seed has no interval."""
    if most_seeds(runs) == 1:
        return f"n = {seeds_of(runs)}, so no interval"
    return f"{interval_name(style)}; n = {seeds_of(runs)}"


def most_seeds(runs: pd.DataFrame) -> int:
    """Return how many seeds the label with the most of them has."""
    return int(runs.groupby("label", observed=True)["seed"].nunique().max())


def diverged_of(runs: pd.DataFrame) -> str:
    """Return which runs diverged, as a sentence, or nothing where none did."""
    counts = runs.loc[runs["status"] == "diverged"].groupby("label", observed=True, sort=False).size()
    if counts.empty:
        return ""
    named = ", ".join(f"{label}: {count}" for label, count in counts.items())
    where = named if len(counts) <= 6 else f"{len(counts)} settings"
    return f" {counts.sum()} of {len(runs)} runs diverged ({where}) and count as infinite."


def number(value: float, digits: int = 3) -> str:
    """Return a number in so many significant digits, infinity as its sign.

    Example:
        >>> [number(value) for value in (0.0123456, 1234.0, 0.0, float("inf"))]
        ['0.0123', '1.23e+03', '0', '∞']
    """
    if np.isnan(value):
        return "undefined"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}g}" if value != 0 else "0"


def setting_name(key: str, unit: str = "") -> str:
    """Return a job's setting in words, with its unit where it has one."""
    names = {"lr": "learning rate", "rotation": "rotation", "batch_size": "batch size", "alpha": "γ"}
    last = key.rpartition(".")[2]
    name = names.get(last, last)
    return f"{name} ({unit})" if unit else name
