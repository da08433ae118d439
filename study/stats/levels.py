"""Levels that a loss can be held against, read from the runs: the floor of a problem, the variance of its noise."""

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

    The evaluation loss has its floor, the least that any parameters reach. The minibatch loss of the parabola's runs
    is the mean squared distance to targets with noise: the noise-free parabola itself has the noise's variance as
    its expected loss. (A fit of finitely many samples may lie a little below.)

    Args:
        runs: one row per run with `floor` and the settings of the problem.
        loss: a metric (`eval/loss`), or a summary value of it (`final_eval_loss`).

    Example:
        >>> level_of(pd.DataFrame({"floor": [0.25, 0.25]}), "eval/loss").at
        0.25
        >>> level_of(pd.DataFrame({"floor": [0.25, 0.5]}), "eval/loss").sentence
        'The floor differs between the runs, 0.25 to 0.5, and is not marked.'
    """
    if loss in (names.EVAL_LOSS, names.FINAL_EVAL_LOSS):
        found, name, meaning = runs[names.FLOOR], "floor", "no parameters have a lower evaluation loss"
    elif loss in (names.TRAIN_LOSS, names.LAST_EPOCH_LOSS) and (runs["problem._target_"] == _PARABOLA).all():
        found, name = runs["problem.noise"] ** 2, "variance of the noise"
        meaning = "on average, the noise-free parabola itself has this loss"
    else:
        return None
    low, high = float(found.min()), float(found.max())
    if high - low > _ROUNDING * high:
        said = f"The {name} differs between the runs, {low:.3g} to {high:.3g}, and is not marked."
        return Level(None, said)
    return Level(low, f"The dotted line at {low:.5g} is the {name}: {meaning}.") if low > 0 else None
