"""Medians: how often their intervals contain the population's, and how often a repetition's."""

import numpy as np
from jaxtyping import Float

from study.certify.calibrate.counts import AT_LEAST, Row, count
from study.certify.calibrate.populations import POPULATIONS
from study.certify.calibrate.promises import MEDIAN, SHARE
from study.stats.intervals import coverage, median_interval

TIMES = 25  # as many experiments: all of them are one call


def medians(rng: np.random.Generator, experiments: int, *, population: str, n: int) -> list[Row]:
    """Count the intervals of n runs that contain the population's median, and those that contain a new one."""
    of = POPULATIONS[population].of
    median = float(np.median(of((np.arange(100_001) + 0.5) / 100_001)))
    return about_medians(of(rng.random((2, n, TIMES * experiments))), median, population)


def about_medians(drawn: Float[np.ndarray, "two run point"], median: float, population: str) -> list[Row]:
    """Return the counts of two samples of each experiment (point), of which the second is the repetition."""
    first, again = drawn
    _, low, high = median_interval(first, 1 - SHARE)
    new = np.median(again, axis=0)
    case = {"population": population, "n": len(first)}
    exact = (AT_LEAST, coverage(len(first), 1 - SHARE))
    return [
        count(MEDIAN, "the population's", (low <= median) & (median <= high), case, exact),
        count(MEDIAN, "a new sample's", (low <= new) & (new <= high), case),
    ]
