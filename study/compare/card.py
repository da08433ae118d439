"""From a plan to a scorecard: the runs, what they say, and what else is to be known of the optimizer."""

import shlex

import pandas as pd

from study.compare.beside import Beside
from study.compare.board import board_of, fresh
from study.compare.collect import Collected
from study.compare.field import Field, field_of, whole
from study.compare.page import Card
from study.compare.plan import Plan, report_of
from study.compare.rows import to_solved
from study.compare.train import experiment_of
from study.figures.style import Style
from study.stats.paired import Rule
from study.stats.receipts import alike
from study.tracking import names

LEAST = 3
"""Optimizers that make a field."""


def card_of(plan: Plan, collected: Collected, beside: Beside) -> Card:
    """Return the scorecard of a plan, of all runs that it needs."""
    report = report_of(plan)
    rule = Rule(names.CRITERION, report.margin, report.bootstrap)
    rows, others = to_solved(collected.rows), to_solved(beside.others)
    runs = whole(pd.concat([rows, others], ignore_index=True), list(plan.problems), plan.protocol.fresh)
    field = _field(runs, plan, rule)
    style = Style.of(fresh(rows) if runs.empty else runs, colors=report.colors, spare=report.spare)
    return Card(
        plan=plan,
        rule=rule,
        board=board_of(rows, plan.optimizer, plan.against, rule),
        field=field,
        costs=beside.costs,
        colors=style.colors,
        notices=[*beside.notices, *_notices(collected, plan)],
        info=_info(collected, plan),
        again=shlex.join(_again(plan)),
        certificate=beside.certificate,
    )


def _field(runs: pd.DataFrame, plan: Plan, rule: Rule) -> Field | None:
    if runs["optimizer"].nunique() < LEAST or plan.optimizer not in set(runs["optimizer"]):
        return None
    return field_of(runs, list(plan.problems), rule, rule.bootstrap)


def _notices(collected: Collected, plan: Plan) -> list[str]:
    """Return what a reader must know of the runs: other data, trials at an edge, how often one has looked."""
    notices = []
    runs = collected.rows[collected.rows["tuned"].astype(bool)]
    apart = [
        str(problem)
        for problem, own in runs.groupby("problem", sort=False)
        if len(alike(own)) < len(names.RECEIPTS)
    ]
    if apart:
        notices.append(
            f"at the same seed not all met the same data, start and order of minibatches on {', '.join(apart)}: "
            "another machine or version drew them, and pairing seed by seed buys less there"
        )
    sweep = collected.trained.get(plan.optimizer)
    looks = int(sweep.info.get("sweeps", "1")) if sweep else 1
    if looks > 1:
        notices.append(
            f"the store holds {looks} sweeps of {experiment_of(plan.optimizer)}: whoever looked at the same "
            "instances with several versions of a rule has looked more than once, for which these levels do not "
            "allow; confirm=true takes others"
        )
    return notices


def _info(collected: Collected, plan: Plan) -> dict[str, str]:
    sweep = collected.trained.get(plan.optimizer)
    own = (
        {}
        if sweep is None
        else {
            key: sweep.info[key]
            for key in ("sweep", "git_commit", "versions", "device", "sources")
            if sweep.info.get(key)
        }
    )
    shipped = [name for name in (plan.optimizer, *plan.against) if name not in collected.trained]
    from_file = {"shipped with the study": ", ".join(shipped)} if shipped else {}
    return {"experiment": experiment_of(plan.optimizer), **own, **from_file} if own else from_file


def _again(plan: Plan) -> list[str]:
    own = [] if plan.own is None else ["--config-dir", str(plan.own)]
    return ["study", "compare", *plan.words, *own]
