"""Ever more seeds of one experiment: what is claimed at any look, and what a verdict turns into."""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from study.certify.calibrate.counts import Row, count
from study.certify.calibrate.populations import POPULATIONS
from study.certify.calibrate.promises import EVIDENCE, LOOK_SIZES, LOOKS, SELDOM, M, verdict_of
from study.stats.samples import Paired
from study.stats.verdicts import BETTER, EQUIVALENT, LESS, MORE, VERDICTS, WORSE

SPREAD = 2.0
"""Of the differences, in margins: 25 seeds know them to 0.4 of it, 200 to 0.14."""

GROWING = "verdicts by seeds"


def looked(
    rng: np.random.Generator, experiments: int, *, population: str, difference: float, split: bool
) -> list[Row]:
    """Count the sequences of looks, none of which stops early, that err, or turn round.

    Args:
        rng: of all that is drawn.
        experiments: how many.
        population: of the differences.
        difference: by which the first is better, in margins, >= 0.
        split: whether the looks share the level, as those of `until=resolved` do; else nothing is promised.
    """
    looks = len(LOOK_SIZES) if split else 1
    drawn = _drawn(rng, (experiments, LOOK_SIZES[-1]), population, difference)
    verdicts = verdicts_of(rng, drawn, LOOK_SIZES, looks=looks)
    how, bound = ("level split", SELDOM) if split else ("level not split", None)
    about = f"{population}, {difference:g} M apart"
    case = {"population": about, "design": how, "pairs": 1, "n": LOOK_SIZES[-1]}
    claims: dict[str, tuple[float, Callable[[str], bool]]] = {
        "a difference that is not there": (0.0, lambda verdict: verdict.startswith((BETTER, WORSE))),
        "a tie that is none": (1.0, lambda verdict: verdict.endswith((EQUIVALENT, LESS))),
        "more than M": (1.0, lambda verdict: verdict.endswith(MORE)),
    }
    return [
        count(EVIDENCE, "into what excludes it", turned(verdicts, excludes), case, bound),
        count(EVIDENCE, "from better or worse to equivalent", turned(verdicts, dissolves), case),
        *(
            count(LOOKS, claim, [any(map(false, row)) for row in verdicts.tolist()], case, bound)
            for claim, (at, false) in claims.items()
            if difference == at
        ),
    ]


def grown(
    rng: np.random.Generator, experiments: int, *, population: str, difference: float, sizes: Sequence[int]
) -> list[Row]:
    """Count every verdict at some numbers of seeds, each a larger part of the same ones."""
    verdicts = verdicts_of(rng, _drawn(rng, (experiments, sizes[-1]), population, difference), sizes, looks=1)
    about = {"population": f"{difference:g} M apart", "design": "paired", "pairs": 1}
    return [
        count(GROWING, verdict, verdicts[:, index] == verdict, {**about, "n": n})
        for index, n in enumerate(sizes)
        for verdict in VERDICTS
    ]


def verdicts_of(
    rng: np.random.Generator, drawn: np.ndarray, sizes: Sequence[int], *, looks: int
) -> np.ndarray:
    """Return the verdict of each experiment (row) at each number of seeds (column)."""
    return np.array([[verdict_of(Paired(row[:n]), rng, looks=looks).verdict for n in sizes] for row in drawn])


def _drawn(
    rng: np.random.Generator, shape: tuple[int, int], population: str, difference: float
) -> np.ndarray:
    """Return differences at each seed (column), of a first setting that is better by so many margins."""
    return np.asarray(M * (SPREAD * POPULATIONS[population].draw(rng, shape) - difference))


def turned(verdicts: np.ndarray, into: Callable[[str, str], bool]) -> np.ndarray:
    """Return which sequences (rows) hold a verdict and, at any later look, one that it must not turn into.

    Example:
        >>> sequences = np.array([["better, size open", "unresolved", "equivalent"], ["equivalent"] * 3])
        >>> turned(sequences, dissolves).tolist()
        [True, False]
    """
    return np.array([any(into(*pair) for pair in combinations(row, 2)) for row in verdicts.tolist()])


def excludes(before: str, after: str) -> bool:
    """Whether two verdicts cannot both be true: better and worse, or more than the margin and not.

    >>> excludes("better, size open", "worse by less than M"), excludes("better, size open", "equivalent")
    (True, False)
    """
    sides = {side for side in (BETTER, WORSE) for verdict in (before, after) if verdict.startswith(side)}
    sizes = {
        verdict.endswith(MORE) for verdict in (before, after) if verdict.endswith((MORE, LESS, EQUIVALENT))
    }
    return len(sides) == 2 or len(sizes) == 2


def dissolves(before: str, after: str) -> bool:
    """Whether a difference was told that a later look does not see: both may be true, and yet it is odd."""
    return before.startswith((BETTER, WORSE)) and after == EQUIVALENT
