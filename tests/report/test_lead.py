"""The sentence that opens a report, from frames made by hand, word by word."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from study.figures.base import Context
from study.figures.style import Style
from study.frames import Recorded, SweepFrames
from study.report.lead import lead
from study.stats.bootstrap import Bootstrap

WHAT = "median evaluation loss of the last epoch"
N = "(n = 6 seeds each, 96.9% interval)"
SIX = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]  # median 3.5, minimum to maximum: 1 - 2 / 2^6 = 96.875%


def _context(
    losses: Mapping[str, Sequence[float]], *, rank: bool = True, **columns: Mapping[str, Any]
) -> Context:
    """Return what a report has of these losses by label; `columns`: further ones, by label."""
    rows = [
        {
            "label": label, "optimizer": label.partition(" ")[0], "seed": seed, "eval_last_epoch": loss,
            "status": "diverged" if np.isinf(loss) else "ok", "floor": 0.0, "excess": loss,
            **{key.replace("__", "."): by_label[label] for key, by_label in columns.items()},
        }
        for label, values in losses.items()
        for seed, loss in enumerate(values)
    ]  # fmt: skip
    runs = pd.DataFrame(rows)
    runs["label"] = pd.Categorical(runs["label"], runs["label"].unique())
    none = pd.DataFrame()
    sweep = SweepFrames("x", {}, (), none, runs, Recorded.of(pd.DataFrame({"metric": []})), none, none)
    return Context(sweep, Style({}, {}), Bootstrap(), "eval_last_epoch", rank)


def _times(factor: float) -> list[float]:
    return [factor * value for value in SIX]


def test_who_ends_lowest_and_who_comes_next() -> None:
    context = _context({"sgd": _times(100), "adam": SIX, "nag": _times(10)})
    assert lead(context) == (f"adam ends lowest of 3 settings: {WHAT} 3.5 [1, 6] {N}; next nag, 35 [10, 60].")


def test_an_overlap_is_said_and_a_verdict_takes_its_place() -> None:
    context = _context({"sgd": _times(2), "adam": SIX})
    assert lead(context).endswith("next sgd, 7 [2, 12], an interval that overlaps with the first.")
    told = {("adam", "sgd"): "better by less than a factor of 1.25"}
    said = lead(context, lambda first, second: told[first, second])
    assert said.endswith("next sgd, 7 [2, 12] (adam against it: better by less than a factor of 1.25).")
    assert lead(context, lambda *_: "") == lead(context)


def test_medians_that_look_alike_are_first_together() -> None:
    """In four digits; more than three are counted."""
    alike = {"sgd": _times(1.000001), "adam": SIX, "nag": _times(3)}
    assert lead(_context(alike)) == (f"sgd and adam share the lowest {WHAT} of 3 settings, 3.5 {N}.")
    behind = {"nag": _times(0.1), **dict.fromkeys(("adam", "lion", "rprop", "asgd"), SIX)}
    assert lead(_context(behind)).endswith("; next 4 settings, 3.5.")


def test_what_ended_badly_is_counted() -> None:
    """Of six, four that diverged leave no finite median."""
    broken = [1.0, 2.0, np.inf, np.inf, np.inf, np.inf]
    context = _context({"sgd": broken, "adam": SIX})
    context.runs.loc[context.runs["seed"] == 0, "status"] = "no_progress"
    assert lead(context) == (
        f"adam ends lowest of 2 settings: {WHAT} 3.5 [1, 6] {N}; next sgd, ∞ [1, ∞], an interval that overlaps with "
        "the first; of 12 runs 4 diverged (counted as infinite) and 2 made no progress."
    )
    assert lead(_context({"sgd": broken, "adam": broken})).startswith(
        f"None of 2 settings has a finite {WHAT} (n = "
    )


def test_each_budget_has_a_first_of_its_own() -> None:
    """And nothing is said across; a label does not repeat its field."""
    budgets = {"sgd epochs=2": 2, "adam": 4, "nag": 2, "lion": 4}
    losses = {"sgd epochs=2": _times(10), "adam": _times(2), "nag": _times(100), "lion": SIX}
    assert lead(_context(losses, epochs=budgets)) == (
        f"Lowest {WHAT} within each problem and budget {N}: epochs=2: sgd 35 [10, 60]; "
        "epochs=4: lion 3.5 [1, 6]."
    )


def test_each_optimizer_has_its_best_of_a_grid() -> None:
    """By hand, of three rates each; where all of one diverged none is named."""
    rates = {f"{name} lr={lr}": lr for name in ("sgd", "adam", "lion") for lr in (1, 2, 3)}
    losses = {label: _times(lr) if label < "l" else _times(5 - lr) for label, lr in rates.items()}
    losses |= {label: [np.inf] * 6 for label in rates if label.startswith("lion")}
    assert lead(_context(losses, optimizer__lr=rates)) == (
        f"Lowest {WHAT} of each optimizer's 3 settings {N}: adam lr=1 3.5 [1, 6]; "
        "sgd lr=3 7 [2, 12]; lion: none of 3 is finite; each chosen on these same seeds; of 54 runs 18 diverged "
        "(counted as infinite)."
    )


@pytest.mark.parametrize(("floor", "beyond"), [(0.0, ""), (0.5, ", 3 above the floor")])
def test_one_setting_ends_somewhere(floor: float, beyond: str) -> None:
    context = _context({"adam": SIX})
    context.runs["floor"], context.runs["excess"] = floor, context.runs["eval_last_epoch"] - floor
    assert lead(context) == f"adam ends at a {WHAT} of 3.5 [1, 6]{beyond} (n = 6 seeds, 96.9% interval)."


def test_what_is_not_ranked_has_no_first() -> None:
    """One run each, several angles of one rule: between which losses it ends, and equal ones are told once."""
    angles = {"nag a=0": 0, "nag a=1": 1, "adam a=0": 0, "adam a=1": 1}
    losses = {"nag a=0": [2.0], "nag a=1": [2.0 + 1e-9], "adam a=0": [1.0], "adam a=1": [3.0]}
    assert lead(_context(losses, rank=False, problem__rotation=angles)) == (
        "Where each optimizer ends, unranked: evaluation loss of the last epoch (n = 1 seed each, no interval): "
        "nag 2 throughout; adam 1 to 3."
    )
    single = lead(_context({"nag": SIX, "adam": SIX[:3]}, rank=False))
    assert single.endswith("(n = 3 to 6 seeds each, 75% to 96.9% interval): nag 3.5 [1, 6]; adam 2 [1, 3].")
