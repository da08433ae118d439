"""Rows of a comparison: every run of tuned optimizers as one frame, from the store or the file that is shipped."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from study.compare.groups import Group
from study.frames import SweepFrames
from study.stats.tuning import at_edge
from study.tracking import names

RUNGS = 64
"""Targets of the ladder: the k-th is 10^(-k / 8) of the excess at the start, the last one 1e-8."""

SOLVED = 1e-8
"""The share of the excess at the start below which a problem is solved, and runs tie: nobody asks for less. It is the
last target of COCO, too (Hansen et al. 2016)."""

COLUMNS = (
    "key", "optimizer", "problem", "trial", "shipped", "tuned", "seed", "status", names.CRITERION,
    names.INITIAL_EVAL_LOSS, names.FLOOR, names.RESOLUTION, names.MARGIN, *names.RECEIPTS,
    "lr", "values", "edge", "reached",
)  # fmt: skip
"""One row per run: `key` of its group; `trial`, of which 1 is as shipped; `shipped` and `tuned`, whether it is one
of those at fresh seeds, as shipped or the best of all trials, perhaps both; `seed`, `status`, the criterion (+inf =
diverged), the loss at the start, floor, resolution, margin and receipts as `SweepFrames.runs` has them; the tuned
`lr`, all drawn `values` as text and which lie at an `edge` of what was searched; `reached`, of a run at a fresh seed:
the step at which it reaches each target of the ladder, -1 for never, shorter by what it never reaches."""


def ladder() -> Float[np.ndarray, " target"]:
    """Return the targets as shares of the excess at the start, from 1 downwards."""
    return np.asarray(10.0 ** (-np.arange(RUNGS + 1) / 8))


def rows_of(sweep: SweepFrames, groups: Iterable[Group]) -> pd.DataFrame:
    """Return the rows of one optimizer's sweep.

    Args:
        sweep: of a sweep that tunes, on one or more problems.
        groups: which these are.

    Returns:
        A frame with `COLUMNS`.
    """
    trials = sweep.trials
    own = {str(group.job.problem["name"]): group for group in groups}  # a file may be called otherwise
    drawn = [f"optimizer.{key}" for key in dict.fromkeys(_drawn(trials))]
    found = trials.reindex(columns=["run_id", *COLUMNS]).assign(
        key=trials["problem"].map({name: group.key for name, group in own.items()}),
        problem=trials["problem"].map({name: group.problem for name, group in own.items()}),
        shipped=[1 in budgets for budgets in trials["budgets"]],
        tuned=[bool(budgets) and max(budgets) > 1 for budgets in trials["budgets"]],
        lr=pd.to_numeric(trials.get("optimizer.lr", pd.Series(np.nan, trials.index)), errors="coerce"),
        values=[" ".join(_words(row, drawn)) for _, row in trials[drawn].iterrows()],
        edge=[
            " ".join(f"{name}:{end}" for name, end in at_edge(row).items()) for _, row in trials.iterrows()
        ],
    )
    reached = _reached(sweep)
    steps = [reached.get(run) for run in found["run_id"]]
    return found.assign(reached=pd.Series(steps, found.index, dtype=object)).drop(columns="run_id")


def _drawn(trials: pd.DataFrame) -> list[str]:
    """Return the hyperparameters that were drawn: `lr`, `betas`."""
    places = (column.removeprefix("place.") for column in map(str, trials) if column.startswith("place."))
    return [place.partition("[")[0] for place in places]


def _words(row: pd.Series, drawn: Sequence[str]) -> list[str]:
    return [f"{key.partition('.')[2]}={row[key]}" for key in drawn]


def _reached(sweep: SweepFrames) -> dict[str, list[int]]:
    """Return the steps at which each run at a fresh seed reaches the targets of the ladder."""
    runs = sweep.runs.set_index("run_id")
    metric = runs[names.JUDGED_BY] if names.JUDGED_BY in runs else pd.Series(np.nan, runs.index)
    judged = metric.fillna(names.EVAL_LOSS)
    points = sweep.points[sweep.points["metric"].isin(set(judged))]
    found: dict[str, list[int]] = {}
    for run, curve in points.groupby("run_id", observed=True, sort=False):
        if runs.at[run, "status"] == names.DIVERGED:
            found[str(run)] = []  # what it passed on its way out is no result
            continue
        own = curve[curve["metric"] == judged[run]]
        steps = steps_down(own["step"].to_numpy(), own["value"].to_numpy() - runs.at[run, names.FLOOR])
        found[str(run)] = steps.tolist()
    return found


def steps_down(
    steps: Int[np.ndarray, " step"], excess: Float[np.ndarray, " step"]
) -> Int[np.ndarray, " target"]:
    """Return the first step at which an excess is at most each target of the ladder, of those that it reaches.

    Args:
        steps: at which it is known, ascending.
        excess: there; the first is that at the start. NaN where no floor is known: then no target is.

    Example:
        >>> steps_down(np.array([0, 10, 20]), np.array([4.0, 2.0, 1.0]))
        array([ 0, 10, 10, 20, 20])
    """
    if not excess[0] > 0:
        return np.empty(0, dtype=int)
    least = np.minimum.accumulate(excess) / excess[0]
    targets = ladder()
    first = np.searchsorted(-least, -targets * (1 + 1e-12))  # rounding
    return np.asarray(steps[first[first < len(steps)]], dtype=int)


def to_solved(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose resolution is no finer than `SOLVED` of the excess at the start: runs that get there tie."""
    start = rows[names.INITIAL_EVAL_LOSS] - rows[names.FLOOR]
    return rows.assign(
        **{names.RESOLUTION: np.fmax(rows[names.RESOLUTION].astype(float), SOLVED * start.astype(float))}
    )


def steps_of_half(reached: Sequence[Sequence[int]], target: int) -> float:
    """Return the step by which at least half of some runs reach a target; never is infinite.

    >>> steps_of_half([[0, 5], [0, 9], [0], [0]], 1), steps_of_half([[0, 5], [0], [0]], 1)
    (9.0, inf)
    """
    steps = sorted(float(own[target]) if target < len(own) else np.inf for own in reached)
    return steps[(len(steps) + 1) // 2 - 1]


def furthest(reached: Sequence[Sequence[int]]) -> int:
    """Return the lowest target that at least half of some runs reach, -1 where there is none.

    >>> furthest([[0, 5, 9], [0, 9], [0]])
    1
    """
    counts = sorted((len(steps) for steps in reached), reverse=True)
    return counts[(len(counts) + 1) // 2 - 1] - 1
