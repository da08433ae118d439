"""Whole tables of settings, by the function that reports call: all their pairs together, and runs that diverge."""

import math

import numpy as np
import pandas as pd
from jaxtyping import Float

from study.certify.calibrate.counts import Row, count
from study.certify.calibrate.populations import POPULATIONS
from study.certify.calibrate.promises import (
    DIFFERENCE,
    FAILURES,
    INTERVAL,
    MOSTLY,
    NEVER,
    SELDOM,
    SIZE,
    TIE,
    M,
    rule_of,
)
from study.stats.paired import compare_pairs
from study.stats.verdicts import BETTER, EQUIVALENT, LESS, MORE, WORSE
from study.tracking import names

_SEEDS = 2.0
"""How far seeds lie apart, as settings at one seed do 1: pairing then saves four seeds of five."""


def alike(
    rng: np.random.Generator, experiments: int, *, population: str, design: str, size: tuple[int, int]
) -> list[Row]:
    """Count the tables of one setting under several names in which a pair is told apart, or an interval misses 0.

    Args:
        rng: of all that is drawn.
        experiments: how many.
        population: of what the seed does to each.
        design: `paired` or `independent`.
        size: names, and seeds.
    """
    told, missed = np.zeros((2, experiments), bool)
    for index in range(experiments):
        places = _places(rng, population, size)
        table = compare_pairs(frame(places, design), rule_of(rng), advise=False)
        told[index] = table["verdict"].str.startswith((BETTER, WORSE)).any()
        missed[index] = ((table["low"] > 0) | (table["high"] < 0)).any()
    case = {"population": population, "design": design, "pairs": math.comb(size[0], 2), "n": size[1]}
    return [
        count(DIFFERENCE, "better or worse", told, case, SELDOM),
        count(INTERVAL, "all contain the true differences", ~missed, case, MOSTLY),
    ]


def half_at_margin(
    rng: np.random.Generator, experiments: int, *, population: str, settings: int, n: int
) -> list[Row]:
    """Count the tables with a false claim, half of whose settings lie at the margin from the other half.

    So as many pairs as can be are at the border of what is equivalent. Their differences are known to a sixth of it.
    """
    own, half = M / 6 * math.sqrt(n / 2), np.arange(settings) < settings // 2
    within, beyond = np.zeros((2, experiments), bool)
    for index in range(experiments):
        places = own * _places(rng, population, (settings, n)) + M * half[:, None]
        table = compare_pairs(frame(places, "paired"), rule_of(rng), advise=False)
        side = dict(zip(_labels(settings), half, strict=True))
        apart = table["first"].map(side) != table["second"].map(side)
        verdict = table["verdict"]
        within[index] = (apart & ((verdict == EQUIVALENT) | verdict.str.endswith(LESS))).any()
        beyond[index] = verdict.str.endswith(MORE).any()
    case = {"population": population, "design": "paired", "pairs": math.comb(settings, 2), "n": n}
    return [
        count(TIE, "equivalent, or by less than M", within, case, SELDOM),
        count(SIZE, "by more than M", beyond, case, SELDOM),
    ]


def diverging(rng: np.random.Generator, experiments: int, *, ahead: float, rate: float, n: int) -> list[Row]:
    """Count what is said of a setting that diverges in a share of its runs, against one that never does.

    Args:
        rng: of all that is drawn.
        experiments: how many.
        ahead: how far its other runs lie ahead, in deviations of the difference at a seed.
        rate: of divergence.
        n: seeds.
    """
    ties = ahead == 0
    own = M / 4 * math.sqrt(n / 2) if ties else 1 / math.sqrt(2)  # a tie is to be within reach
    any_, said = np.zeros((2, experiments), bool)
    for index in range(experiments):
        places = own * _places(rng, "normal", (2, n))
        places[0] -= ahead
        places[0, rng.random(n) < rate] = np.inf
        verdict = str(compare_pairs(frame(places, "paired"), rule_of(rng), advise=False)["verdict"][0])
        any_[index] = np.isinf(places).any()
        said[index] = verdict.startswith((BETTER, EQUIVALENT) if ties else BETTER)
    word = "better or equivalent" if ties else "better"
    about = f"alike, {rate:.0%} diverge" if ties else f"{ahead:g} sd ahead, {rate:.0%} diverge"
    case = {"population": about, "design": "paired", "pairs": 1, "n": n}
    return [
        count(FAILURES, f"{word}, where one diverged", said[any_], case, NEVER),
        count(FAILURES, "none diverged: it cannot be seen", ~any_, case),
        count(FAILURES, f"{word}, of all", said, case),
    ]


def frame(places: Float[np.ndarray, "run seed"], design: str) -> pd.DataFrame:
    """Return runs as reports have them, by their places on the log scale, +inf a diverged one.

    Args:
        places: one row per setting.
        design: `paired`: settings share the seeds; `independent`: each has seeds of its own.
    """
    settings, n = places.shape
    seeds = np.arange(settings * n) if design == "independent" else np.tile(np.arange(n), settings)
    return pd.DataFrame(
        {
            "label": np.repeat(_labels(settings), n),
            "seed": seeds,
            "status": np.where(np.isfinite(places), names.OK, names.DIVERGED).ravel(),
            names.EXCESS: np.exp(places).ravel(),
        }
    )


def _places(rng: np.random.Generator, population: str, shape: tuple[int, int]) -> np.ndarray:
    """Return settings that differ by chance alone: what the seed does to all, and what it does to each."""
    return np.asarray(_SEEDS * rng.standard_normal(shape[1]) + POPULATIONS[population].draw(rng, shape))


def _labels(settings: int) -> list[str]:
    return [f"setting {index}" for index in range(settings)]
