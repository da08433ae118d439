"""One pair at a time: what is claimed of two settings whose true difference is known."""

import math
from collections.abc import Sequence

import numpy as np

from study.certify.calibrate.counts import Row, count
from study.certify.calibrate.populations import POPULATIONS
from study.certify.calibrate.promises import DIFFERENCE, INTERVAL, MOSTLY, SELDOM, SIZE, TIE, M, verdict_of
from study.stats.samples import Independent, Paired, Sample
from study.stats.verdicts import BETTER, EQUIVALENT, LESS, MORE, WORSE, Found


def itself(rng: np.random.Generator, experiments: int, *, population: str, design: str, n: int) -> list[Row]:
    """Count how often a setting is told from itself, and how often the interval misses 0."""
    found = [verdict_of(_sample(rng, population, design, n), rng) for _ in range(experiments)]
    return about_none(found, population, design, n)


def about_none(found: Sequence[Found], population: str, design: str, n: int) -> list[Row]:
    """Return the counts of what was found of pairs that do not differ."""
    case = {"population": population, "design": design, "pairs": 1, "n": n}
    told = np.array([one.verdict.startswith((BETTER, WORSE)) for one in found])
    covered = np.array([one.low <= 0 <= one.high for one in found])
    return [
        count(DIFFERENCE, "better or worse", told, case, SELDOM),
        count(INTERVAL, "all contain the true differences", covered, case, MOSTLY),
    ]


def at_margin(rng: np.random.Generator, experiments: int, *, population: str, n: int) -> list[Row]:
    """Count false claims of a pair that differs by the margin, known to a third of it: a tie may be claimed."""
    spread = M / 3 * math.sqrt(n)
    drawn = M + spread * POPULATIONS[population].draw(rng, (experiments, n))
    verdicts = np.array([verdict_of(Paired(differences), rng).verdict for differences in drawn])
    within = (verdicts == EQUIVALENT) | np.char.endswith(verdicts, LESS)
    beyond = np.char.endswith(verdicts, MORE)
    case = {"population": population, "design": "paired", "pairs": 1, "n": n}
    return [
        count(TIE, "equivalent, or by less than M", within, case, SELDOM),
        count(SIZE, "by more than M", beyond, case, SELDOM),
    ]


def _sample(rng: np.random.Generator, population: str, design: str, n: int) -> Sample:
    draw = POPULATIONS[population].draw
    return Paired(draw(rng, n)) if design == "paired" else Independent(draw(rng, n), draw(rng, n))
