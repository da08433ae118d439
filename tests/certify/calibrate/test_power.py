"""Power: as many seeds as are promised do tell, and a number that is too small is seen."""

from typing import Any

import numpy as np
import pytest

from study.certify.calibrate import power
from study.certify.calibrate.counts import counted


def _told(experiments: int, *, tie: bool) -> list[dict[Any, Any]]:
    rows = power.at_promised(np.random.default_rng(0), experiments, population="normal", settings=2, tie=tie)
    return counted(rows).to_dict("records")


@pytest.mark.slow
@pytest.mark.parametrize("tie", [False, True])
def test_the_median_pilot_keeps_its_promise(*, tie: bool) -> None:
    """And the lucky pilot asks for fewer, the unlucky one for more."""
    low, middle, high = _told(60, tie=tie)
    assert low["n"] < middle["n"] < high["n"]
    assert [row["kept"] for row in (low, middle, high)] == [None, True, None]


@pytest.mark.slow
@pytest.mark.parametrize("tie", [False, True])
def test_half_of_the_seeds_are_seen_to_be_too_few(monkeypatch: pytest.MonkeyPatch, *, tie: bool) -> None:
    for name in ("seeds_to_tell", "seeds_to_tie"):
        real = getattr(power, name)
        monkeypatch.setattr(power, name, lambda *a, _real=real, **k: _real(*a, **k) // 2)
    _, middle, _ = _told(40, tie=tie)
    assert not middle["kept"]
