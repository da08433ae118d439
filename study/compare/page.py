"""Scorecard of a comparison: its words, its figures, its files."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import pandas as pd

from study.compare.board import SCORECARD, Board, sentence, won_and_lost
from study.compare.field import Field, who_wins
from study.compare.figures import field_pictures
from study.compare.pictures import draw_pairs
from study.compare.plan import Plan, Protocol
from study.compare.tables import pair_table, standing_table, tuning_table
from study.figures.style import theme
from study.figures.style.words import listed, number
from study.figures.table import Table
from study.report.folder import replacing
from study.report.gallery import Picture, saved, write_pictures
from study.report.page import write_page
from study.stats.paired import Rule

NARROW = 0.0  # inches: every figure of a scorecard has a row of the page


@dataclass(frozen=True, slots=True)
class Card:
    """All that a scorecard says.

    Attributes:
        plan: of the comparison.
        rule: of its verdicts.
        board: the optimizer against its baselines.
        field: it among all, where there are more than two that have all problems.
        costs: of a step of each, in words.
        colors: of the optimizers.
        notices: what a reader must know first.
        info: where the runs come from.
        again: the command that makes it again.
        certificate: what its certificate says, a page's text; None where none was made.
    """

    plan: Plan
    rule: Rule
    board: Board
    field: Field | None
    costs: Mapping[str, str]
    colors: Mapping[str, str]
    notices: Sequence[str]
    info: Mapping[str, str]
    again: str
    certificate: str | None

    @property
    def margin(self) -> str:
        """What does not matter, in words."""
        return f"a factor of {self.rule.margin:g}"

    @property
    def lead(self) -> str:
        """The answer, a sentence for each baseline."""
        plan, pairs = self.plan, self.board.pairs
        return " ".join(f"{sentence(pairs, plan.optimizer, other, self.margin)}." for other in plan.against)

    @property
    def opens(self) -> bool:
        """Whether the gate opens."""
        return self.plan.gate.opens([won_and_lost(self.board.pairs, other) for other in self.plan.against])


def write(card: Card) -> list[Path]:
    """Write a scorecard's folder, whole or not at all, and return its files."""
    plan = card.plan
    pictures = _pictures(card)
    page = _page(card, pictures)
    with replacing(plan.out, key="out") as fresh:
        write_pictures(pictures, fresh)
        card.board.pairs[list(SCORECARD)].to_csv(fresh / "scorecard.csv", index=False, float_format="%.10g")
        if card.certificate is not None:
            (fresh / "certificate.md").write_text(card.certificate, encoding="utf-8")
        write_page(page, fresh, narrow=NARROW)
    return sorted(path for path in plan.out.rglob("*") if path.is_file())


def _page(card: Card, pictures: Sequence[Picture]) -> dict[str, object]:
    plan, board = card.plan, card.board
    tables = [
        *(pair_table(board, other, plan.problems, card.rule) for other in plan.against),
        tuning_table(board, plan.protocol.budget, card.rule),
        *_standing(card),
    ]
    return {
        "title": f"{plan.optimizer} against {listed(list(plan.against))}, on {len(plan.problems)} small problems",
        "eyebrow": f"Compared on pack {plan.pack}",
        "lead": f"{card.lead} {_gate(card)}",
        "paragraphs": [protocol_told(plan.protocol, plan.against), _fingerprint(card), LIMITS],
        "notices": list(card.notices),
        "facts": {
            "problems": f"{len(plan.problems)}", "instances each": f"{len(plan.protocol.fresh)}",
            "trials each": f"{plan.protocol.budget}", "baselines": f"{len(plan.against)}",
        },
        "how_to_read": (
            f"Left of 1, {plan.optimizer} ends nearer to the floor than the other, tuned alike. A verdict is given "
            "where interval and test allow it; what is not told apart is not equal."
        ),
        "tables": tables,
        "leading": len(plan.against),
        "pictures": pictures,
        "again": card.again,
        "provenance": dict(card.info),
        "source": "the runs in the tracking store, and those that are shipped with the study",
        "beside": {
            "report.md": "", "scorecard.csv": "", **({"certificate.md": ""} if card.certificate else {}),
        },
    }  # fmt: skip


LIMITS = (
    "What this can say, and what not: these are toy problems of 2 to 2,300 parameters and 300 steps or so. They show "
    "what a rule bears (conditioning, rotation, noise, rare features), and not how it fares on a network of millions "
    "of parameters, with its schedule, its weight decay, its test error. A number holds for this budget of steps, "
    "these priors and this pack: a rule may lose here by its range of learning rates alone (see the edges), or "
    "because its file gives it more to tune with the same number of trials. A search that is drawn again finds other "
    "values. And whoever tries many versions of a rule on the same instances finds one that wins: for the last word "
    "there are others, kept for it (confirm=true)."
)


def protocol_told(protocol: Protocol, against: Sequence[str]) -> str:
    """Return how optimizers are tuned and compared, beside some baselines."""
    return (
        f"Each optimizer is tuned on each problem alone: {protocol.budget} trials, the first as shipped and the "
        f"others spread over the priors of its file, judged at seeds {protocol.tuning[0]} to {protocol.tuning[-1]}. "
        f"The best is trained again at seeds {protocol.fresh[0]} to {protocol.fresh[-1]}, each an instance of its "
        "problem (rotation, data, noise, start) which no choice has seen, and the same for all: "
        f"{listed(list(against))} are tuned likewise."
    )


def _gate(card: Card) -> str:
    return f"The gate ({card.plan.gate.told}) is {'open' if card.opens else 'not open'}."


def _fingerprint(card: Card) -> str:
    """Say on which properties an optimizer is ahead of its baselines, and on which behind."""
    plan, pairs = card.plan, card.board.pairs
    told = []
    for other in plan.against:
        own = pairs[pairs["against"] == other].set_index("problem")["verdict"].astype(str)
        ahead, behind = (
            [plan.problems[p] for p in plan.problems if p in own.index and own[p].startswith(how)]
            for how in ("better", "worse")
        )
        told.append(f"against {other} it is ahead on {_named(ahead)}, behind on {_named(behind)}")
    wins = []
    if card.field is not None:
        mine = who_wins(card.field, plan.problems, [plan.optimizer])[plan.optimizer]
        others = card.field.behind["label"].nunique()
        wins = [f"Of all {others} optimizers it is the best, or not told from the best, on {_named(mine)}."]
    text = "; ".join(told)
    return " ".join([f"Its fingerprint: {text}.", *wins])


def _named(items: Sequence[str]) -> str:
    return listed(list(items)) if items else "none"


def _standing(card: Card) -> list[Table]:
    if card.field is None:
        return []
    problems = card.field.behind["problem"].nunique()
    return [standing_table(card.field.ranks, card.field.scores, card.field.best, card.costs, problems)]


def _pictures(card: Card) -> list[Picture]:
    plan = card.plan
    with mpl.rc_context(theme()):
        figure = draw_pairs(card.board.pairs, exposes=plan.problems, margin=card.rule.margin)
        pairs = saved("pairs", _pairs_caption(card), figure)
    if card.field is None:
        return [pairs]
    further = field_pictures(card.field, plan.problems, card.colors, focus=plan.optimizer, bold=plan.against)
    return [pairs, *further]


def _pairs_caption(card: Card) -> str:
    """Return the largest ratio either way, and how to read the rest."""
    plan, pairs = card.plan, card.board.pairs
    n = sorted(set(pairs["n"]))
    least = pairs.iloc[int(pairs["estimate"].argmin())]
    most = pairs.iloc[int(pairs["estimate"].argmax())]
    ends = (
        f"From {number(_factor(least))}× on {least['problem']} ({least['against']}) "
        f"to {number(_factor(most))}× on {most['problem']} ({most['against']})"
    )
    return (
        f"{ends}: excess of {plan.optimizer} over that of each baseline. Marks: interquartile mean of the log ratio "
        f"over n = {n[0] if len(n) == 1 else f'{n[0]} to {n[-1]}'} instances; bars: percentile bootstrap interval, "
        f"simultaneous over the problems of a baseline ({card.rule.bootstrap.percent}); shaded: within the margin of "
        f"{card.margin}; arrows: beyond the axis."
    )


def _factor(row: pd.Series) -> float:
    return math.exp(min(float(row["estimate"]), 700.0))
