"""Steps to target: how soon a loss falls to each of many targets, a line per label."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from typing_extensions import override

from study.errors import InvalidInput
from study.figures.base import Chart, Context
from study.figures.style.canvas import used_lines
from study.figures.style.layout import Layout
from study.figures.style.words import bracket, diverged_of, metric_name, number, runs_of, seeds_of, some
from study.figures.table import Table
from study.ranges import POSITIVE, numbers, or_null
from study.stats import intervals
from study.stats.curves import updates_per_epoch
from study.stats.targets import (
    above,
    descents,
    log_targets,
    running_loss,
    solved,
    steps_to,
    summarise_targets,
)
from study.tracking import names

_COUNT = 51  # targets where none are given
_PRINTED = 17  # each so many of them stands in the table
_FLOORS = {names.EVAL_LOSS: names.FLOOR, names.TRAIN_LOSS: names.TRAIN_FLOOR}


@dataclass(frozen=True)
class Reached:
    """What is drawn and printed."""

    what: str  # reaches the targets, in words
    steps: pd.DataFrame  # `reached` of study.stats.targets
    shares: pd.DataFrame  # `label`, `step`, `share`
    budgets: pd.Series  # updates of a whole run, by label; NaN where not known
    table: pd.DataFrame  # of the targets that are printed


@dataclass(frozen=True)
class StepsToTarget(Chart[Reached]):
    """The share of all pairs of a run and a target that are solved, against updates; a table of some targets.

    Args:
        metric: which loss is to reach the targets: the training loss as its mean over the steps of the last epoch
            so far, another one as it was evaluated. Counted from the floor of each run where all know it.
        targets: the targets; by default 51 in equal steps of the logarithm over what the runs descend.
    """

    metric: Literal["train/loss", "eval/loss", "test/loss", "full/loss"] = "train/loss"
    targets: Annotated[Sequence[float] | None, or_null(numbers(each=POSITIVE))] = None

    @override
    def compute(self, context: Context) -> Reached:
        runs = context.runs
        if runs["problem"].nunique() > 1:
            found = ", ".join(sorted(runs["problem"].unique()))
            raise InvalidInput(
                f"steps_to_target needs runs of one problem, whose targets they share, got {found}"
            )
        updates = updates_per_epoch(context.sweep.lasts(names.TRAIN_LOSS), runs)
        averaged, floor = self.metric == names.TRAIN_LOSS, _FLOORS.get(self.metric)
        what = "trailing mean of the training loss over an epoch" if averaged else metric_name(self.metric)
        if floor is not None and runs[floor].notna().all():
            what += f", counted from the {metric_name(floor)},"
        else:
            floor = None
        falls = []
        for curves in context.sweep.parts(self.metric):
            means = running_loss(curves, updates) if averaged else curves
            falls.append(descents(means if floor is None else above(means, runs, floor)))
        curves = pd.concat(falls)
        targets = np.sort(self.targets)[::-1] if self.targets else log_targets(curves, runs, _COUNT)
        steps = steps_to(curves, runs, targets)
        budgets = updates * runs.groupby("label", observed=True, sort=False)["epochs"].first()
        printed = steps if self.targets else steps.iloc[:, _PRINTED - 1 :: _PRINTED]
        table = summarise_targets(printed, budgets, confidence=context.bootstrap.confidence)
        return Reached(what, steps, solved(steps), budgets, table)

    @override
    def draw(self, table: Reached, context: Context) -> Figure:
        layout = Layout.of(used_lines(context.style, table.budgets.index))
        shares = table.shares.assign(
            step=table.shares["step"].clip(lower=1)
        )  # of no update: at the left edge
        left, right = 0.9 * shares["step"].min(), table.budgets.max()
        left, right = (left if left < right else 1.0), (right if right > 1 else 10.0)
        lines = [
            _whole(shares[shares["label"] == label], label, left, table.budgets[label])
            for label in layout.lines
        ]
        layout.plot(pd.concat(lines), by="label", x="step", y="share", drawstyle="steps-post", lw=1.6)
        for axes in layout.axes:
            axes.set(xlim=(left, right), ylim=(-0.02, 1.02))
        layout.name(x="update", y="share of (run, target) pairs", log_x=True)
        return layout.figure

    @override
    def caption(self, table: Reached, context: Context) -> str:
        n, ended = f"n = {seeds_of(context.runs)}", diverged_of(context.runs)
        if table.steps.columns.empty:
            return f"No run descends, so there is no target; {n}, no interval.{ended}"
        shares = table.shares.groupby("label")["share"].last()
        ranked = shares.reindex(list(table.budgets.index), fill_value=0.0).sort_values(
            ascending=False, kind="stable"
        )
        told = some([f"{label} {share:.1%}" for label, share in ranked.items()])
        return (
            f"Solved within the budget, of all pairs of a run and a target: {told}. A pair is solved at the first "
            f"update at which the {table.what} is at most the target; {self._which(table.steps.columns)}. {n}; each "
            f"line is a share over all pairs and has no interval.{ended}"
        )

    @override
    def tables(self, table: Reached, context: Context) -> Sequence[Table]:
        interval = intervals.name(runs_of(context.runs), context.bootstrap.confidence)
        ordered = table.table.sort_values("target", ascending=False, kind="stable")
        rows = [
            {
                "target": number(row["target"]), "setting": str(row["label"]),
                "reached by": f"{row['reached']} of {row['runs']}", "expected steps (ERT)": number(row["ert"], 4),
                "median steps": number(row["median"], 4),
                interval: bracket(row["low"], row["high"]) if row["runs"] > 1 else "none",
            }
            for row in ordered.to_dict("records")
        ]  # fmt: skip
        note = (
            f"First update at which the {table.what} is at most the target; a run that never reaches it, or "
            "diverges, counts as ∞, also in medians. ERT: the updates of all runs, those that fail at their full "
            "budget, divided by the runs that reach it."
        )
        return (
            [Table(f"Steps to target: {table.what.partition(',')[0]}", rows, note, frozenset({"setting"}))]
            if rows
            else []
        )

    def _which(self, targets: pd.Index) -> str:
        """Say what the targets are."""
        highest, lowest = (number(float(targets[end])) for end in (0, -1))
        if len(targets) == 1:
            return f"the one target is {highest}"
        spaced = ", log-spaced from below the start to the lowest median of what runs reach"
        return f"{len(targets)} targets from {highest} to {lowest}{'' if self.targets else spaced}"


def _whole(shares: pd.DataFrame, label: str, left: float, budget: float) -> pd.DataFrame:
    """Return a line from the left edge, where nothing is solved, to the end of the budget."""
    ends = [0.0, *shares["share"].tail(1)][-1]
    sides = [{"label": label, "step": left, "share": 0.0}, {"label": label, "step": budget, "share": ends}]
    return pd.concat([pd.DataFrame(sides[:1]), shares, pd.DataFrame(sides[1:])])
