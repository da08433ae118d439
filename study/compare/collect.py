"""Collect the runs of a comparison: what is shipped, what the store has, and what is trained now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from study.compare.groups import Group
from study.compare.plan import Plan
from study.compare.rows import rows_of
from study.compare.shipped import kept, missing
from study.compare.train import experiment_of, train, words_for
from study.errors import InvalidInput
from study.frames import SweepFrames


class Untrained(Exception):
    """A training that a comparison needs ended with another exit status than 0, and has said why."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(slots=True)
class Collected:
    """The runs of a comparison.

    Attributes:
        rows: with `study.compare.rows.COLUMNS`.
        trained: the sweeps that were asked for now, by optimizer.
    """

    rows: pd.DataFrame
    trained: dict[str, SweepFrames] = field(default_factory=dict)


def collect(
    plan: Plan,
    groups: Mapping[str, Sequence[Group]],
    shipped: pd.DataFrame,
    meanwhile: Callable[[], object] = lambda: None,
) -> Collected:
    """Return all runs of some groups, by optimizer; train those that are not shipped.

    Args:
        plan: of the comparison.
        groups: of each optimizer.
        shipped: the rows that are.
        meanwhile: is called while the first of them trains, or else before it returns.

    Raises:
        Untrained: a run failed, or was refused or interrupted.
    """
    parts, trained = [], {}
    for name, own in groups.items():
        again = name == plan.optimizer and "force=true" in plan.passed_on
        lacking = list(own) if again else missing(shipped, own)
        parts.append(kept(shipped, [group for group in own if group not in lacking]))
        if lacking:
            trained[name] = tuned(name, lacking, plan, meanwhile)
            meanwhile = _nothing
            parts.append(rows_of(trained[name], lacking))
    meanwhile()
    return Collected(pd.concat([part for part in parts if len(part)], ignore_index=True), trained)


def tuned(
    name: str, groups: Sequence[Group], plan: Plan, meanwhile: Callable[[], object] = lambda: None
) -> SweepFrames:
    """Tune an optimizer on some problems, or what the store lacks of that, and return the sweep.

    Raises:
        Untrained: as above.
    """
    status = train(words_for(groups, plan, name), meanwhile)
    if status:
        raise Untrained(status)
    from study.tracking.reader import read_sweep  # MLflow: a second, while nothing else waits for it

    sweep = read_sweep(experiment_of(name), store=plan.location)
    if sweep.trials.empty:
        raise InvalidInput(f"experiment {experiment_of(name)} must hold trials, got none")
    return sweep


def _nothing() -> None:
    """Do nothing more."""
