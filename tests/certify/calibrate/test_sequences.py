"""Looks in sequence: what excludes what, by hand; that a level which is not split is seen."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

from study.certify.calibrate import promises, sequences
from study.certify.calibrate.counts import counted
from study.certify.calibrate.promises import LOOKS
from study.config.compose import compose
from study.stats.paired import Rule
from study.stats.verdicts import VERDICTS, mirrored

TRUE_OF = {  # the differences, in margins, of which each verdict is true, out of some on all sides
    "better by more than M": {-2.0},
    "better, size open": {-2.0, -0.5},
    "better by less than M": {-0.5},
    "equivalent": {-0.5, 0.0, 0.5},
    "worse by less than M": {0.5},
    "worse, size open": {0.5, 2.0},
    "worse by more than M": {2.0},
}


def _looked(experiments: int, **keywords: Any) -> pd.DataFrame:
    return counted(sequences.looked(np.random.default_rng(0), experiments, population="normal", **keywords))


@pytest.mark.parametrize(("before", "after"), list(itertools.product(VERDICTS, repeat=2)))
def test_verdicts_exclude_each_other_where_no_difference_is_of_both(before: str, after: str) -> None:
    everything = set().union(*TRUE_OF.values())
    common = TRUE_OF.get(before, everything) & TRUE_OF.get(after, everything)
    assert sequences.excludes(before, after) == (not common)
    assert sequences.excludes(mirrored(before), mirrored(after)) == (not common)


def test_a_turn_is_found_at_any_later_look() -> None:
    """Over an open verdict too."""
    rows = np.array(
        [
            ["better, size open", "unresolved", "worse, size open"],
            ["unresolved", "better, size open", "better by more than M"],
            ["equivalent", "unresolved", "better by more than M"],
        ]
    )
    assert sequences.turned(rows, sequences.excludes).tolist() == [True, False, True]
    assert sequences.turned(rows[:, ::-1], sequences.dissolves).tolist() == [False, False, True]


def test_looks_are_those_of_a_sweep() -> None:
    config = compose("config", [])
    assert (list(promises.LOOK_SIZES), promises.MARGIN) == (list(config.looks), config.report.margin)


@pytest.mark.slow
@pytest.mark.parametrize(("difference", "claims"), [(0.0, 1), (1.0, 2), (0.5, 0)])
def test_looks_that_share_the_level_keep_it(difference: float, claims: int) -> None:
    table = _looked(60, difference=difference, split=True)
    assert (table["promise"] == LOOKS).sum() == claims
    assert table["kept"].dropna().all()


@pytest.mark.slow
def test_a_level_that_is_not_split_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rule, "share", property(lambda _: 0.05))
    table = _looked(80, difference=0.0, split=True)
    assert not table.loc[table["promise"] == LOOKS, "kept"].astype(bool).all()


def test_verdicts_grow_certain() -> None:
    """Two margins better: every sequence has a verdict at each size, ever more of them the true one."""
    rows = sequences.grown(
        np.random.default_rng(0), 12, population="normal", difference=2.0, sizes=(6, 25, 100)
    )
    shares = counted(rows).pivot(index="n", columns="claim", values="share")
    assert shares.sum(axis=1).tolist() == pytest.approx([1, 1, 1])
    told = shares["better by more than M"]
    assert told[6] < told[25] < told[100]
