"""Medians: coverage as exact as promised, and intervals of another confidence seen."""

import numpy as np
import pytest

from study.certify.calibrate import medians
from study.certify.calibrate.counts import counted
from study.certify.calibrate.populations import POPULATIONS
from study.stats.intervals import median_interval


@pytest.mark.parametrize("population", POPULATIONS)
def test_intervals_contain_medians_as_often_as_they_say(population: str) -> None:
    """3,000 samples of 10: 97.85% contain the population's; a new one lies inside more seldom."""
    table = counted(medians.medians(np.random.default_rng(0), 120, population=population, n=10))
    old, new = table["share"]
    assert table["bound"][0] == pytest.approx(1 - 2 * 11 / 2**10)
    assert table["kept"].tolist() == [True, None]
    assert old == pytest.approx(0.9785, abs=0.01)
    assert 0.88 < new < 0.94


def test_intervals_of_less_confidence_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(medians, "median_interval", lambda values, _: median_interval(values, 0.85))
    table = counted(medians.medians(np.random.default_rng(0), 20, population="normal", n=25))
    assert not table["kept"][0]
