"""Tables of a scorecard, as text for its page."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any  # a row of a frame

import numpy as np
import pandas as pd

from study.compare.board import GOOD, Board
from study.compare.field import Field
from study.compare.rows import SOLVED
from study.figures.style.words import bracket, number
from study.figures.table import Table
from study.stats.paired import Rule
from study.stats.scale import LOG_RATIO
from study.stats.verdicts import LESS, MORE

if TYPE_CHECKING:
    from rich.table import Table as Terminal

Row = Mapping[Hashable, Any]

_LARGEST = 700.0  # a logarithm whose exponential is a number


def pair_table(board: Board, other: str, exposes: Mapping[str, str], rule: Rule) -> Table:
    """Return the table of all problems against one baseline."""
    own = board.pairs[board.pairs["against"] == other]
    by_problem = {row["problem"]: row for row in own.to_dict("records")}
    rows = [
        {"problem": problem, "exposes": what, **_cells(by_problem.get(problem), rule)}
        for problem, what in exposes.items()
    ]
    words = frozenset({"problem", "exposes", f"{board.optimizer} is"})
    named = [
        {key.replace("it is", f"{board.optimizer} is"): cell for key, cell in row.items()} for row in rows
    ]
    return Table(f"Against tuned {other}", named, _note(board, own, other, rule), words)


def _cells(row: Row | None, rule: Rule) -> dict[str, str]:
    keys = ("excess", "interval", "tells", "steps", "failed", "it is")
    if row is None:
        return dict.fromkeys(keys[:-1], "") | {"it is": "not compared: no floor and no margin"}
    ratio, times = row["scale"] == LOG_RATIO, "×" if row["scale"] == LOG_RATIO else ""
    center, low, high, tells = (
        float(np.exp(min(row[key], _LARGEST))) if ratio else float(row[key])
        for key in ("estimate", "low", "high", "tells")
    )
    failed = f"{row['failed_first']:.0%} / {row['failed_second']:.0%}"
    told = (
        f"{number(center)}{times}", bracket(low, high, 3), f"{number(tells, 2)}{times}", _steps(row["steps_ratio"]),
        failed if row["failed_first"] or row["failed_second"] else "none", short(str(row["verdict"]), rule.margin),
    )  # fmt: skip
    return dict(zip(keys, told, strict=True))


def _steps(ratio: float) -> str:
    if np.isnan(ratio):
        return "no target"
    return "never there" if np.isinf(ratio) else f"{ratio:.2f}×"


def short(verdict: str, margin: float) -> str:
    """Return a verdict for a narrow column.

    >>> short("better by more than M", 1.25), short("better, size open", 1.25)
    ('better > 1.25', 'better, size open')
    """
    return verdict.replace(MORE, f" > {margin:g}").replace(LESS, f" < {margin:g}")


def _note(board: Board, pairs: pd.DataFrame, other: str, rule: Rule) -> str:
    mine, n = board.optimizer, sorted(set(pairs["n"]))
    seeds = f"{n[0]}" if len(n) == 1 else f"{n[0]} to {n[-1]}"
    return (
        f"Excess: how far the mean evaluation loss of the last epoch lies above the floor, {mine}'s over {other}'s, "
        f"seed by seed at n = {seeds} instances which no choice has seen: interquartile mean of the log ratios, "
        f"percentile bootstrap interval, Wilcoxon signed-rank test. Below 1 {mine} is better; within a factor of "
        f"{rule.margin:g}, fixed before the runs, it does not matter; below {SOLVED:g} of the excess at the start a "
        f"problem is solved, and both tie. Intervals and verdicts of these {len(pairs)} problems hold together: "
        f"at most {rule.share:.0%} of such tables have a wrong one. Tells: the least true ratio that so many seeds "
        f"tell from 1 in four of five such comparisons. Steps: how many times as many {mine} takes to where half of "
        f"{other}'s runs end, as seen at the evaluations, one an epoch. Failed: runs of {mine} / {other} that "
        "diverged or made no progress; who fails more often is not called better."
    )


def tuning_table(board: Board, trials: int, rule: Rule) -> Table:
    """Return what tuning found on each problem, and what it was worth."""
    rows = [
        {
            "problem": str(row["problem"]), "chosen": str(row["values"]) or "as shipped",
            "at an edge": str(row["edge"]).replace(":", " ") or "no",
            "good trials": f"{row['good']} of {row['trials']}", "their lr": _span(row["least_lr"], row["most_lr"]),
            "diverged": f"{row['diverged']} of {row['runs']}",
            "excess over as shipped": f"{number(float(np.exp(row['estimate'])))}×",
            "than as shipped": short(str(row["verdict"]), rule.margin),
        }
        for row in board.tuned.to_dict("records")
    ]  # fmt: skip
    note = (
        f"The best of {trials} trials, the first as shipped, by the median over the tuning seeds. Good: within a "
        f"factor of {GOOD:g} of the best one's excess there; many good ones, along a wide range of learning rates, "
        "are easy to find. At an edge of the range that was searched a better one may lie beyond. Chosen and as "
        "shipped are compared at the fresh instances."
    )
    return Table(
        f"Tuning {board.optimizer}",
        rows,
        note,
        frozenset({"problem", "chosen", "at an edge", "than as shipped"}),
    )


def _span(low: float, high: float) -> str:
    """Return how wide a range is, and where it lies."""
    if np.isnan(low):
        return "none"
    return (
        number(low) if low == high else f"{number(low)} to {number(high)}, {np.log10(high / low):.1f} decades"
    )


def standing_table(
    ranks: pd.DataFrame, scores: pd.Series, best: Mapping[str, int], costs: Mapping[str, str], problems: int
) -> Table:
    """Return all optimizers by mean rank, with what else sums up a field.

    Args:
        ranks: of `mean_ranks`.
        scores: of `profile_score`, by label.
        best: on how many problems each is not told from the best, by label.
        costs: of a step, in words, by label.
        problems: how many there are.
    """
    rows = [
        {
            "optimizer": str(row["label"]), "mean rank": f"{row['rank']:.1f} {bracket(row['low'], row['high'], 3)}",
            "best or not told from it": f"{best[str(row['label'])]} of {problems}",
            "profile score": f"{scores[row['label']]:.2f}",
            "a step, and what it keeps": costs.get(str(row["label"]), "not measured"),
        }
        for row in ranks.to_dict("records")
    ]  # fmt: skip
    note = (
        f"Mean rank over {problems} problems by the median excess, 1 is best, with the percentile bootstrap interval "
        "over resampled problems: a sum over problems of other kinds would rank otherwise. Not told from the best: "
        "at the same level for the whole table. Profile score: the mean over problems of max(0, 4 - r)/3, r the "
        "steps to the target over those of the first, the target the excess that the better of tuned adam and "
        "momentum ends at in half of its runs. A step: its time over that of SGD's on 1,210 parameters on the "
        "machine that made it, and the numbers it keeps for each parameter."
    )
    return Table("Among all", rows, note, frozenset({"optimizer", "a step, and what it keeps"}))


def winners_table(field: Field, exposes: Mapping[str, str], rows: pd.DataFrame) -> Table:
    """Return who is the best on each problem, with what it was tuned to, and who is not told from it."""
    chosen = rows[rows["tuned"].astype(bool)].groupby(["problem", "optimizer"])["values"].first()
    lines = []
    for problem, what in exposes.items():
        own = field.behind[field.behind["problem"] == problem].sort_values("behind", kind="stable")
        firsts = [
            str(label) for label in own.loc[own["behind"] == 0, "label"]
        ]  # none where most runs of all diverged
        others = [str(label) for label in own.loc[own["best"], "label"] if label not in firsts]
        worst = own.iloc[-1]
        lines.append({
            "problem": problem, "exposes": what, "the best": ", ".join(firsts) or "none",
            "tuned to": str(chosen[problem, firsts[0]]) if len(firsts) == 1 else "",
            "not told from it": ", ".join(others) or "none",
            "the last": f"{worst['label']}, {_decades(worst['behind'])}",
        })  # fmt: skip
    note = (
        f"The best: the least median excess over n = {int(field.behind['n'].min())} instances; several tie where "
        f"they solve a problem (below {SOLVED:g} of the excess at the start). Not told from it: "
        "by Wilcoxon's signed-rank test at shared seeds, or Mann-Whitney's where so few seeds cannot tell; the level "
        "of 5% is split among all comparisons with a best (Bonferroni), so that only large differences are told. "
        "The last: by how many decades its median excess lies above the best one's."
    )
    return Table("Who wins where", lines, note, frozenset(lines[0]))


def _decades(value: float) -> str:
    return "diverged" if np.isinf(value) else f"{value:.1f} decades"


def _brief(row: Row | None, rule: Rule) -> str:
    """Return a verdict and the ratio of the excesses, as short as may be."""
    if row is None:
        return "not compared"
    told = short(str(row["verdict"]), rule.margin).replace("cannot be resolved at this n", "too few seeds")
    return f"{told} ({number(float(np.exp(row['estimate'])))}×)" if row["scale"] == LOG_RATIO else told


def terminal_table(
    board: Board, against: Sequence[str], exposes: Mapping[str, str], rule: Rule
) -> "Terminal":
    """Return the verdicts as a terminal shows them: a row for each problem, two columns for each baseline."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table as Terminal

    table = Terminal(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for name in ("problem", "exposes", *(f"than {other}" for other in against)):
        table.add_column(name, style="dim" if name == "exposes" else "")
    by_place = {(row["problem"], row["against"]): row for row in board.pairs.to_dict("records")}
    for problem, what in exposes.items():
        found = [by_place.get((problem, other)) for other in against]
        table.add_row(*map(escape, (problem, what, *(_brief(row, rule) for row in found))))
    return table
