"""Power: whether as many seeds as a report says would tell do tell, in fresh experiments and by the full rule."""

import numpy as np

from study.certify.calibrate.counts import AT_LEAST, Row, count
from study.certify.calibrate.populations import POPULATIONS
from study.certify.calibrate.promises import POWER as PROMISE
from study.certify.calibrate.promises import SHARE, M, rule_of, verdict_of
from study.stats.power import MOST_SEEDS, POWER, seeds_to_tell, seeds_to_tie
from study.stats.samples import Paired
from study.stats.verdicts import BETTER, EQUIVALENT, LESS, Levels, borders_of

PILOT = 25
"""Runs, from which the number is computed."""

SPREAD = 2.0
"""Of the differences, in margins."""

MEDIAN_PILOT = "the median pilot"
PILOTS = {"lowest tenth of pilots": 0.1, MEDIAN_PILOT: 0.5, "highest tenth of pilots": 0.9}


def at_promised(
    rng: np.random.Generator, experiments: int, *, population: str, settings: int, tie: bool
) -> list[Row]:
    """Count fresh experiments, at the number of seeds that pilots find, in which the full rule tells.

    More seeds tell more, so that the power at the median number is the median power.

    Args:
        rng: of all that is drawn.
        experiments: how many pilots, and how many fresh experiments for each number.
        population: of the differences.
        settings: the pair is one of all pairs of so many.
        tie: the settings are equal, and a tie is to be shown; else they differ by the margin, which is to be told.
    """
    draw = POPULATIONS[population].draw
    levels = Levels(SHARE, settings * (settings - 1) // 2, borders_of(settings))
    seeds = seeds_to_tie if tie else seeds_to_tell
    pilots = [Paired(M * SPREAD * draw(rng, PILOT)) for _ in range(experiments)]
    needed = [seeds(pilot, M, levels=levels, bootstrap=rule_of(rng).bootstrap) for pilot in pilots]
    rows = []
    for pilot, quantile in PILOTS.items():
        n = int(min(np.quantile(needed, quantile, method="lower"), MOST_SEEDS))
        fresh = M * (SPREAD * draw(rng, (experiments, n)) - (not tie))
        verdicts = [verdict_of(Paired(row), rng, settings=settings).verdict for row in fresh]
        told = [_shows(verdict) if tie else verdict.startswith(BETTER) for verdict in verdicts]
        what = "a tie" if tie else "the margin"
        case = {"population": population, "design": what, "pairs": levels.pairs, "n": n}
        rows.append(count(PROMISE, pilot, told, case, (AT_LEAST, POWER) if pilot == MEDIAN_PILOT else None))
    return rows


def _shows(verdict: str) -> bool:
    return verdict == EQUIVALENT or verdict.endswith(LESS)
