"""Tables of settings: what is kept, and that a planted fault of the rule is seen."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from study.certify.calibrate import tables
from study.certify.calibrate.counts import counted
from study.certify.calibrate.promises import DIFFERENCE, SIZE, TIE
from study.stats import paired, verdicts


def _counted(function: Any, experiments: int, **keywords: object) -> pd.DataFrame:
    return counted(function(np.random.default_rng(0), experiments, **keywords))


def _kept(table: pd.DataFrame) -> dict[str, bool]:
    return dict(zip(table["promise"], table["kept"].astype(bool), strict=True))


def test_frames_are_runs_as_reports_read_them() -> None:
    """By hand: e^0 = 1; a diverged run is infinite; independent settings share no seed."""
    places = np.array([[0.0, np.inf], [0.0, 1.0]])
    runs = tables.frame(places, "paired")
    assert runs["excess"].tolist() == [1.0, np.inf, 1.0, np.e]
    assert runs["status"].tolist() == ["ok", "diverged", "ok", "ok"]
    assert (runs["seed"].tolist(), runs["label"].nunique()) == ([0, 1, 0, 1], 2)
    assert tables.frame(places, "independent")["seed"].tolist() == [0, 1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("design", ["paired", "independent"])
def test_nothing_is_told_apart_in_a_table_of_one_setting(design: str) -> None:
    kept = _kept(_counted(tables.alike, 30, population="normal", design=design, size=(3, 10)))
    assert all(kept.values())


@pytest.mark.slow
def test_no_correction_for_many_pairs_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Holm's, and without that of the intervals: each alone is held back by the other."""
    monkeypatch.setattr(paired, "holm", lambda p: p)
    monkeypatch.setattr(verdicts.Levels, "difference", property(lambda levels: levels.share))
    kept = _kept(_counted(tables.alike, 25, population="normal", design="paired", size=(6, 12)))
    assert not kept[DIFFERENCE]


@pytest.mark.slow
@pytest.mark.parametrize("corrected", [True, False])
def test_no_correction_for_many_ties_is_seen(monkeypatch: pytest.MonkeyPatch, *, corrected: bool) -> None:
    if not corrected:
        monkeypatch.setattr(verdicts.Levels, "tie", property(lambda levels: levels.share))
    kept = _kept(_counted(tables.half_at_margin, 40, population="normal", settings=6, n=25))
    assert kept == {TIE: corrected, SIZE: True}


@pytest.mark.slow
@pytest.mark.parametrize(("ahead", "rate"), [(2.0, 0.2), (0.0, 0.2)])
def test_who_diverges_is_not_better_and_a_rule_that_forgets_it_is_seen(
    monkeypatch: pytest.MonkeyPatch, ahead: float, rate: float
) -> None:
    seen, none, all_ = _counted(tables.diverging, 30, ahead=ahead, rate=rate, n=12).to_dict("records")
    assert (seen["kept"], seen["share"]) == (True, 0.0)
    assert none["share"] == pytest.approx((1 - rate) ** 12, abs=0.15)
    assert all_["hits"] <= none["hits"]
    monkeypatch.setattr(paired, "beside_failures", lambda verdict, _: verdict)
    seen, *_ = _counted(tables.diverging, 30, ahead=ahead, rate=rate, n=12).to_dict("records")
    assert not seen["kept"]
