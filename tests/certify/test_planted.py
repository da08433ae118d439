"""Each bug that a library had is caught, and so is one that would not be; what they are planted in is right."""

import pytest

from study.certify.planted import BUGS, CoupledLion, OneCounter, PlainAdamW, failed, planted_page

pytestmark = pytest.mark.usefixtures("untyped")  # of 10^5 steps each; tests of the commands check their types

CAUGHT = {OneCounter: "tensors and groups are independent", CoupledLion: "options switched on"}


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "claimed"), BUGS.items(), ids=lambda part: getattr(part, "__name__", ""))
def test_a_bug_is_caught_by_the_check_that_should_see_it(rule: type[PlainAdamW], claimed: str) -> None:
    assert CAUGHT.get(rule, "formula in NumPy") in failed(rule, claimed)


@pytest.mark.slow
def test_what_they_are_planted_in_is_right() -> None:
    assert failed(PlainAdamW, "adamw") == []
    assert failed(PlainAdamW, "adam") == []


def test_the_page_shows_each_bug_and_the_checks_that_caught_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "study.certify.planted.failed", lambda rule, _: [] if rule is OneCounter else ["a", "b"]
    )
    rows = [line for line in planted_page().splitlines() if line.startswith(("| A", "| L"))]
    assert len(rows) == len(BUGS) == 8
    assert rows[3].startswith("| Adam whose eps is divided by the root of the bias correction")
    assert rows[3].endswith(
        "| [aiqm/torchani#261](https://github.com/aiqm/torchani/issues/261) | adam | a, b |"
    )
    assert [row.endswith("| **nothing** |") for row in rows].index(True) == 5
