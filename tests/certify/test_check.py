"""The arithmetic of a certificate's lines, by hand."""

import torch

from study.certify.check import Verdict, difference, must_agree, must_differ, not_applicable, number


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
    agreeing = [must_agree("x", value).verdict for value in (1e-12, 2e-12, float("inf"))]
    assert agreeing == [Verdict.PASSED, Verdict.FAILED, Verdict.FAILED]
    differing = [must_differ("x", value).verdict for value in (1e-3, 0.9e-3, float("inf"))]
    assert differing == [Verdict.PASSED, Verdict.FAILED, Verdict.FAILED]
    assert not_applicable("x", "no reason", measured="1").verdict is Verdict.NOT_APPLICABLE


def test_a_line_names_the_tolerance_and_its_cause() -> None:
    line = must_agree("x", 0.5, tolerance=0.1, cause="eps")
    assert (line.measured, line.required) == ("5.0e-01", "≤ 1e-01 (eps)")
