"""Levels that a loss can be held against, read from the runs: the floor of a problem, the best fit of its samples."""

from dataclasses import dataclass

import pandas as pd

from study.tracking import names

_PARABOLA = "study.problems.parabola.Parabola"
_ROUNDING = 1e-9  # a floor that two stacks computed differs in its last digits


@dataclass(frozen=True, slots=True)
class Level:
    """A loss that means something, and what it is, as a caption says it.

    `at` is None where it differs between the runs, so that no one line is it.
    """

    at: float | None
    sentence: str


def level_of(runs: pd.DataFrame, loss: str) -> Level | None:
    """Return the level to mark for a loss of these runs, None where there is none.

    The evaluation loss has its floor, the least that any parameters reach. The training loss has what a fit of each
    seed's samples is known to reach: where targets hold noise it is another one for each seed, and their median is
    marked. (A single minibatch may have less: its samples are few.)

    Args:
        runs: one row per run with `seed`, `floor` and `train_floor`.
        loss: a metric (`eval/loss`), or a summary value of it (`final_eval_loss`).

    Example:
        >>> level_of(pd.DataFrame({"floor": [0.25, 0.25]}), "eval/loss").at
        0.25
        >>> level_of(pd.DataFrame({"floor": [0.25, 0.5]}), "eval/loss").sentence
        'The floor differs between the runs, 0.25 to 0.5, and is not marked.'
        >>> fits = {"seed": [0, 1, 2], "problem._target_": "my.Own", "train_floor": [0.5, 0.25, 0.375]}
        >>> level_of(pd.DataFrame(fits), "train/loss").at
        0.375
    """
    if loss in (names.EVAL_LOSS, names.EVAL_LAST_EPOCH, names.FINAL_EVAL_LOSS):
        return _floor(runs[names.FLOOR])
    if loss in (names.TRAIN_LOSS, names.LAST_EPOCH_LOSS):
        return _fit(runs)
    return None


def _floor(floors: pd.Series) -> Level | None:
    if floors.isna().any():
        return None
    low, high = float(floors.min()), float(floors.max())
    if high - low > _ROUNDING * high:
        return Level(None, f"The floor differs between the runs, {low:.3g} to {high:.3g}, and is not marked.")
    meaning = "no parameters have a lower evaluation loss"
    return Level(low, f"The dotted line at {low:.5g} is the floor: {meaning}.") if low > 0 else None


def _fit(runs: pd.DataFrame) -> Level | None:
    """Return the level of the training loss, None where a run has none, or its problem is not that of the others."""
    problems = [column for column in map(str, runs) if column.startswith("problem")]
    if runs[names.TRAIN_FLOOR].isna().any() or (runs[problems].nunique(dropna=False) > 1).any():
        return None
    found = runs.groupby("seed")[names.TRAIN_FLOOR].first()
    at, low, high = float(found.median()), float(found.min()), float(found.max())
    over = f" (median over seeds; {low:.3g} to {high:.3g})" if len(found) > 1 else ""
    sentence = (
        f"The dotted line at {at:.3g} is the least training loss found for a network of this size, fitted to these "
        f"very samples{over}"
    )
    if (runs["problem._target_"] == _PARABOLA).all():
        noise = float(runs["problem.noise"].iloc[0])
        sentence += f"; the noise-free parabola itself has {noise**2:.5g} on average"
    return Level(at, f"{sentence}.")
