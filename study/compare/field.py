"""Standing of many optimizers on a pack: who is first where, by rank, by steps to a common target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from study.compare.board import fresh
from study.compare.rows import furthest, steps_of_half
from study.stats.bootstrap import Bootstrap
from study.stats.paired import Rule
from study.stats.standing import (
    behind,
    critical_difference,
    friedman_p,
    groups,
    mean_ranks,
    performance_profile,
    profile_score,
)

BASELINES = ("adam", "momentum")
"""The better of them, tuned, sets the target of each problem's profile."""


@dataclass(frozen=True, slots=True)
class Field:
    """How optimizers stand on the problems that all of them have.

    Attributes:
        behind: of `study.stats.standing.behind`.
        ranks: of `mean_ranks`.
        friedman: p of no difference between any.
        difference: of two mean ranks, beyond which Nemenyi's test tells them apart.
        groups: of optimizers that it does not tell apart.
        profile: of `performance_profile`.
        scores: of `profile_score`.
    """

    behind: pd.DataFrame
    ranks: pd.DataFrame
    friedman: float
    difference: float
    groups: Sequence[Sequence[str]]
    profile: pd.DataFrame
    scores: pd.Series

    @property
    def best(self) -> dict[str, int]:
        """On how many problems each is not told from the best."""
        return {str(label): int(own.sum()) for label, own in self.behind.groupby("label")["best"]}


def whole(rows: pd.DataFrame, problems: Sequence[str], seeds: range) -> pd.DataFrame:
    """Return the tuned runs at fresh seeds of those optimizers that have all of them on every problem."""
    runs = fresh(rows)
    runs = runs[runs["problem"].isin(list(problems)) & runs["seed"].isin(list(seeds))]
    counts = runs.groupby("label").size()
    return runs[runs["label"].isin(counts.index[counts == len(problems) * len(seeds)])].reset_index(drop=True)


def field_of(runs: pd.DataFrame, problems: Sequence[str], rule: Rule, bootstrap: Bootstrap) -> Field:
    """Return how the optimizers of some runs, as `whole` returns them, stand."""
    table = behind(runs, value=rule.value, share=rule.share)
    places = table.pivot(index="problem", columns="label", values="place").loc[list(problems)]
    ranks = mean_ranks(places, bootstrap)
    steps = _steps(runs, problems)
    apart = critical_difference(places.shape[1], len(places), rule.share) if places.shape[1] > 1 else np.inf
    return Field(
        behind=table,
        ranks=ranks,
        friedman=friedman_p(places),
        difference=apart,
        groups=groups(ranks, apart),
        profile=performance_profile(steps),
        scores=profile_score(steps),
    )


def _steps(runs: pd.DataFrame, problems: Sequence[str]) -> pd.DataFrame:
    """Return the median steps of each optimizer to the target of each problem, never being infinite."""
    reached: Mapping[tuple[str, str], list[Sequence[int]]] = {
        (str(problem), str(label)): list(own)
        for (problem, label), own in runs.groupby(["problem", "label"])["reached"]
    }
    labels = sorted(runs["label"].unique())
    table = {}
    for problem in problems:
        target = max(furthest(reached[problem, name]) for name in BASELINES if (problem, name) in reached)
        table[problem] = {
            label: max(steps_of_half(reached[problem, label], target), 1.0) if target > 0 else np.inf
            for label in labels
        }
    return pd.DataFrame.from_dict(table, orient="index", columns=labels)


def who_wins(field: Field, exposes: Mapping[str, str], labels: Sequence[str]) -> dict[str, list[str]]:
    """Return, for each of some optimizers, the properties of the problems on which it is not told from the best."""
    best = field.behind[field.behind["best"]]
    return {
        label: [
            exposes[problem]
            for problem in exposes
            if ((best["label"] == label) & (best["problem"] == problem)).any()
        ]
        for label in labels
    }
