"""Populations that differences are drawn from, each with an interquartile mean of 0 and one measure of spread."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.stats
from jaxtyping import Float

Shape = int | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Population:
    """One shape of distribution.

    Attributes:
        name: what tables call it.
        of: what makes it of uniform numbers in (0, 1).
    """

    name: str
    of: Callable[[np.ndarray], np.ndarray]

    def draw(self, rng: np.random.Generator, shape: Shape) -> Float[np.ndarray, "..."]:
        """Return values of a population whose interquartile mean is 0, known from n of them to 1 / sqrt(n).

        (x - c) / s with c the mean of its middle half, and s / sqrt(n) the standard error of the interquartile mean
        of n values, for large n: the deviation of the values whose outer quarters are set to the quartiles, over the
        half that is kept. So all populations are as hard to tell apart, the Cauchy too, which has no deviation.

        Reference: Tukey and McLaughlin, Less Vulnerable Confidence and Significance Procedures for Location, 1963.
        """
        center, scale = _center_and_scale(self)
        return np.asarray((self.of(rng.random(shape)) - center) / scale)


@cache
def _center_and_scale(population: Population) -> tuple[float, float]:
    count = 400_000
    values = np.sort(population.of((np.arange(count) + 0.5) / count))
    low, high = count // 4, count - count // 4
    kept = np.clip(values, values[low], values[high - 1])
    return float(values[low:high].mean()), float(kept.std() / 0.5)


def _two_groups(uniform: np.ndarray) -> np.ndarray:
    """Seven values of ten around 0, three around 4."""
    here, there = uniform / 0.7, np.maximum(uniform - 0.7, 0) / 0.3
    ppf = scipy.stats.norm.ppf
    return np.asarray(np.where(here < 1, ppf(np.minimum(here, 1)), 4 + ppf(there)))


_ALL = (
    Population("normal", scipy.stats.norm.ppf),
    Population("lognormal", lambda uniform: np.exp(scipy.stats.norm.ppf(uniform))),
    Population("t of 2 degrees", scipy.stats.t(2).ppf),
    Population("Cauchy", scipy.stats.cauchy.ppf),
    Population("two groups", _two_groups),
    Population("skewed to the left", lambda uniform: np.log(uniform)),
)

POPULATIONS: Mapping[str, Population] = {population.name: population for population in _ALL}
"""By name. The first is symmetric with light tails; the others are heavy, skewed, or fall into groups."""
