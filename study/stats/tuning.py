"""Tuning: which of the first trials is best, what a search of k trials finds, who is ahead at each budget."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.special import comb

from study.errors import InvalidInput
from study.frames import PLACE
from study.stats.bootstrap import Bootstrap
from study.stats.intervals import median_interval
from study.stats.summary import summarise
from study.tracking import names

EDGE = 0.05
"""The share of a range, at each end, that is its edge."""


def choose(trials: pd.DataFrame, budget: int) -> int:
    """Return the trial with the least median criterion over its seeds, of the first `budget` ones.

    A diverged run counts as infinite. A trial of which no more than half of the runs made progress is chosen only
    where all are such. Of equals the first is chosen.

    Args:
        trials: one row per run of the trials of one group: `trial` (from 1), `status` and the criterion.
        budget: how many trials take part.
    """
    table = trials[trials["trial"] <= budget].groupby("trial")
    stuck = table["status"].agg(lambda status: 2 * (status == names.OK).sum() <= len(status))
    ranked = pd.DataFrame({"stuck": stuck, "median": table[names.CRITERION].median()})
    return int(ranked.sort_values(["stuck", "median"], kind="stable").index[0])


def tuning_runs(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the runs at tuning seeds, by which trials are chosen."""
    return trials[trials["budgets"].map(len) == 0]


def shares(trials: int, k: int) -> Float[np.ndarray, " point"]:
    """Return how probable it is that the i-th least of B values is the least of k of them, drawn without replacement.

    p_i = C(B - i, k - 1) / C(B, k), i = 1 ... B.

    Example:
        >>> shares(
        ...     3, 2
        ... ).tolist()  # of 1 2 3: (1, 2) and (1, 3) have the first as their least, (2, 3) the second
        [0.6666666666666666, 0.3333333333333333, 0.0]
    """
    return np.asarray(comb(trials - np.arange(1, trials + 1), k - 1) / comb(trials, k))


def expected_best(values: Float[np.ndarray, "run *point"], k: int) -> Float[np.ndarray, "*point"]:
    """Return the expected least of k values drawn from B without replacement: E = sum_i v_(i) p_i, v ascending.

    Unbiased for the mean over searches of k independent trials. Infinite where k is so small that all of them may be
    infinite.

    Args:
        values: one row per trial; +inf is allowed.
        k: from 1 to their number.

    Reference: Dodge et al., Show Your Work: Improved Reporting of Experimental Results, 2019, section 3.
    """
    share = shares(len(values), k)
    return np.asarray(np.tensordot(share[share > 0], np.sort(values, axis=0)[share > 0], axes=1))


def median_best(values: Float[np.ndarray, "run *point"], k: int) -> Float[np.ndarray, "*point"]:
    """Return the least value that at least half of all searches of k of B trials find, or a lower one."""
    reached = np.cumsum(shares(len(values), k)) >= 0.5 - 1e-12  # rounding
    return np.asarray(np.sort(values, axis=0)[int(reached.argmax())])


def search_curves(
    trials: pd.DataFrame, *, value: str, bootstrap: Bootstrap, expected: bool = False
) -> pd.DataFrame:
    """Return what a search of k random trials finds, k = 1, 2, ..., for each group.

    The first trial, which is as shipped, takes no part: it was not drawn. The value of a trial is the median over the
    tuning seeds; the band is the percentile interval over resampled seeds, the same ones for all trials.

    Args:
        trials: the `trials` frame of a sweep.
        value: the column that is to be low.
        bootstrap: of the band.
        expected: the expected best, where the median of the best is returned otherwise.

    Returns:
        `group`, `k`, `best`, `low`, `high`.
    """
    best, parts = expected_best if expected else median_best, []
    for group, own in _groups(tuning_runs(trials[trials["trial"] > 1])):
        runs = own.pivot(index="trial", columns="seed", values=value).to_numpy(dtype=float)
        if np.isnan(runs).any():
            raise InvalidInput(
                f"{value} must be recorded for each trial at each tuning seed; {group} lacks some"
            )
        drawn = bootstrap.rng().integers(0, runs.shape[1], (bootstrap.resamples, runs.shape[1]))
        seeds, counts = np.unique(np.sort(drawn, axis=1), axis=0, return_counts=True)
        medians = np.median(runs[:, np.vstack([np.arange(runs.shape[1]), seeds])], axis=2)
        ks = range(1, len(runs) + 1)
        found = np.stack([best(medians, k) for k in ks])
        again, tail = np.repeat(found[:, 1:], counts, axis=1), (1 - bootstrap.confidence) / 2
        low, high = np.quantile(
            again, [tail, 1 - tail], axis=1, method="inverted_cdf"
        )  # of inf no mean is taken
        parts.append(pd.DataFrame({"group": group, "k": ks, "best": found[:, 0], "low": low, "high": high}))
    return pd.concat(parts, ignore_index=True)


def ranking(trials: pd.DataFrame, *, value: str, confidence: float) -> pd.DataFrame:
    """Return the best trial of each group at each budget, at fresh seeds, ranked among the groups.

    Args:
        trials: the `trials` frame of a sweep.
        value: the column that ranks.
        confidence: the least of the intervals.

    Returns:
        `budget`, `group`, `trial`, `chosen_by` (the median criterion at the tuning seeds), then the columns of
        `summarise` of `value` at the fresh seeds, `label` apart; in the order of budgets and of the groups.
    """
    compared = trials.explode("budgets").dropna(subset="budgets")
    tuning = tuning_runs(trials)
    chosen_by = tuning.groupby(["group", "trial"], sort=False)[names.CRITERION].median().rename("chosen_by")
    parts = []
    for budget, own in compared.groupby("budgets"):
        table = summarise(own.assign(label=own["group"]), value=value, confidence=confidence)
        table = table.rename(columns={"label": "group"}).assign(budget=budget)
        parts.append(table.merge(own[["group", "trial"]].drop_duplicates(), on="group"))
    ranked = pd.concat(parts, ignore_index=True).merge(chosen_by.reset_index(), on=["group", "trial"])
    first = ["budget", "group", "trial", "chosen_by"]
    return ranked[[*first, *ranked.columns.drop(first)]]


def at_edge(row: pd.Series) -> dict[str, str]:
    """Return which hyperparameters of a trial lie at an edge of their range, or beyond, and at which.

    >>> at_edge(pd.Series({"place.lr": 0.97, "place.momentum": 0.5, "place.alpha": float("nan")}))
    {'lr': 'upper'}
    """
    places = {key.removeprefix(PLACE): row[key] for key in map(str, row.index) if key.startswith(PLACE)}
    return {
        name: "lower" if place < EDGE else "upper"
        for name, place in places.items()
        if place < EDGE or place > 1 - EDGE
    }


def pairs(trials: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Return the label as shipped and the label tuned of each group, the same where none beats the shipped one.

    Groups of which one is missing, in a sweep that is not whole, are left out.
    """
    found = {}
    for group, own in _groups(trials):
        labels = [_label_at(own, budget) for budget in (1, int(trials["trial"].max()))]
        if all(labels):
            found[group] = labels[0], labels[1]
    return found


def _label_at(own: pd.DataFrame, budget: int) -> str:
    """Return what the best of so many trials of a group is called, nothing where it is not there."""
    labels = own.loc[[budget in budgets for budgets in own["budgets"]], "label"]
    return "" if labels.empty else str(labels.iloc[0])


def _groups(trials: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each group with its rows, in the order of the sweep."""
    return ((str(group), own) for group, own in trials.groupby("group", sort=False, observed=True))


def ratio(
    runs: pd.DataFrame, first: str, second: str, *, value: str, confidence: float
) -> tuple[float, ...] | None:
    """Return how many times a value of one label is that of another, seed by seed: median, low, high, greatest.

    None where a ratio is not defined: of a value that is not above 0, or infinite on both sides.
    """
    wide = runs[runs["label"].isin([first, second])].pivot(index="seed", columns="label", values=value)
    above, below = (wide[label].to_numpy(dtype=float) for label in (first, second))
    if not ((above > 0) & (below > 0) & (np.isfinite(above) | np.isfinite(below))).all():
        return None
    logs = np.log(above) - np.log(below)
    ends = median_interval(logs[:, None], confidence)
    return tuple(float(np.exp(end)) for end in (*(end[0] for end in ends), logs.max()))
