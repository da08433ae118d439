"""Compare an optimizer with tuned others on a pack of small problems: a fair first answer.

    study compare mine --config-dir my_conf                     # with tuned adam and momentum, on sixteen problems
    study compare mine adam nag lion --config-dir my_conf       # with others; each is tuned by its own file
    study compare mine --config-dir my_conf confirm=true        # once more, at instances that nobody has looked at
    study compare optimizer=lion against=[adam] pack=medium budget=30
    study compare nadam 'problems=[digits,beale]' gate.better=2 # exit status 0 only if better on two

The optimizer is tuned on each problem over the priors of its file (without priors: its learning rate), and the best
is compared at fresh instances. Every run is tracked in MLflow (experiment compare-<name>), and what is there is not
trained again; the runs of the study's own optimizers are shipped. conf/compare.yaml says what may be set.
It writes reports/compare/<name>/: index.html, report.md, scorecard.csv, figures/, certificate.md.

Exit status: 0 the gate is open (better on a problem or more, and on more than it is worse on, than each baseline);
1 that is not shown, or a run failed; 2 refused.
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

from pathlib import Path
from typing import TYPE_CHECKING

from study import cli
from study.busy import busy
from study.compare.groups import groups_of
from study.compare.plan import plan_of, report_of
from study.config.commands import node_of
from study.report.folder import require_own

if TYPE_CHECKING:
    from study.compare.page import Card
    from study.compare.plan import Plan


def main() -> None:
    """Run the command line."""
    cli.run(compare, __doc__, config="compare")


def compare(asked: cli.Asked) -> int:
    """Train what is missing, write the scorecard, say what it says; return 0 where its gate is open, else 1."""
    busy("composing the problems")
    plan = plan_of(asked)
    require_own(plan.out, key="out")
    groups = groups_of([plan.optimizer, *plan.against], plan.problems, plan.protocol, plan.own)
    _require_report(plan)
    busy("reading the runs that are shipped")
    with cli.importing():  # pandas: the rest is imported while there is something to train
        from study.compare.beside import Beside
        from study.compare.collect import Untrained, collect
        from study.compare.shipped import read_field
    shipped = read_field()
    busy()
    beside = Beside(plan, groups[plan.optimizer], shipped)
    try:
        collected = collect(plan, groups, shipped, beside.look)
    except Untrained as stop:
        return stop.status
    busy("writing the scorecard")
    with cli.importing():
        from study.compare.card import card_of
        from study.compare.page import write
    card = card_of(plan, collected, beside)
    written = write(card)
    busy()
    _say(card, written)
    return 0 if card.opens else cli.FAILED


def _require_report(plan: "Plan") -> None:
    """Refuse what is wrong with `report.<key>` before anything is trained, where one was given."""
    if "report" in map(node_of, plan.words):
        report_of(plan)  # it imports Matplotlib


def _say(card: "Card", written: list[Path]) -> None:
    from rich.console import Console
    from rich.markup import escape

    from study.compare.tables import terminal_table

    console = Console(highlight=False, soft_wrap=True)
    console.print(terminal_table(card.board, card.plan.against, card.plan.problems, card.rule))
    console.print(f"[bold]{escape(card.lead)}[/]")
    for notice in card.notices:
        console.print(f"[bold]note:[/] {escape(notice)}")
    how = "open: exit status 0" if card.opens else "not open: exit status 1"
    console.print(f"gate ({card.plan.gate.told}): {how}", markup=False)
    page = next(path for path in written if path.name == "index.html")
    console.print(f"open: {cli.linked(page)}")


if __name__ == "__main__":
    main()
