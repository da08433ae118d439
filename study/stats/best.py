"""Best values of a setting: those that the runs cannot tell from the one whose median is lowest."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
import pandas as pd

from study.stats.response import name_lines
from study.stats.samples import Sample, sample_of
from study.stats.scale import placed

Key = TypeVar("Key")


def not_told_from_best(runs: pd.DataFrame, *, x: str, value: str, share: float) -> dict[str, list[float]]:
    """Return, for each line, the x that are not told from the one with the lowest median, and that one, ascending.

    A line whose every median is infinite has none.

    Each is compared with it seed by seed, on the logarithm of the excess over the floor where that is known
    (Wilcoxon's signed-rank test; Mann-Whitney's without shared seeds). The best is chosen from the same runs: so p is
    corrected over all pairs of x of all lines (Bonferroni), and the sets together hold the true best with 1 - share.

    Args:
        runs: as `study.stats.response.respond` takes them.
        x: the column of the setting, numeric.
        value: the column that answers; +inf = diverged.
        share: of false claims that all lines together may make.

    Example:
        Of six seeds both lower rates lie far below the highest, but p = 2 / 2^6, three times over, is above 0.05.

        >>> low = np.arange(1.0, 7.0)
        >>> ends = np.concatenate([low, low + 0.1 * (-1) ** low, 100 - 9 * low])
        >>> rates = np.repeat([0.1, 0.2, 0.3], 6)
        >>> runs = pd.DataFrame({"seed": np.tile(low, 3), "optimizer.lr": rates, "excess": ends})
        >>> runs = runs.assign(optimizer="sgd", problem="bowl")
        >>> not_told_from_best(runs, x="optimizer.lr", value="excess", share=0.05)
        {'sgd': [0.1, 0.2, 0.3]}
        >>> not_told_from_best(runs, x="optimizer.lr", value="excess", share=0.1)
        {'sgd': [0.1, 0.2]}

    Reference: Hsu, Multiple Comparisons: Theory and Methods, 1996, chapter 4.
    """
    kept = runs.dropna(subset=x)
    kept = kept.assign(line=name_lines(kept, x), place=placed(kept, value))
    lines = {
        str(line): {float(str(at)): own.set_index("seed")["place"] for at, own in rows.groupby(x)}
        for line, rows in kept.groupby("line", sort=False)
    }
    pairs = sum(len(line) * (len(line) - 1) // 2 for line in lines.values())
    sets = {name: best_of(line, share / max(pairs, 1)) for name, line in lines.items()}
    return {name: found for name, found in sets.items() if found}


def best_of(
    places: Mapping[Key, pd.Series],
    level: float,
    sample: Callable[[pd.Series, pd.Series], Sample] = sample_of,
) -> list[Key]:
    """Return the keys that are not told from the one with the lowest median, and that one, in the order given.

    Args:
        places: where each run lies, by seed; +inf = diverged. Where every median is infinite none is best.
        level: below which a two-sided p tells two of them apart.
        sample: how two of them are compared.
    """
    best = min(places, key=lambda key: float(np.median(places[key])))
    if np.isinf(np.median(places[best])):
        return []
    return [
        key
        for key, own in places.items()
        if key == best
        or (compared := sample(own, places[best])).p() > level
        or compared.center <= 0  # the test tells them apart, but not as worse
    ]
