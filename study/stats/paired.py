"""Every pair of settings: how far apart, is it real, does it matter, and how many seeds would tell."""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.stats
from jaxtyping import Float

from study.stats.bootstrap import Bootstrap
from study.stats.power import seeds_to_tell, seeds_to_tie
from study.stats.samples import Paired, Sample, sample_of
from study.stats.scale import Scale, on_scale, scale_of
from study.stats.summary import fields
from study.stats.verdicts import LEAST_RUNS, Levels, beside_failures, borders_of, final, holm, judge
from study.tracking import names

COLUMNS = (
    "first", "second", "n", "paired", "scale", "estimate", "low", "high", "p_holm", "verdict",
    "seeds_to_tell", "seeds_to_tie", "margin", "improvement", "variance_ratio",
    "failed_first", "failed_second", "p_failed", "field",
)  # fmt: skip
"""Of a table of pairs, as `pairs.csv` has them: other programs read those up to `seeds_to_tie`."""


MOST_PAIRED = 8
"""Settings compared with one another, 28 pairs: more would be a wall of numbers."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How settings are compared, fixed before the runs.

    Args:
        value: the final loss that they are compared by.
        margin: the ratio of two excesses within which they count as equal: 1.25, as in bioequivalence.
        bootstrap: of the intervals; 1 - confidence is what all pairs together may err.
        looks: how often the same comparison is looked at, with more seeds each time, until it is resolved: the level
            is split among them.
    """

    value: str
    margin: float
    bootstrap: Bootstrap
    looks: int = 1

    @property
    def share(self) -> float:
        """What all pairs of one look may err."""
        return (1 - self.bootstrap.confidence) / self.looks


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two settings and what is known of both."""

    field: str
    first: str
    second: str
    scale: Scale
    sample: Sample
    failed: tuple[float, float]  # shares of runs that diverged or made no progress
    p_failed: float
    variance_ratio: float  # of independent samples over paired ones; NaN where they are not paired


def compare_pairs(runs: pd.DataFrame, rule: Rule, *, advise: bool = True) -> pd.DataFrame:
    """Compare all pairs of labels that have one problem and one budget, seed by seed where both have the seed.

    A shared seed is a block whatever the settings are; how much of the spread it explains is the variance ratio.

    Args:
        runs: one row per run with `label`, `seed`, `status`, the value (+inf = diverged), floors and settings.
        rule: how.
        advise: whether to find out how many seeds an open verdict needs, which takes up to a second for each.

    Returns:
        One row per pair with `COLUMNS`: `estimate`, `low` and `high` on the `scale` (`log ratio`: log of the first's
        excess over the second's), the interquartile mean and its interval, simultaneous over all pairs; `p_holm` of
        Wilcoxon's signed-rank test (Mann-Whitney's where not `paired`), corrected over all pairs; `seeds_to_tell` and
        `seeds_to_tie` where the verdict is not final, infinite beyond 1000. Pairs without a scale are not in it.
    """
    pairs = list(_pairs(runs, rule))
    if not pairs:
        return pd.DataFrame(columns=list(COLUMNS))
    settings = Counter(
        field for field, _ in {(p.field, label) for p in pairs for label in (p.first, p.second)}
    )
    levels = Levels(rule.share, len(pairs), sum(map(borders_of, settings.values())))
    corrected = holm(np.array([float(pair.sample.p()) for pair in pairs]))
    rows = [_row(pair, float(p), levels, rule.bootstrap) for pair, p in zip(pairs, corrected, strict=True)]
    if advise:
        for pair, row in zip(pairs, rows, strict=True):
            row |= _advice(pair, str(row["verdict"]), levels, rule.bootstrap)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _pairs(runs: pd.DataFrame, rule: Rule) -> Iterator[_Pair]:
    for field, group in runs.groupby(fields(runs), sort=False):
        scale = scale_of(group, rule.value, margin=rule.margin)
        if scale is None:
            continue
        placed = group.assign(place=on_scale(group, rule.value, scale), failed=group["status"] != names.OK)
        labels = {str(label): own.set_index("seed") for label, own in placed.groupby("label", observed=True)}
        for first, second in itertools.combinations(labels, 2):
            yield _pair(str(field), {first: labels[first], second: labels[second]}, scale)


def _pair(field: str, both: Mapping[str, pd.DataFrame], scale: Scale) -> _Pair:
    a, b = both.values()
    first, second = both
    sample, ratio = sample_of(a["place"], b["place"]), math.nan
    if isinstance(sample, Paired):
        shared = a.index.intersection(b.index)
        a, b = a.loc[shared], b.loc[shared]
        discordant = int((a["failed"] & ~b["failed"]).sum()), int((b["failed"] & ~a["failed"]).sum())
        p_failed = scipy.stats.binomtest(discordant[0], sum(discordant)).pvalue if any(discordant) else 1.0
        ratio = variance_ratio(a["place"].to_numpy(), b["place"].to_numpy())
    else:
        counts = [[int(x["failed"].sum()), int((~x["failed"]).sum())] for x in (a, b)]
        p_failed = float(scipy.stats.fisher_exact(counts).pvalue)
    rates = float(a["failed"].mean()), float(b["failed"].mean())
    return _Pair(field, first, second, scale, sample, rates, float(p_failed), ratio)


def variance_ratio(a: Float[np.ndarray, " run"], b: Float[np.ndarray, " run"]) -> float:
    """Return how many times as many seeds independent samples would need: (var a + var b) / var(a - b).

    NaN where a run diverged, or all differences are the same.

    Example:
        >>> round(variance_ratio(np.array([1.0, 2.0, 3.0]), np.array([1.1, 2.0, 2.9])), 3)
        181.0
    """
    if len(a) < 2 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return math.nan
    left = float(np.var(a - b, ddof=1))
    return float(np.var(a, ddof=1) + np.var(b, ddof=1)) / left if left > 0 else math.nan


def _row(pair: _Pair, p_holm: float, levels: Levels, bootstrap: Bootstrap) -> dict[str, object]:
    sample, margin = pair.sample, pair.scale.margin
    more = int(np.sign(pair.failed[0] - pair.failed[1]))
    found = judge(sample, p_holm, margin, levels=levels, bootstrap=bootstrap)
    verdict = beside_failures(found.verdict, more)
    return {
        "first": pair.first, "second": pair.second, "n": sample.n, "paired": isinstance(sample, Paired),
        "scale": pair.scale.name, "estimate": float(sample.center), "low": found.low, "high": found.high,
        "p_holm": p_holm, "verdict": verdict,
        "seeds_to_tell": math.nan, "seeds_to_tie": math.nan,
        "margin": margin, "improvement": sample.improvement, "variance_ratio": pair.variance_ratio,
        "failed_first": pair.failed[0], "failed_second": pair.failed[1], "p_failed": pair.p_failed,
        "field": pair.field,
    }  # fmt: skip


def _advice(pair: _Pair, verdict: str, levels: Levels, bootstrap: Bootstrap) -> dict[str, float]:
    """Return how many seeds an open verdict needs; nothing where seeds are not what it lacks."""
    if final(verdict) or pair.failed[0] != pair.failed[1] or pair.sample.n < LEAST_RUNS:
        return {}
    sample, margin = pair.sample, pair.scale.margin
    return {
        "seeds_to_tell": seeds_to_tell(sample, margin, levels=levels, bootstrap=bootstrap),
        "seeds_to_tie": seeds_to_tie(sample, margin, levels=levels, bootstrap=bootstrap),
    }
