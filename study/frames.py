"""Frames of a sweep, what the store gives back, as pandas. The vocabulary right of the store; no torch here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from jaxtyping import Float

from study.errors import InvalidInput, one_of

PLACE = "place."
"""How those columns of `trials` begin that say where a value lies in the range that was searched."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Every recorded value of some runs: held in memory, or read from the store when it is asked for.

    Attributes:
        metrics: those that are there.
        parts: of which runs to read at once, by their ids; None is all runs. A setting is in one part as a whole.
        read: returns the values of some runs, of one metric or (None) of all, as `SweepFrames.points` has them.
    """

    metrics: Sequence[str]
    parts: Sequence[Sequence[str] | None]
    read: Callable[[Sequence[str] | None, str | None], pd.DataFrame]

    @classmethod
    def of(cls, points: pd.DataFrame) -> "Recorded":
        """Return points that are held, in one part.

        Example:
            >>> points = pd.DataFrame({"run_id": ["a", "b"], "metric": "lr", "step": 0, "value": [0.1, 0.2]})
            >>> Recorded.of(points).read(["b"], "lr")["value"].tolist()
            [0.2]
        """

        def read(run_ids: Sequence[str] | None, metric: str | None) -> pd.DataFrame:
            kept = points if metric is None else points[points["metric"] == metric]
            return kept if run_ids is None else kept[kept["run_id"].isin(run_ids)]

        return cls(list(map(str, points["metric"].unique())), [None], read)


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
        recorded: every recorded value. Very many are not held, but read when they are asked for: as `points`, all of
            them, or in parts.
        fits: predictions of the trained models, for problems with a curve to draw. Columns: `label`,
            `optimizer`, `seed`, `x`, `prediction`. Of more than 10,000 runs, those at the first seeds. Empty for
            the others.
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
    recorded: Recorded
    fits: pd.DataFrame
    data: pd.DataFrame
    trials: pd.DataFrame = field(default_factory=pd.DataFrame)
    clocks: Mapping[str, Float[np.ndarray, " step"]] = field(default_factory=dict)

    @property
    def points(self) -> pd.DataFrame:
        """One row per recorded value, sorted by run, metric and step.

        Columns: `run_id` (categorical, of all of `runs`), `metric` (categorical: `train/loss`, `eval/loss`,
        `full/loss`, `lr`, `param/x1`, ...), `step` (int), `value`.
        """
        return self.recorded.read(None, None)

    @property
    def is_large(self) -> bool:
        """Whether its recorded values are too many to be held."""
        return len(self.recorded.parts) > 1

    def curves(self, metric: str, runs: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the points of one metric with `label`, `optimizer`, `seed` and `status` of their runs.

        Args:
            metric: its name.
            runs: ids of those whose points they are; None is all.

        Raises:
            InvalidInput: no run recorded it.
        """
        if metric not in self.recorded.metrics:
            raise InvalidInput(one_of("a metric", metric, self.recorded.metrics))
        points = self.recorded.read(runs, metric)[["run_id", "step", "value"]]
        return self.beside(points, "label", "optimizer", "seed", "status")

    def lasts(self, metric: str) -> pd.DataFrame:
        """Return the last of each run's `curves`."""
        found = [part.groupby("run_id", observed=True, sort=False).tail(1) for part in self.parts(metric)]
        return pd.concat(found, ignore_index=True)

    def parts(self, metric: str) -> Iterator[pd.DataFrame]:
        """Yield the `curves` of whole settings, as many at a time as are held in memory: mostly all."""
        for run_ids in self.recorded.parts:
            yield self.curves(metric, run_ids)

    def beside(self, points: pd.DataFrame, *columns: str) -> pd.DataFrame:
        """Return points, those of no run in `runs` left out, with columns of their runs."""
        run = pd.Index(self.runs["run_id"]).get_indexer(pd.Index(points["run_id"]))
        own: pd.DataFrame = self.runs[list(columns)].take(run[run >= 0]).reset_index(drop=True)
        named: pd.DataFrame = pd.concat([points[run >= 0].reset_index(drop=True), own], axis=1)
        return named
