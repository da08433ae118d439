"""The arithmetic of a certificate's lines, by hand."""

from collections.abc import Iterator

import pytest
import torch

from study.certify.check import (
    Broken,
    NotApplicable,
    Result,
    Verdict,
    check,
    finding,
    in_turn,
    must_agree,
    must_differ,
    must_hold,
    number,
)
from study.certify.rule import difference
from study.errors import Interrupted, InvalidInput


def test_difference_is_relative_to_the_longest_way() -> None:
    assert difference(torch.tensor([1.0, 4.5]), torch.tensor([1.5, -4.0])) == 8.5 / 4.0
    assert difference(torch.tensor([0.0]), torch.tensor([0.0])) == float(
        "inf"
    )  # who does not move shows nothing
    assert difference(torch.tensor([float("nan")]), torch.tensor([1.0])) == float("inf")
    assert difference(torch.tensor([1.0]), torch.tensor([float("inf")])) == float("inf")


def test_number_has_two_digits_and_no_rounding_noise() -> None:
    assert [number(v) for v in (0.123, 2e-13, 0.9e-13, 0.0)] == ["1.2e-01", "2.0e-13", "< 1e-13", "< 1e-13"]


def test_verdicts() -> None:
    agreeing = [must_agree(value).verdict for value in (1e-12, 2e-12, float("inf"))]
    assert agreeing == [Verdict.PASSED, Verdict.FAILED, Verdict.FAILED]
    differing = [must_differ(value).verdict for value in (1e-3, 0.9e-3, float("inf"))]
    assert differing == [Verdict.PASSED, Verdict.FAILED, Verdict.FAILED]


def test_a_line_names_the_tolerance_and_its_cause() -> None:
    line = must_agree(0.5, tolerance=0.1, cause="eps")
    assert (line.measured, line.required) == ("5.0e-01", "≤ 1e-01 (eps)")


def test_the_first_thing_that_is_wrong_is_said() -> None:
    @must_hold("odd", "an odd number")
    def odd(part: int) -> Iterator[str]:
        yield from ["even", "two"] if part % 2 == 0 else []

    assert in_turn(3, [odd]) == {"odd": Result(Verdict.PASSED, "", "an odd number")}
    assert in_turn(4, [odd]) == {"odd": Result(Verdict.FAILED, "even", "an odd number")}


def test_what_a_part_raises_is_one_line_and_what_it_lacks_is_passed_on() -> None:
    with pytest.raises(Broken, match=r"^step\(\) raises KeyError: 'momentum'$"), finding("step()"):
        raise KeyError("momentum")
    with pytest.raises(Broken, match=r"^step\(\) raises ValueError: first$"), finding("step()"):
        raise ValueError("first\nsecond")
    with pytest.raises(Broken, match=r"^step\(\) raises SystemExit: 3$"), finding("step()"):
        raise SystemExit(3)
    with pytest.raises(InvalidInput, match="download it"), finding("data()"):
        raise InvalidInput("download it")
    with pytest.raises(Broken, match=r"^step\(\) raises KeyboardInterrupt$"), finding("step()"):
        raise KeyboardInterrupt
    with pytest.raises(Interrupted), finding("step()"):
        raise Interrupted


def test_nothing_is_tried_that_stands_on_what_failed() -> None:
    tried: list[str] = []

    @must_hold("a", "right")
    def right(part: str) -> Iterator[str]:
        tried.append(f"{part} a")
        yield from ()

    @check("b")
    def broken(part: str) -> Result:
        tried.append(f"{part} b")
        raise Broken(f"{part}() raises ValueError")

    @check("c")
    def pointless(_: str) -> Result:
        raise NotApplicable("no reason")

    assert in_turn("it", [right, pointless], [broken, right], [right]) == {
        "a": Result(Verdict.NOT_APPLICABLE, "", "stands on what failed above"),
        "b": Result(Verdict.FAILED, "it() raises ValueError", "no error"),
        "c": Result(Verdict.NOT_APPLICABLE, "", "no reason"),
    }
    assert tried == ["it a", "it b", "it a"]
