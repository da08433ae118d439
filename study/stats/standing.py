"""Standing of settings over several problems: how far each lies behind the best, profiles of steps, and mean ranks.

A problem is one observation here, whatever the number of its seeds: what is said of all of them together rests on as
many values as there are problems.
"""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
import scipy.stats
from jaxtyping import Float

from study.errors import InvalidInput
from study.stats.best import best_of
from study.stats.bootstrap import Bootstrap
from study.stats.samples import Independent, Sample, sample_of
from study.stats.scale import LOG_RATIO, on_scale, scale_of
from study.tracking import names

MOST = 4.0
"""The ratio of steps up to which profiles go: who needs more than that many times as many has not kept up."""

DECADE = math.log(10)

_COLUMNS = ("problem", "label", "n", "place", "behind", "best", "failed")


def behind(runs: pd.DataFrame, *, value: str, share: float) -> pd.DataFrame:
    """Return how far the median of each label lies above the least median of the same problem, in decades.

    A label is `best` unless it is told from the one with the least median of its problem: by Wilcoxon's signed-rank
    test of the logarithms at shared seeds, or by Mann-Whitney's where so few seeds are shared that no result of
    Wilcoxon's (two-sided p >= 2 / 2^n) could tell any. That one takes the seeds as independent, which costs power and
    errs on the safe side where what a seed shares moves two labels the same way.

    The claim is that of a chosen subset, that the true best is in it. It can fail only in a comparison with the true
    best, of which a problem of k labels has k - 1, each to one side: the level is split among those of all problems
    (Bonferroni), and all subsets together hold the true best of their problem with 1 - share. So does each by itself
    where `share` is given times the number of problems.

    Args:
        runs: one row per run with `problem`, `label`, `seed`, `status`, the value (+inf = diverged), and its floor
            and resolution, as `study.stats.scale.on_scale` takes them.
        value: a final loss that has a floor.
        share: of tables that may have a wrong `best`, in (0, 1).

    Returns:
        `problem`, `label`, `n` (runs), `place` (the median of the natural logarithm of the excess over the floor,
        +inf where half of the runs diverged), `behind` (+inf likewise; 0 for the least), `best` (no label is, where
        all medians are infinite) and `failed` (the share of runs whose status is not `ok`): a row for each label of
        each problem, both as first met.

    Raises:
        InvalidInput: a problem has no floor, so that there is no excess.

    Example:
        Of two seeds no test tells anything, so both are best; one lies a factor of 100 above the other.

        >>> ends = {"label": ["a", "a", "b", "b"], "seed": [0, 1, 0, 1], "excess": [0.1, 0.1, 10.0, 10.0]}
        >>> runs = pd.DataFrame(ends).assign(problem="bowl", status="ok")
        >>> behind(runs, value="excess", share=0.05)[["label", "behind", "best"]].round(2).values.tolist()
        [['a', 0.0, True], ['b', 2.0, True]]

    Reference: Gupta, On Some Multiple Decision (Selection and Ranking) Rules, 1965; Hsu, Multiple Comparisons: Theory
    and Methods, 1996, chapter 4.
    """
    fields = {str(problem): own for problem, own in runs.groupby("problem", sort=False, observed=True)}
    rivals = sum(own["label"].nunique() - 1 for own in fields.values())
    level = 2 * share / max(rivals, 1)  # of a two-sided p, of which one side excludes
    rows = [row for problem, own in fields.items() for row in _of_problem(problem, own, value, level)]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def performance_profile(steps: pd.DataFrame, most: float = MOST) -> pd.DataFrame:
    """Return rho(tau), the share of problems on which a label needs at most tau times the steps of the quickest one.

    r = t / min t of each problem, infinite for all where none reaches the target; rho(tau) = mean over problems of
    [r <= tau].

    Args:
        steps: to a target, a row per problem and a column per label; +inf = never.
        most: the tau up to which it goes, above 1.

    Returns:
        `label`, `ratio`, `share`: of each label, in the order of the columns, the value of the step function at 1, at
        each ratio where it rises, and at `most`. Between two rows it is what the first one says.

    Raises:
        ValueError: a number of steps is below 1.

    Example:
        >>> steps = pd.DataFrame({"adam": [10, 10, np.inf], "sgd": [20, np.inf, np.inf]})
        >>> performance_profile(steps).round(2).values.tolist()
        [['adam', 1.0, 0.67], ['adam', 4.0, 0.67], ['sgd', 1.0, 0.0], ['sgd', 2.0, 0.33], ['sgd', 4.0, 0.33]]

    Reference: Dolan and More, Benchmarking Optimization Software with Performance Profiles, 2002.
    """
    rows = []
    for label, ratios in _ratios(steps).items():
        at = np.unique([1.0, *ratios[ratios <= most], most])
        shares = np.mean(ratios.to_numpy()[None, :] <= at[:, None], axis=1)
        rows += [(str(label), float(tau), float(rho)) for tau, rho in zip(at, shares, strict=True)]
    return pd.DataFrame(rows, columns=["label", "ratio", "share"])


def profile_score(steps: pd.DataFrame, most: float = MOST) -> pd.Series:
    """Return the mean height of each label's performance profile from 1 to `most`: 1 is the quickest on all problems.

    B = mean over problems of max(0, most - r) / (most - 1), r = t / min t: the closed form of the profile's integral.

    Args:
        steps: as `performance_profile` takes them.
        most: likewise.

    Returns:
        B by label, in the order of the columns. A problem that none solves counts, with 0 for all.

    Raises:
        ValueError: a number of steps is below 1.

    Example:
        >>> profile_score(pd.DataFrame({"adam": [10, 10], "sgd": [25, np.inf]})).to_dict()
        {'adam': 1.0, 'sgd': 0.25}

    Reference: Dahl et al., Benchmarking Neural Network Training Algorithms (AlgoPerf), 2023, section 4.
    """
    return ((most - _ratios(steps)).clip(lower=0) / (most - 1)).mean()


def mean_ranks(places: pd.DataFrame, bootstrap: Bootstrap) -> pd.DataFrame:
    """Return the mean over problems of each label's rank, with its interval over problems.

    Percentile bootstrap: whole problems are drawn with replacement, as their seeds say nothing of further problems.
    Each interval is for its label by itself.

    Args:
        places: a row per problem and a column per label, lower is better; +inf lies last. Ties share their mean rank.
        bootstrap: how the intervals are drawn.

    Returns:
        `label`, `rank` (1 is the best), `low`, `high`, sorted by rank; equal ranks as the columns.

    Raises:
        ValueError: a place is NaN: each label must have one on each problem.

    Example:
        >>> places = pd.DataFrame({"sgd": [1.0, 3.0], "adam": [0.5, 2.0], "nag": [np.inf, 2.0]})
        >>> mean_ranks(places, Bootstrap()).values.tolist()
        [['adam', 1.25, 1.0, 1.5], ['nag', 2.25, 1.5, 3.0], ['sgd', 2.5, 2.0, 3.0]]

    Reference: Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets, 2006.
    """
    ranks = _ranks(places)
    problems = len(ranks)
    drawn = bootstrap.rng().multinomial(problems, np.full(problems, 1 / problems), size=bootstrap.resamples)
    tail = (1 - bootstrap.confidence) / 2
    low, high = np.quantile(drawn @ ranks / problems, [tail, 1 - tail], axis=0)
    labels = [str(label) for label in places]
    table = pd.DataFrame({"label": labels, "rank": ranks.mean(axis=0), "low": low, "high": high})
    return table.sort_values("rank", kind="stable", ignore_index=True)


def friedman_p(places: pd.DataFrame) -> float:
    """Return Friedman's p of the hypothesis that no label ranks lower than another, problem by problem.

    It is that of chi squared, which needs some 10 problems to be close.

    Args:
        places: as `mean_ranks` takes them.

    Returns:
        NaN for fewer than 3 labels; 1 where all tie on every problem.

    Raises:
        ValueError: a place is NaN.
    """
    ranks = _ranks(places)
    if ranks.shape[1] < 3:
        return math.nan
    if (ranks == ranks[:, :1]).all():
        return 1.0
    return float(scipy.stats.friedmanchisquare(*ranks.T).pvalue)


def critical_difference(labels: int, problems: int, share: float) -> float:
    """Return Nemenyi's critical difference of two mean ranks: CD = q / sqrt(2) sqrt(k (k + 1) / (6 N)).

    q is the quantile of 1 - share of the range of k standard normal values: of all pairs together a share is told
    apart that is not. Whether a pair is told thus depends on the other labels, k.

    Args:
        labels: k; NaN for fewer than 2, which are no pair.
        problems: N, 1 or more.
        share: of tables that may tell labels apart where all are equal, in (0, 1).

    Example:
        >>> round(critical_difference(4, 14, 0.05), 2)
        1.25

    Reference: Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets, 2006, section 3.2.2.
    """
    if labels < 2:
        return math.nan
    q = float(scipy.stats.studentized_range.ppf(1 - share, labels, np.inf))
    return q / math.sqrt(2) * math.sqrt(labels * (labels + 1) / (6 * problems))


def groups(ranks: pd.DataFrame, difference: float) -> list[list[str]]:
    """Return the labels that are not told apart: each longest run of ranks whose ends differ by at most `difference`.

    Args:
        ranks: `label` and `rank`, as `mean_ranks` returns them.
        difference: the critical one; NaN makes no group.

    Returns:
        Labels in order of rank, groups by their first; none of one label alone, none inside another.

    Example:
        >>> ranks = pd.DataFrame({"label": ["a", "b", "c", "d"], "rank": [1.0, 1.5, 2.2, 4.0]})
        >>> groups(ranks, 1.0)
        [['a', 'b'], ['b', 'c']]
    """
    ordered = ranks.sort_values("rank", kind="stable")
    labels, at = ordered["label"].astype(str).tolist(), ordered["rank"].to_numpy(dtype=float)
    found, reached = list[list[str]](), 0
    for first, rank in enumerate(at):
        end = int(np.sum(at - rank <= difference))
        if end > max(reached, first + 1):
            found.append(labels[first:end])
        reached = max(reached, end)
    return found


def _of_problem(problem: str, runs: pd.DataFrame, value: str, level: float) -> Iterator[tuple[object, ...]]:
    """Yield the rows of one problem."""
    scale = scale_of(runs, value, margin=1.0)
    if scale is None or scale.name != LOG_RATIO:
        raise InvalidInput(f"{problem} must have a floor of {value} for each run, got some without")
    runs = runs.assign(place=on_scale(runs, value, scale), failed=runs["status"] != names.OK)
    labels = {str(label): own for label, own in runs.groupby("label", sort=False, observed=True)}
    places = {label: own.set_index("seed")["place"] for label, own in labels.items()}
    medians = {label: float(np.median(own)) for label, own in places.items()}
    least = min(medians.values())
    best = best_of(places, level, partial(_sample, level=level))
    for label, own in labels.items():
        place = medians[label]
        beyond = (place - least) / DECADE if math.isfinite(place) else math.inf
        yield problem, label, len(own), place, beyond, label in best, float(own["failed"].mean())


def _sample(own: pd.Series, best: pd.Series, *, level: float) -> Sample:
    """Return two labels as a sample that can tell them apart at the level, where one of the two kinds can."""
    sample = sample_of(own, best)
    return sample if sample.least_p <= level else Independent(own.to_numpy(), best.to_numpy())


def _ratios(steps: pd.DataFrame) -> pd.DataFrame:
    """Return r = t / min t of each problem."""
    values = steps.to_numpy(dtype=float)
    if not (values >= 1).all():
        wrong = values[~(values >= 1)][0]
        raise ValueError(
            f"steps to a target must be 1 or more, +inf where it is never reached, got {wrong:g}"
        )
    with np.errstate(invalid="ignore"):
        ratios = values / values.min(axis=1, keepdims=True)
    return pd.DataFrame(np.where(np.isinf(values), np.inf, ratios), steps.index, steps.columns)


def _ranks(places: pd.DataFrame) -> Float[np.ndarray, "problem label"]:
    values = places.to_numpy(dtype=float)
    if np.isnan(values).any():
        raise ValueError(
            "places must hold a number of each label on each problem, +inf where most diverged, got NaN"
        )
    return np.asarray(scipy.stats.rankdata(values, axis=1))
