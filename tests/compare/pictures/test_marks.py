"""A mark for each verdict."""

import pytest

from study.compare.pictures.marks import mark_of, marks_of
from study.stats.verdicts import VERDICTS
from tests.figures.style.test_style import contrast_with_white


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_has_its_side_s_mark(verdict: str) -> None:
    expected = {"better": "o", "worse": "D", "equivalent": "s"}
    side = verdict.replace(",", "").split()[0]
    mark = mark_of(verdict)
    assert mark.shape == expected.get(side, "o")
    assert mark.filled == (side in expected)
    assert mark.face == (mark.color if side in expected else "white")


def test_marks_differ_without_their_colour_and_can_be_read() -> None:
    """Shape and filling tell them apart; as text they have 4.5:1, which WCAG 2.1 asks for (1.4.3)."""
    marks = marks_of(VERDICTS)
    assert [mark.name for mark in marks] == ["better", "worse", "equivalent", "not resolved"]
    assert len({(mark.shape, mark.filled) for mark in marks}) == 4
    assert all(contrast_with_white(mark.color) >= 4.5 for mark in marks)


def test_a_legend_names_what_is_there() -> None:
    assert [mark.name for mark in marks_of(["unresolved", "worse, size open", "worse by more than M"])] == [
        "worse",
        "not resolved",
    ]
