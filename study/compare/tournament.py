"""All optimizers against one another: train them, write what is shipped of them, and their common scorecard."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from study.compare.board import SCORECARD, Board, board_of, fresh
from study.compare.collect import collect
from study.compare.cost import cost_of
from study.compare.field import BASELINES, Field, field_of, whole
from study.compare.figures import field_pictures
from study.compare.groups import groups_of
from study.compare.page import LIMITS, NARROW, protocol_told
from study.compare.plan import Plan, Protocol, report_of
from study.compare.rows import to_solved
from study.compare.shipped import FIELD, read_field, told, write_costs, write_field
from study.compare.tables import standing_table, winners_table
from study.figures.style import Style
from study.figures.style.words import listed, some
from study.report.folder import replacing
from study.report.gallery import Picture, write_pictures
from study.report.page import write_page
from study.stats.paired import Rule
from study.stats.samples import sample_of
from study.stats.scale import placed
from study.tracking import names

_TOLD = 6  # optimizers that are first somewhere, in a sentence


def play(plan: Plan, optimizers: Sequence[str]) -> list[str]:
    """Train what is not shipped of all optimizers, write all there is to write, and return what to say of it.

    Raises:
        Untrained: some runs are not to be had.
    """
    first = plan.protocol
    wide = replace(
        plan, protocol=replace(first, fresh=range(first.fresh.start, first.fresh.stop + len(first.fresh)))
    )
    other = replace(wide, protocol=replace(wide.protocol, draw=first.draw + 1))
    groups = groups_of(optimizers, plan.problems, wide.protocol, None)
    again = groups_of(BASELINES, plan.problems, other.protocol, None)
    jobs = [(wide, groups), (other, again)]
    shipped = read_field()
    parts, done, of = [], 0, len(groups) + len(again)
    for how, these in jobs:
        for name, own in these.items():
            done += 1
            sys.stderr.write(f"{done}/{of} {name}{'' if how is wide else ', another draw of its trials'}\n")
            parts.append(collect(how, {name: own}, shipped).rows)
    every = pd.concat(parts, ignore_index=True)
    costs = {name: cost_of(own[0].job.optimizer) for name, own in groups.items()}
    write_field(every)
    write_costs(costs)
    keys = [{group.key for own in these.values() for group in own} for _, these in jobs]
    mine, second = (to_solved(every[every["key"].isin(some)]) for some in keys)
    lead = scorecard(plan, mine, second, {name: told(cost) for name, cost in costs.items()})
    size = f"{FIELD.name}, {len(every):,} runs, {FIELD.stat().st_size / 1e6:.1f} MB"
    return [lead, f"written: {size}; {plan.out / 'index.html'}"]


@dataclass(frozen=True, slots=True)
class _Played:
    """All that is known of all optimizers.

    Attributes:
        plan: by which they were compared.
        rule: of the verdicts.
        rows: every run, with `study.compare.rows.COLUMNS`.
        second: those of the baselines by another draw of their trials.
        field: how they stand.
        costs: of a step of each, in words.
    """

    plan: Plan
    rule: Rule
    rows: pd.DataFrame
    second: pd.DataFrame
    field: Field
    costs: Mapping[str, str]

    @property
    def order(self) -> list[str]:
        """The optimizers by mean rank."""
        return [str(label) for label in self.field.ranks["label"]]

    def boards(self, seeds: range) -> list[Board]:
        """Return each optimizer against the baselines, at some of the fresh seeds."""
        trials = ~(self.rows["tuned"] | self.rows["shipped"]).astype(bool)
        held = self.rows[self.rows["seed"].isin(list(seeds)) | trials]
        return [
            board_of(held, name, [other for other in BASELINES if other != name], self.rule)
            for name in self.order
        ]


def scorecard(plan: Plan, rows: pd.DataFrame, second: pd.DataFrame, costs: Mapping[str, str]) -> str:
    """Write the scorecard of all optimizers, and return what it opens with.

    Args:
        plan: by which they were compared, at the instances of the first look.
        rows: of all of them, at those of the confirmation too; see `study.compare.rows.COLUMNS`.
        second: of the baselines, by another draw of their trials.
        costs: of a step of each, in words.
    """
    report = report_of(plan)
    rule = Rule(names.CRITERION, report.margin, report.bootstrap)
    runs = whole(rows, list(plan.problems), plan.protocol.fresh)
    field = field_of(runs, list(plan.problems), rule, rule.bootstrap)
    played = _Played(plan, rule, rows, second, field, costs)
    boards = played.boards(plan.protocol.fresh)
    colors = Style.of(runs, colors=report.colors, spare=report.spare).colors
    pictures = field_pictures(field, plan.problems, colors, focus=None, bold=BASELINES)
    page = _page(played, boards, pictures)
    with replacing(plan.out, key="out") as folder:
        write_pictures(pictures, folder)
        pairs = pd.concat([board.pairs[list(SCORECARD)] for board in boards], ignore_index=True)
        pairs.to_csv(folder / "scorecard.csv", index=False, float_format="%.10g")
        write_page(page, folder, narrow=NARROW)
    return _lead(field, len(plan.problems))


def _page(played: _Played, boards: Sequence[Board], pictures: Sequence[Picture]) -> dict[str, object]:
    plan, field, problems = played.plan, played.field, len(played.plan.problems)
    return {
        "title": f"{len(played.order)} optimizers on {problems} small problems",
        "eyebrow": f"Compared on pack {plan.pack}",
        "lead": _lead(field, problems),
        "paragraphs": [
            protocol_told(plan.protocol, BASELINES), _search(played), _confirmed(played, boards), LIMITS,
        ],
        "facts": {
            "optimizers": f"{len(played.order)}", "problems": f"{problems}",
            "instances each": f"{len(plan.protocol.fresh)}", "trials each": f"{plan.protocol.budget}",
            "runs": f"{len(played.rows):,}",
        },
        "how_to_read": (
            "No rank sums up a rule: the map says on which property it is first, and by how many decades it is "
            "behind elsewhere; what is not told from the best may be as good."
        ),
        "tables": [
            winners_table(field, plan.problems, played.rows),
            standing_table(field.ranks, field.scores, field.best, played.costs, problems),
        ],
        "pictures": pictures,
        "again": "make field",
        "provenance": {},
        "source": (
            "the runs in study/compare/field.parquet, which the tracking store holds too where they were trained"
        ),
        "beside": {"report.md": "", "scorecard.csv": "(each against tuned adam and momentum)"},
    }  # fmt: skip


def _lead(field: Field, problems: int) -> str:
    most = max(field.best.values())
    who = listed([label for label, count in field.best.items() if count == most])
    first = field.behind[field.behind["behind"] == 0].groupby("label").size().sort_values(ascending=False)
    told = some([f"{label} on {count}" for label, count in first.items()], _TOLD)
    claim = "" if most == problems else "No optimizer wins everywhere: "
    return (
        f"{claim}{who}, most often the best or not told from the best, on {most} of {problems} problems; "
        f"{len(first)} of {len(field.best)} have the least median excess of one at least ({told})."
    )


def _confirmed(played: _Played, boards: Sequence[Board]) -> str:
    """Say what became of the verdicts at the instances that are kept for confirmation."""
    fresh_seeds = played.plan.protocol.fresh
    last = range(fresh_seeds.stop, fresh_seeds.stop + len(fresh_seeds))
    sides = [pd.concat([_sides(board) for board in some]) for some in (boards, played.boards(last))]
    said, then = sides[0][sides[0] != 0], sides[1].loc[sides[0] != 0]
    return (
        f"What became of it at other instances ({last[0]} to {last[-1]}): of {len(said)} verdicts better or worse "
        f"than a baseline {int((said == then).sum())} were given again, {int((then == 0).sum())} were not told "
        f"there, and {int((said == -then).sum())} were reversed."
    )


def _sides(board: Board) -> pd.Series:
    """Return -1 where an optimizer is better than a baseline, 1 where it is worse, else 0."""
    verdicts = board.pairs.set_index(["optimizer", "against", "problem"])["verdict"].astype(str)
    return verdicts.str.startswith("worse").astype(int) - verdicts.str.startswith("better").astype(int)


def _search(played: _Played) -> str:
    """Say how much the draw of the trials decides: the same rules, searched twice."""
    plan, rule, told = played.plan, played.rule, []
    for name in BASELINES:
        one, other = (rows[rows["optimizer"] == name] for rows in (played.rows, played.second))
        logs = [_apart(one, other, problem, plan.protocol, rule) for problem in plan.problems]
        beyond = sum(abs(log) > np.log(rule.margin) for log in logs)
        told.append(
            f"{name} by more than a factor of {rule.margin:g} on {beyond} of {len(logs)} problems, "
            f"by {np.exp(np.median(np.abs(logs))):.2g} in the median"
        )
    return (
        f"How much the search itself decides: with another draw of its {plan.protocol.budget} trials the excess of "
        f"tuned {' and that of '.join(told)}. So much luck is in every comparison of two searches, which no number "
        "of instances removes; a larger budget does."
    )


def _apart(one: pd.DataFrame, other: pd.DataFrame, problem: str, protocol: Protocol, rule: Rule) -> float:
    """Return how far two searches of one rule lie apart on a problem, as a logarithm."""
    ends = []
    for rows in (one, other):
        own = fresh(rows[rows["problem"] == problem])
        own = own[own["seed"].isin(list(protocol.fresh))]
        ends.append(pd.Series(placed(own, rule.value), own["seed"].to_numpy()))
    return float(sample_of(*ends).center)
