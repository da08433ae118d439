"""One pair: what is kept, and that a planted fault of the rule is seen."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from study.certify.calibrate import promises, single
from study.certify.calibrate.counts import counted
from study.certify.calibrate.promises import DIFFERENCE, INTERVAL, SIZE, TIE
from study.stats import verdicts
from study.stats.paired import Rule
from study.stats.samples import Sample

Rows = Callable[..., list[Any]]


def _kept(rows: Rows, experiments: int, **keywords: object) -> dict[str, bool]:
    table = counted(rows(np.random.default_rng(0), experiments, **keywords))
    return dict(zip(table["promise"], table["kept"].astype(bool), strict=True))


@pytest.mark.parametrize("design", ["paired", "independent"])
def test_a_setting_is_not_told_from_itself(design: str) -> None:
    kept = _kept(single.itself, 150, population="normal", design=design, n=10)
    assert kept == {DIFFERENCE: True, INTERVAL: True}


@pytest.mark.slow
def test_intervals_a_fifth_too_narrow_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    stretched = verdicts._stretched

    def narrow(ends: tuple[float, float], sample: Sample, outside: float) -> tuple[float, float]:
        center = float(sample.center)
        low, high = (center + 0.8 * (end - center) for end in stretched(ends, sample, outside))
        return low, high

    monkeypatch.setattr(verdicts, "_stretched", narrow)
    assert not _kept(single.itself, 300, population="normal", design="paired", n=25)[INTERVAL]


@pytest.mark.slow
def test_a_level_twice_as_high_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of the test and of the interval: each alone is held back by the other."""
    monkeypatch.setattr(Rule, "share", property(lambda _: 0.15))
    assert not _kept(single.itself, 200, population="normal", design="paired", n=25)[DIFFERENCE]


@pytest.mark.parametrize(("factor", "promise"), [(1.0, None), (2.0, TIE), (0.5, SIZE)])
def test_another_margin_is_seen(monkeypatch: pytest.MonkeyPatch, factor: float, promise: str | None) -> None:
    def elsewhere(sample: Sample, p: float, margin: float, **others: Any) -> verdicts.Found:
        return verdicts.judge(sample, p, factor * margin, **others)

    monkeypatch.setattr(promises, "judge", elsewhere)
    kept = _kept(single.at_margin, 60, population="normal", n=25)
    assert {name for name, well in kept.items() if not well} == ({promise} if promise else set())
