"""Result of training, as arrays: the trainer's product and the tracker's material. No torch here."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from study.job import Run
from study.tracking import names


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of all runs of a stack: row r holds the values of run r at the given steps."""

    steps: Int[np.ndarray, " step"]
    values: Float[np.ndarray, "run step"]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained stack; row r of each array, and item r of each list, belongs to `runs[r]`.

    Attributes:
        runs: who was trained.
        cap: the problem's; a loss above it is a divergence.
        train_loss: the minibatch loss before each update, step 0, 1, 2, ...
        batches: samples of each minibatch of an epoch.
        series: further metrics by key: those of `study.tracking.names`.
        last_epoch: the criterion at some moments of the last epoch.
        floor: the least criterion there is, NaN where it is not known.
        constant: the least criterion of a constant prediction, NaN where the problem knows none.
        train_floor: the least training loss that is known to be reached, NaN likewise.
        final: the parameters after the last step, by the module's names.
        curve: what the trained models predict at the problem's curve inputs (no columns where it has none).
        curve_inputs: those inputs.
        sample: inputs, targets and eval targets of the first run's seed, side by side, for a figure; empty where
            one of them is more than a column.
        receipts: digests of what was paired, by `names.RECEIPTS`.
        times: when each step was done, in seconds since the epoch; steps + 1 values, the first is the start.
        evaluations: how often each run's rule asked for its loss beside what is recorded here, -1 where it does not;
            None where none does.
        criterion: the key of the series that settings are compared by.
    """

    runs: tuple[Run, ...]
    cap: float
    train_loss: Float[np.ndarray, "run step"]
    batches: Int[np.ndarray, " batch"]
    series: Mapping[str, Series]
    last_epoch: Series
    floor: Float[np.ndarray, " run"]
    constant: Float[np.ndarray, " run"]
    train_floor: Float[np.ndarray, " run"]
    final: Mapping[str, Float[np.ndarray, "run ..."]]
    curve: Float[np.ndarray, "run point"]
    curve_inputs: Float[np.ndarray, "point feature"]
    sample: Float[np.ndarray, "sample column"]
    receipts: Mapping[str, list[str]]
    times: Float[np.ndarray, "step+1"]
    evaluations: Int[np.ndarray, " run"] | None = None
    criterion: str = names.EVAL_LOSS
