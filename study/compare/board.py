"""Board of a comparison: an optimizer against each other one, problem by problem, with verdicts, steps and tuning."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from study.compare.rows import furthest, steps_of_half
from study.stats.paired import Rule, compare_pairs
from study.stats.power import least_told
from study.stats.samples import Paired, sample_of
from study.stats.scale import placed
from study.stats.verdicts import BETTER, EQUIVALENT, LESS, MORE, OPEN, WORSE, Levels
from study.tracking import names

SCORECARD = (
    "problem", "optimizer", "against", "n", "estimate", "low", "high", "verdict", "steps_ratio", "tuned_lr",
)  # fmt: skip
"""Columns of `scorecard.csv`, which other programs read: `estimate`, `low` and `high` are the log of the ratio of the
two excesses over the floor (interquartile mean over seeds and its interval, simultaneous over the problems of one
baseline); `steps_ratio` how many times as many steps it takes to where the other ends, infinite where it does not
get there; `tuned_lr` the learning rate that was chosen for it."""

GOOD = 2.0
"""A trial is good whose excess is within this factor of the best one's."""


@dataclass(frozen=True, slots=True)
class Board:
    """What is known of an optimizer.

    Attributes:
        optimizer: which.
        pairs: one row per baseline and problem, in alphabetical order: `SCORECARD`, `tells` (the least difference
            that such a comparison tells from none in four cases of five) and the further columns of `compare_pairs`.
        tuned: one row per problem: what tuning found; see `tuning_of`.
    """

    optimizer: str
    pairs: pd.DataFrame
    tuned: pd.DataFrame


def board_of(rows: pd.DataFrame, optimizer: str, against: Sequence[str], rule: Rule) -> Board:
    """Return the board of an optimizer.

    Each baseline is a family of its own: of all problems together, a verdict on one errs in at most the rule's share.

    Args:
        rows: of it and of all baselines, with `study.compare.rows.COLUMNS`.
        optimizer: what is compared.
        against: the baselines.
        rule: of the verdicts.
    """
    parts = [_against(rows, optimizer, other, rule) for other in against]
    pairs = pd.concat(parts, ignore_index=True)
    return Board(optimizer, pairs, tuning_of(rows[rows["optimizer"] == optimizer], rule))


def fresh(rows: pd.DataFrame, which: str = "tuned") -> pd.DataFrame:
    """Return the runs at fresh seeds, `tuned` or as `shipped`, labelled by their optimizer."""
    own = rows[rows[which].astype(bool)]
    return own.assign(label=own["optimizer"])


def _against(rows: pd.DataFrame, optimizer: str, other: str, rule: Rule) -> pd.DataFrame:
    both = fresh(rows[rows["optimizer"].isin([optimizer, other])])
    pairs = _compared(both, [optimizer, other], rule)
    steps = [_steps_ratio(both[both["problem"] == problem], optimizer, other) for problem in pairs["problem"]]
    mine = both[both["label"] == optimizer].groupby("problem")["lr"].first()
    pairs = pairs.assign(
        optimizer=optimizer,
        against=other,
        steps_ratio=steps,
        tuned_lr=pairs["problem"].map(mine.to_dict()),
        tells=_tells(both, (optimizer, other), list(pairs["problem"]), rule),
    )
    return pairs[[*SCORECARD, *pairs.columns.drop([*SCORECARD, "first", "second", "field"])]]


def _compared(runs: pd.DataFrame, labels: Sequence[str], rule: Rule) -> pd.DataFrame:
    """Return the pairs of two labels, the first against the second, a row for each problem."""
    columns = ["label", "problem", "seed", "status", rule.value, names.FLOOR, names.RESOLUTION, names.MARGIN]
    ordered = runs[columns].astype({rule.value: float, names.MARGIN: float, names.FLOOR: float})
    ordered["label"] = pd.Categorical(ordered["label"], list(labels))
    ordered = ordered.sort_values(["label", "problem", "seed"], ignore_index=True)
    pairs = compare_pairs(ordered, rule, advise=False)
    only = str(ordered["problem"].iloc[0])
    return pairs.assign(problem=[field.removeprefix("problem=") or only for field in pairs["field"]])


def _tells(both: pd.DataFrame, labels: tuple[str, str], problems: Sequence[str], rule: Rule) -> list[float]:
    """Return the least difference that each comparison tells from none, in four of five such comparisons."""
    levels = Levels(rule.share, len(problems), len(problems))
    found = []
    for problem in problems:
        own = both[both["problem"] == problem]
        places = (
            own.assign(place=placed(own, rule.value)).set_index("seed").sort_index().groupby("label")["place"]
        )
        sample = sample_of(*(places.get_group(label) for label in labels))
        found.append(
            least_told(sample, levels=levels, bootstrap=rule.bootstrap)
            if isinstance(sample, Paired)
            else float("nan")
        )
    return found


def _steps_ratio(both: pd.DataFrame, optimizer: str, other: str) -> float:
    """Return how many times as many steps one takes to where half of the runs of the other end."""
    mine, theirs = (list(both.loc[both["label"] == label, "reached"]) for label in (optimizer, other))
    target = furthest(theirs)
    if target < 1:
        return float("nan")  # it gets nowhere, or no floor is known
    return steps_of_half(mine, target) / steps_of_half(theirs, target)


def tuning_of(rows: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Return what tuning found for an optimizer, problem by problem.

    Returns:
        `problem`, `values` (of the best trial), `edge` (which of them lie at an edge of what was searched),
        `trials`, `good` (how many end within `GOOD` times the excess of the best, medians at the tuning seeds),
        `least_lr` and `most_lr` (of those), `diverged` (runs of trials), `estimate`, `low`, `high`, `verdict` of
        tuned against as shipped at the fresh seeds (an estimate of 0 where the best is as shipped).
    """
    found = []
    against = _as_shipped(rows, rule)
    for problem, own in rows.groupby("problem"):
        best = own[own["tuned"].astype(bool)].iloc[0]
        trials = own[~(own["tuned"] | own["shipped"]).astype(bool)]
        place = pd.Series(placed(trials, rule.value), trials.index).groupby(trials["trial"]).median()
        good = place.index[place <= place.min() + np.log(GOOD)]
        rates = trials.loc[trials["trial"].isin(good), "lr"]
        found.append({
            "problem": problem, "values": best["values"], "edge": best["edge"], "trials": len(place),
            "good": len(good), "least_lr": rates.min(), "most_lr": rates.max(),
            "diverged": int((trials["status"] == names.DIVERGED).sum()), "runs": len(trials),
            **against[str(problem)],
        })  # fmt: skip
    return pd.DataFrame(found)


def _as_shipped(rows: pd.DataFrame, rule: Rule) -> dict[str, dict[str, object]]:
    """Return tuned against as shipped, by problem."""
    both = pd.concat([fresh(rows, which).assign(label=which) for which in ("tuned", "shipped")])
    pairs = _compared(both, ["tuned", "shipped"], rule)
    kept = pairs.set_index("problem")[["estimate", "low", "high", "verdict"]]
    return {str(problem): dict(row) for problem, row in kept.iterrows()}


def counts(pairs: pd.DataFrame, against: str) -> Mapping[str, int]:
    """Return how often which verdict is on the optimizer against one baseline."""
    return Counter(pairs.loc[pairs["against"] == against, "verdict"])


def won_and_lost(pairs: pd.DataFrame, against: str) -> tuple[int, int]:
    """Return on how many problems it is better, by however much, and on how many worse."""
    verdicts = pairs.loc[pairs["against"] == against, "verdict"].astype(str)
    return int(verdicts.str.startswith(BETTER).sum()), int(verdicts.str.startswith(WORSE).sum())


def sentence(pairs: pd.DataFrame, optimizer: str, against: str, margin: str) -> str:
    """Return how it stands against one baseline, with how often each verdict was given.

    Example:
        >>> told = pd.DataFrame({"against": "adam", "verdict": [BETTER + MORE, WORSE + OPEN, EQUIVALENT]})
        >>> sentence(told, "mine", "adam", "a factor of 1.25")
        'mine is better than tuned adam by more than a factor of 1.25 on 1 of 3 problems, worse on 1, equivalent on 1'
    """
    found, of = counts(pairs, against), int((pairs["against"] == against).sum())
    more, smaller = found[BETTER + MORE], found[BETTER + OPEN] + found[BETTER + LESS]
    worse = sum(found[WORSE + size] for size in (MORE, OPEN, LESS))
    parts = [f"{optimizer} is better than tuned {against} by more than {margin} on {more} of {of} problems"]
    parts += [f"better by less, or by how much is open, on {smaller}"] if smaller else []
    parts += [f"worse on {worse}"]
    parts += [f"equivalent on {found[EQUIVALENT]}"] if found[EQUIVALENT] else []
    rest = of - more - smaller - worse - found[EQUIVALENT]
    return ", ".join([*parts, *([f"not told apart on {rest}"] if rest else [])])
