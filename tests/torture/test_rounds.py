"""What is tried: how much of each kind, the same for the same seed."""

from collections import Counter

import pytest

from study.torture.audit import Found
from study.torture.outages import OUTAGES
from study.torture.rounds import Tried, deal
from study.torture.strikes import CROWDS, KILLS, Struck


def test_of_140_rounds_100_are_kills_20_crowds_and_20_outages() -> None:
    kinds = Counter(fault.kind for fault in deal(140, seed=3))
    assert [kinds[kind] for kind in KILLS] == [20] * 5
    assert sorted(kinds[kind] for kind in CROWDS) == [3, 3, 3, 3, 4, 4]
    assert kinds.total() == 140
    assert [kinds[kind] for kind in OUTAGES] == [2] * 10


def test_a_seed_decides_what_is_tried() -> None:
    assert deal(9, seed=1) == deal(9, seed=1) != deal(9, seed=2)
    assert len({fault.seed for fault in deal(50, seed=1)}) == 50


@pytest.mark.parametrize(
    ("struck", "found", "again", "survived"),
    [
        (Struck(), Found(0, 0, 0), "", True),
        (Struck(late=True), Found(0, 0, 0), "", True),  # it is counted beside
        (Struck(wrong="a traceback"), Found(0, 0, 0), "", False),
        (Struck(), Found(1, 0, 0), "", False),
        (Struck(), Found(0, 1, 0), "", False),
        (Struck(), Found(0, 0, 1), "", False),
        (Struck(), Found(0, 0, 0), "status 1", False),
    ],
)
def test_what_is_survived(struck: Struck, found: Found, again: str, survived: bool) -> None:
    assert Tried("SIGINT", 0, struck, found, again).survived == survived
