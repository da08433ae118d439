"""Two settings at the same seeds: how large is the difference, is it real, does it matter."""

import itertools
import math
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import scipy.stats
from jaxtyping import Float

from study.stats.bootstrap import Bootstrap
from study.tracking import names

POWER = 0.8


@dataclass(frozen=True, slots=True)
class Pair:
    """The comparison of `first` with `second`; a negative difference says that `first` has the lower loss.

    Attributes:
        first: a label.
        second: another.
        n: seeds.
        difference: interquartile mean of the differences (unpaired: difference of interquartile means).
        low: lower end of its percentile bootstrap interval.
        high: upper end.
        improvement: probability that `first` beats `second`, ties counted half.
        p: of Wilcoxon's signed-rank test (unpaired: of the Mann-Whitney test).
        sd: standard deviation that decides how many seeds are needed.
    """

    first: str
    second: str
    n: int
    difference: float
    low: float
    high: float
    improvement: float
    p: float
    sd: float


def compare_pairs(runs: pd.DataFrame, *, value: str, margin: float, bootstrap: Bootstrap) -> pd.DataFrame:
    """Compare all pairs of labels, seed by seed where the receipts allow it.

    Args:
        runs: one row per run with `label`, `seed`, `value` (+inf = diverged) and the receipts.
        value: the column compared.
        margin: differences within +- margin do not matter: the region of practical equivalence, in loss.
        bootstrap: of the interval; 1 - confidence is also the level of the test, over all pairs together.

    Returns:
        One row per pair: the fields of `Pair`, and `paired`, `p_holm` (Holm's correction over all pairs),
        `verdict` and `more_seeds` (how many further ones an unresolved pair needs; NaN where none help).
    """
    paired = why_unpaired(runs) is None
    samples = {
        str(label): group.sort_values("seed")[value].to_numpy(dtype=float)
        for label, group in runs.groupby("label", observed=True)
    }
    compare = _paired if paired else _unpaired
    pairs = [
        compare(first, second, samples[first], samples[second], bootstrap=bootstrap)
        for first, second in itertools.combinations(samples, 2)
    ]
    table = pd.DataFrame([asdict(pair) for pair in pairs])
    table["paired"] = paired
    table["p_holm"] = holm(table["p"].to_numpy())
    rows = table.to_dict("records")
    level = 1 - bootstrap.confidence
    verdicts = [_verdict(row["low"], row["high"], row["p_holm"], margin=margin, level=level) for row in rows]
    table["verdict"] = verdicts
    table["more_seeds"] = [
        further_seeds(row["sd"], row["n"], margin=margin, confidence=bootstrap.confidence)
        if verdict == "unresolved"
        else math.nan
        for row, verdict in zip(rows, verdicts, strict=True)
    ]
    return table


def why_unpaired(runs: pd.DataFrame) -> str | None:
    """Return why these runs are not paired by seed, as half a sentence, or None where they are.

    Paired means: every label has the same seeds, and at each seed the digests of data, initial parameters and
    minibatch order agree between all labels.
    """
    counts = pd.crosstab(runs["seed"], runs["label"])
    if not (counts == 1).all(axis=None):
        return "the labels do not have the same seeds, once each"
    missing = [word for name, word in names.RECEIPTS.items() if runs[name].isna().any()]
    if missing:
        return f"no receipt of the {' and the '.join(missing)} was kept"
    distinct = runs.groupby("seed")[list(names.RECEIPTS)].nunique().max()
    found = [word for name, word in names.RECEIPTS.items() if distinct[name] > 1]
    return f"at the same seed, labels differ in the {' and the '.join(found)}" if found else None


def interquartile_mean(values: Float[np.ndarray, "point run"]) -> Float[np.ndarray, " point"]:
    """Return, for each row, the mean of what is left when floor(n / 4) values are dropped at each end.

    Reference: Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice, 2021.

    Example:
        >>> interquartile_mean(np.array([[1.0, 2.0, 4.0, np.inf]])).tolist()
        [3.0]
    """
    with np.errstate(invalid="ignore"):  # +inf and -inf left together have no mean: NaN says so
        return np.asarray(scipy.stats.trim_mean(values, 0.25, axis=1))


def holm(p: Float[np.ndarray, " point"]) -> Float[np.ndarray, " point"]:
    """Return the p-values adjusted for being m together: max over i <= k of (m - i + 1) p_(i), at most 1.

    Reference: Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979.

    Example:
        The smallest is taken 3 times, the next 2 times, and none below the one before.

        >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    result = np.empty_like(p)
    result[order] = np.minimum(adjusted, 1)
    return result


def further_seeds(sd: float, n: int, *, margin: float, confidence: float) -> float:
    """Return how many seeds beyond `n` would tell a difference of the margin from none, at 80% power.

    n = ((z + .84) sd / margin)^2 with z = 1.96 at 95%, and at least one more, since n did not do.
    NaN where runs diverged or the margin is 0: no number of seeds is enough.

    Example:
        (1.96 + 0.84)^2 * 2^2 = 31.4, of which 20 are there.

        >>> further_seeds(sd=0.02, n=20, margin=0.01, confidence=0.95)
        12.0
    """
    if not (math.isfinite(sd) and margin > 0):
        return math.nan
    z = scipy.stats.norm.ppf((1 + confidence) / 2) + scipy.stats.norm.ppf(POWER)
    return max(1.0, float(math.ceil((z * sd / margin) ** 2) - n))


def _verdict(low: float, high: float, p_holm: float, *, margin: float, level: float) -> str:
    """A difference too small to matter is no win, however sure; a win needs both interval and test."""
    if -margin <= low and high <= margin:
        return "equivalent"
    if p_holm <= level and (high < 0 or low > 0):
        return "better" if high < 0 else "worse"
    return "unresolved"


def _paired(
    first: str,
    second: str,
    a: Float[np.ndarray, " run"],
    b: Float[np.ndarray, " run"],
    *,
    bootstrap: Bootstrap,
) -> Pair:
    """Compare seed by seed; seeds are resampled, each with both of its runs."""
    difference = differences(a, b)
    rng = bootstrap.rng()
    drawn = rng.integers(0, len(a), (bootstrap.resamples, len(a)))
    low, high = _interval(interquartile_mean(difference[drawn]), bootstrap.confidence)
    return Pair(
        first, second, len(a), float(interquartile_mean(difference[None])[0]), low, high,
        improvement=float(np.mean(difference < 0) + np.mean(difference == 0) / 2),
        p=_wilcoxon(difference),
        sd=_deviation(difference),
    )  # fmt: skip


def _unpaired(
    first: str,
    second: str,
    a: Float[np.ndarray, " first"],
    b: Float[np.ndarray, " second"],
    *,
    bootstrap: Bootstrap,
) -> Pair:
    """Compare two independent samples; each is resampled on its own."""
    rng = bootstrap.rng()
    means = [
        interquartile_mean(sample[rng.integers(0, len(sample), (bootstrap.resamples, len(sample)))])
        for sample in (a, b)
    ]
    low, high = _interval(differences(means[0], means[1]), bootstrap.confidence)
    center = differences(interquartile_mean(a[None]), interquartile_mean(b[None]))[0]
    less = differences(a[:, None], b[None, :])
    return Pair(
        first, second, min(len(a), len(b)), float(center), low, high,
        improvement=float(np.mean(less < 0) + np.mean(less == 0) / 2),
        p=float(scipy.stats.mannwhitneyu(a, b).pvalue),
        sd=math.hypot(_deviation(a), _deviation(b)),
    )  # fmt: skip


def differences(a: Float[np.ndarray, "..."], b: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return a - b, where two diverged runs are a tie: inf - inf = 0.

    Example:
        >>> differences(np.array([3.0, np.inf, np.inf]), np.array([1.0, 1.0, np.inf])).tolist()
        [2.0, inf, 0.0]
    """
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, a - b)


def _interval(statistics: Float[np.ndarray, " resample"], confidence: float) -> tuple[float, float]:
    """Return the percentile interval; a resample without a value (NaN) widens it at both ends."""
    tail = (1 - confidence) / 2
    unknown = np.isnan(statistics)
    low = np.quantile(np.where(unknown, -np.inf, statistics), tail, method="lower")
    high = np.quantile(np.where(unknown, np.inf, statistics), 1 - tail, method="higher")
    return float(low), float(high)


def _wilcoxon(difference: Float[np.ndarray, " run"]) -> float:
    """Return the two-sided p-value; infinite differences take the largest ranks, none at all is p = 1."""
    if not difference.any():
        return 1.0
    finite = np.abs(difference[np.isfinite(difference)])
    beyond = 2 * finite.max(initial=1.0)
    return float(scipy.stats.wilcoxon(np.clip(difference, -beyond, beyond)).pvalue)


def _deviation(values: Float[np.ndarray, " run"]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 and np.isfinite(values).all() else math.inf
