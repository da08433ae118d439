"""What the trainer relies on, seen from both sides; the planted faults are in test_certificate.py."""

from collections.abc import Callable, Mapping

import pytest

from study.certify.check import Result, Verdict

RESUME = "resume from a state dict"
ChecksOf = Callable[..., Mapping[str, Result]]


@pytest.mark.slow
def test_a_rule_that_mixes_elements_says_so_and_keeps_its_runs_apart(checks_of: ChecksOf) -> None:
    names = ("elements mix, as declared", "runs are independent")
    found = checks_of("torch.optim.Adafactor", only=names, lr=0.01, elementwise=False)
    assert found["elements mix, as declared"].verdict is Verdict.PASSED
    assert found["runs are independent"].verdict is Verdict.PASSED


@pytest.mark.slow
def test_stacked_adafactor_would_mix_runs(checks_of: ChecksOf) -> None:
    names = ("elements are independent", "runs are independent")
    found = checks_of("torch.optim.Adafactor", only=names, lr=0.01, elementwise=True)
    assert found["elements are independent"].verdict is Verdict.FAILED
    assert found["runs are independent"].verdict is Verdict.FAILED


def test_resuming_is_exact(checks_of: ChecksOf) -> None:
    found = checks_of("torch.optim.Adam", only=[RESUME], lr=0.01)[RESUME]
    assert (found.verdict, found.measured) == (Verdict.PASSED, "< 1e-13")
