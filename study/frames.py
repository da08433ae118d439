"""Frames of a sweep, what the store gives back, as pandas. The vocabulary right of the store; no torch here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from jaxtyping import Float

from study.errors import InvalidInput, one_of

PLACE = "place."
"""How those columns of `trials` begin that say where a value lies in the range that was searched."""


@dataclass(frozen=True, slots=True)
class SweepFrames:
    """One sweep of one experiment, read from the store. Nothing in it is smoothed, clipped or filled in.

    Only an excess below what its loss resolves counts as just that much: there is nothing but rounding below it.

    Attributes:
        experiment: the experiment's name.
        info: `sweep`, `command`, `status` (MLflow's, of the sweep's parent: `FINISHED`, `KILLED`, ...),
            `git_commit`, `versions`, `sources` (of classes from outside), `started`, `device`, `store`, `sweeps` (how
            many the experiment has), `experiment_id` (MLflow's), `config` (as composed, YAML), as text. Of a
            sweep with `until=resolved`: `looks`, how many there are at most, and `look`, which it is (`2 of 4`).
            Where the store has an earlier sweep of the same settings with fewer seeds: `looked_before`, how many.
        overrides: what was asked beside the experiment's own file (`seeds=50`, `optimizer.lr=100`); empty for the
            plain experiment, and for a sweep that is of none.
        asked: one row per label (each trial of a sweep that tunes is one), in the sweep's order. Columns: `label`,
            `asked` (seeds asked for), `present` (how many of them are there), `failed` (what the job crashed with,
            empty if it did not).
        runs: one row per run that is compared, sorted by job (in the sweep's order) and seed. Columns:
            `run_id`, `job` (hash), `label` (categorical, in the sweep's order: `adam lr=0.01`),
            `optimizer` (its name: `adam`, `scratch/adam`), `problem`, `seed` (int), `status`, the receipts
            (`data_sha`, ...), then one column per parameter of the job under its key (`optimizer.lr`,
            `problem.rotation`, `batch_size`; numbers as numbers, absent = NaN; `schedule.name` and its arguments
            where a job of the sweep has one), then the summary values: every one
            of `study.tracking.names.SUMMARIES`, final losses +inf for a diverged run, others NaN where there is none.
        points: one row per recorded value, sorted by run, metric and step. Columns: `run_id`
            (categorical, of all of `runs`), `metric` (categorical: `train/loss`, `eval/loss`, `full/loss`, `lr`,
            `param/x1`, ...), `step` (int), `value`.
        fits: predictions of the trained models, for problems with a curve to draw. Columns: `label`,
            `optimizer`, `seed`, `x`, `prediction`. Empty for the others.
        data: the training data of the sweep's first seed, where the inputs have one feature. Columns: `x`,
            `y` (the noisy target), `clean` (what eval/loss compares with). Empty for the others.
        trials: one row per run of a sweep that tunes, with the columns of `runs` and: `group` (what is tuned, by its
            label as shipped), `trial` (from 1, which is as shipped), `budgets` (a tuple: of how many first trials it
            is the best; empty for a run at tuning seeds, by which that was decided), and `place.<hyperparameter>`,
            where the value lies in the range that was searched, from 0 to 1. Of these, `runs` has those at fresh
            seeds that are as shipped or the best of all. Empty for other sweeps.
        clocks: by run id, how many seconds after its stack's training began so many updates were done: item k is for
            step k. Runs of one stack share their clock. Without those of older stores.
    """

    experiment: str
    info: Mapping[str, str]
    overrides: tuple[str, ...]
    asked: pd.DataFrame
    runs: pd.DataFrame
    points: pd.DataFrame
    fits: pd.DataFrame
    data: pd.DataFrame
    trials: pd.DataFrame = field(default_factory=pd.DataFrame)
    clocks: Mapping[str, Float[np.ndarray, " step"]] = field(default_factory=dict)

    def curves(self, metric: str) -> pd.DataFrame:
        """Return the points of one metric with `label`, `optimizer`, `seed` and `status` of their runs.

        Raises:
            InvalidInput: no run recorded it.
        """
        points = self.points.loc[self.points["metric"] == metric, ["run_id", "step", "value"]]
        if points.empty:
            raise InvalidInput(one_of("a metric", metric, map(str, self.points["metric"].unique())))
        return self.beside(points, "label", "optimizer", "seed", "status")

    def beside(self, points: pd.DataFrame, *columns: str) -> pd.DataFrame:
        """Return points, those of no run in `runs` left out, with columns of their runs."""
        run = pd.Index(self.runs["run_id"]).get_indexer(pd.Index(points["run_id"]))
        own: pd.DataFrame = self.runs[list(columns)].take(run[run >= 0]).reset_index(drop=True)
        named: pd.DataFrame = pd.concat([points[run >= 0].reset_index(drop=True), own], axis=1)
        return named
