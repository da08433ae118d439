"""What the trainer relies on, seen from both sides; the planted faults are in test_certificate.py."""

from collections.abc import Callable, Mapping

from study.certify.check import Result, Verdict

ChecksOf = Callable[..., Mapping[str, Result]]


def test_a_rule_that_mixes_elements_says_so_and_keeps_its_runs_apart(checks_of: ChecksOf) -> None:
    found = checks_of("torch.optim.Adafactor", lr=0.01, elementwise=False)
    assert found["elements mix, as declared"].verdict is Verdict.PASSED
    assert found["runs are independent"].verdict is Verdict.PASSED


def test_stacked_adafactor_would_mix_runs(checks_of: ChecksOf) -> None:
    found = checks_of("torch.optim.Adafactor", lr=0.01)
    assert found["elements are independent"].verdict is Verdict.FAILED
    assert found["runs are independent"].verdict is Verdict.FAILED


def test_resuming_is_exact(checks_of: ChecksOf) -> None:
    found = checks_of("torch.optim.Adam", lr=0.01)["resume from a state dict"]
    assert (found.verdict, found.measured) == (Verdict.PASSED, "< 1e-13")
