"""File of runs that is shipped: every optimizer of the study, tuned by the protocol, for comparing others with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from study.compare.groups import Group
from study.compare.rows import COLUMNS

if TYPE_CHECKING:
    from study.compare.cost import Cost

FIELD = Path(__file__).with_name("field.parquet")
"""Made by `make field`."""

COSTS = Path(__file__).with_name("costs.csv")
"""What a step of each costs, made with it."""


def read_field(path: Path = FIELD) -> pd.DataFrame:
    """Return the rows that are shipped; without a file there are none."""
    return pd.read_parquet(path) if path.exists() else pd.DataFrame(columns=list(COLUMNS))


def write_field(rows: pd.DataFrame, path: Path = FIELD) -> None:
    """Write rows, sorted, so that the same rows make the same file."""
    ordered = rows.sort_values(
        ["optimizer", "problem", "tuned", "shipped", "trial", "seed"], ignore_index=True
    )
    steps = [None if steps is None else np.asarray(steps, dtype=np.int32) for steps in ordered["reached"]]
    ordered.assign(reached=pd.Series(steps, ordered.index, dtype=object)).to_parquet(
        path, index=False, compression="zstd"
    )


def kept(rows: pd.DataFrame, groups: Iterable[Group]) -> pd.DataFrame:
    """Return the rows of those groups that are there whole: all trials, and all seeds of the comparison."""
    parts = [_own(rows, group) for group in groups]
    return pd.concat([rows.iloc[:0], *parts], ignore_index=True)


def _own(rows: pd.DataFrame, group: Group) -> pd.DataFrame:
    """Return the rows of a group at the seeds that it is compared at, none where some are missing."""
    own = rows[rows["key"] == group.key]
    fresh = own["shipped"].astype(bool) | own["tuned"].astype(bool)
    wanted = own[~fresh | own["seed"].isin(list(group.job.seeds))]
    counts = [int(wanted[which].sum()) for which in ("shipped", "tuned")]
    return wanted if counts == [len(group.job.seeds)] * 2 else rows.iloc[:0]


def missing(rows: pd.DataFrame, groups: Iterable[Group]) -> Sequence[Group]:
    """Return the groups that are not there whole."""
    there = set(kept(rows, groups := list(groups))["key"])
    return [group for group in groups if group.key not in there]


def write_costs(costs: Mapping[str, "Cost"], path: Path = COSTS) -> None:
    """Write what a step of each optimizer costs."""
    table = pd.DataFrame([asdict(cost) for cost in costs.values()], index=pd.Index(costs, name="optimizer"))
    table.to_csv(path, float_format="%.4g")


def read_costs(path: Path = COSTS) -> dict[str, str]:
    """Return what a step of each shipped optimizer costs, in words."""
    if not path.exists():
        return {}
    rows = pd.read_csv(path).to_dict("records")
    return {str(row["optimizer"]): _words(row["step"], row["state"], bool(row["with_loss"])) for row in rows}


def told(cost: "Cost") -> str:
    """Return a cost in words."""
    return _words(cost.step, cost.state, cost.with_loss)


def _words(step: float, state: float, with_loss: bool) -> str:
    loss = ", each with its losses" if with_loss else ""
    return f"{step:.1f}× SGD's time{loss}, {state:.3g} numbers a parameter"
