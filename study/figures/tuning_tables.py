"""Tables of a search: which hyperparameters were chosen of how many trials, and who is ahead at each budget."""

import pandas as pd

from study.figures.style.words import bracket, metric_name, number
from study.figures.table import Table
from study.frames import PLACE
from study.stats.summary import DIGITS
from study.stats.tuning import EDGE, at_edge, tuning_runs
from study.tracking import names


def chosen_table(trials: pd.DataFrame, ranked: pd.DataFrame, value: str, fresh: str) -> Table:
    """Return the hyperparameters of the best trial at each budget, with a warning where one lies at an edge.

    Args:
        trials: the `trials` frame of a sweep.
        ranked: `ranking` of it.
        value: what it ranks by.
        fresh: n at the fresh seeds, in words.
    """
    rows = []
    for (group, trial), same in ranked.groupby(["group", "trial"], sort=False):
        own = trials[(trials["group"] == group) & (trials["trial"] == trial)].iloc[0]
        row = same.iloc[0]
        edges = [f"{name}: {end}" for name, end in at_edge(own).items()]
        rows.append({
            "setting": str(group), "best of": ", ".join(f"{budget:,}" for budget in same["budget"]),
            "trial": str(trial), "hyperparameters": hyperparameters(own),
            "at tuning seeds": number(row["chosen_by"], DIGITS), "at fresh seeds": number(row["median"], DIGITS),
            "at the edge of its range": ", ".join(edges) or "none",
        })  # fmt: skip
    rows.sort(key=lambda row: list(ranked["group"]).index(row["setting"]))  # stable: budgets stay as they are
    seeds = tuning_runs(trials)["seed"].nunique()
    note = (
        f"Trial 1 is as shipped, the others are drawn from the priors. Chosen is the least median "
        f"{metric_name(names.CRITERION)} at the tuning seeds (n = {seeds}), which the choice makes too low; beside "
        f"it the median {metric_name(value)} at fresh seeds ({fresh}; intervals in the next table). At the edge: in "
        f"the outer {EDGE:.0%} of the range that was searched, so that a wider one may hold a better value."
    )
    words = frozenset({"setting", "hyperparameters", "at the edge of its range"})
    return Table("Chosen hyperparameters", rows, note, words)


def rank_table(ranked: pd.DataFrame, value: str, fresh: str) -> Table:
    """Return who is ahead at each budget, at fresh seeds."""
    budgets = sorted(ranked["budget"].unique())
    by_group = {
        group: own.set_index("budget") for group, own in ranked.groupby("group", sort=False, observed=True)
    }
    rows = [
        {"setting": str(group)}
        | {
            f"{budget:,} trial{'s' if budget > 1 else ''}": (
                _cell(own.loc[budget]) if budget in own.index else "missing"
            )
            for budget in budgets
        }
        for group, own in by_group.items()
    ]
    note = (
        f"Rank, median and interval of the {metric_name(value)} of the best of the first so many trials, at fresh "
        f"seeds ({fresh}); 1 trial is as shipped. A rank alone does not say that a difference is real."
    )
    return Table("Rank at each budget", rows, note, frozenset({"setting"}))


def hyperparameters(row: pd.Series) -> str:
    """Return the values that were tuned, as one types them: `lr=0.02 betas=[0.9, 0.99]`."""
    places = [key for key in map(str, row.index) if key.startswith(PLACE) and pd.notna(row[key])]
    keys = dict.fromkeys(key.removeprefix(PLACE).partition("[")[0] for key in places)
    return " ".join(f"{key}={_typed(row[f'optimizer.{key}'])}" for key in keys)


def _typed(value: object) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _cell(row: pd.Series) -> str:
    interval = f" {bracket(row['low'], row['high'], 3)}" if row["runs"] > 1 else ""
    return f"{row['rank']}: {number(row['median'])}{interval}"
