"""Shipped rules pass; rules with a planted fault are caught, each by the checks that should see it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from study.certify.check import Result, Verdict
from study.certify.optimizer import certify_optimizer
from study.certify.rule import Claim

Failed = Callable[..., set[str]]

OPTIMIZERS = Path(__file__).parents[2] / "conf/optimizer"
SHIPPED = {
    path.relative_to(OPTIMIZERS).with_suffix("").as_posix(): path
    for path in sorted(OPTIMIZERS.rglob("*.yaml"))
}
ADAM = {"lr": 0.01, "betas": [0.9, 0.99], "eps": 1e-8}
MOMENTUM = {"lr": 0.01, "momentum": 0.8}


# one shows how; the others are whole certificates, and can wait
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=name, marks=() if name == "scratch/adam" else pytest.mark.slow)
        for name, path in SHIPPED.items()
    ],
)
def test_every_shipped_rule_is_what_its_file_is_called(path: Path, claim: Callable[[str], Claim]) -> None:
    checks = certify_optimizer(yaml.safe_load(path.read_text()), claim(path.stem))
    verdicts = [result.verdict for result in checks.values()]
    assert {name: result for name, result in checks.items() if result.verdict is Verdict.FAILED} == {}
    assert verdicts.count(Verdict.PASSED) >= 6


@pytest.mark.slow
def test_an_honest_rule_passes_with_and_without_a_claim(failed: Failed) -> None:
    assert failed("HonestAdam", **ADAM) == set()
    assert failed("HonestAdam", "adam", **ADAM) == set()
    assert failed("HonestMomentum", "momentum", **MOMENTUM) == set()


def test_bias_correction_left_out(failed: Failed) -> None:
    assert failed("WithoutBiasCorrection", **ADAM) == set()  # a rule of its own, as long as it claims nothing
    found = failed("WithoutBiasCorrection", "adam", **ADAM)
    assert found == {"formula in NumPy", "torch.optim", "limit of large eps"}


def test_eps_on_the_wrong_side(failed: Failed) -> None:
    """Seen where eps matters: at 1e-8 beside gradients of 1 the square root hides it from none of these."""
    found = failed("EpsOnTheWrongSide", "adam", **ADAM | {"eps": 1e-6})
    assert found == {"formula in NumPy", "torch.optim", "limit of large eps"}


def test_momentum_damped(failed: Failed) -> None:
    found = failed("DampedMomentum", "momentum", **MOMENTUM)
    assert found == {"formula in NumPy", "torch.optim", "closed form on quadratics", "stability boundary"}


def test_state_shared_between_instances(failed: Failed) -> None:
    found = failed("SharedState", "momentum", **MOMENTUM)
    assert {"runs are independent", "elements are independent", "resume from a state dict"} <= found
    assert "runs are independent" in failed("SharedState", **MOMENTUM, elementwise=False)


def test_state_shared_between_the_rows_of_a_stack(failed: Failed) -> None:
    found = failed("SharedRate", lr=0.01)
    assert {"runs are independent", "elements are independent"} <= found


def test_a_rule_that_mixes_elements_but_is_declared_elementwise(failed: Failed) -> None:
    assert "elements are independent" in failed("ClippedByNorm", lr=0.01)
    assert failed("ClippedByNorm", lr=0.01, elementwise=False) == set()


def test_an_elementwise_rule_declared_otherwise(failed: Failed) -> None:
    assert failed("HonestAdam", **ADAM, elementwise=False) == {"elements mix, as declared"}


def test_a_memory_outside_the_state_dict(failed: Failed) -> None:
    assert failed("Forgetful", **MOMENTUM) == {
        "resume from a state dict",
        "stack",
    }  # one memory for all tensors


def test_a_rule_under_a_wrong_name(failed: Failed) -> None:
    found = failed("torch.optim.Adam", "rmsprop", lr=0.01)
    assert found == {"formula in NumPy", "torch.optim", "limit of large eps"}


@pytest.mark.parametrize("rule", ["TearsTheView", "DropsTheGradient"])
def test_what_a_stack_would_freeze_is_brought_home(rule: str, failed: Failed) -> None:
    """Gradient descent that puts its parameters elsewhere, or leaves no gradient: the stack keeps its own."""
    assert "stack" not in failed(rule, lr=0.01)


def test_what_runs_would_share(failed: Failed) -> None:
    assert "stack" in failed("CountsForAll", lr=0.01)


def test_a_rule_that_raises_is_a_finding(checks_of: Callable[..., Mapping[str, Result]]) -> None:
    found = checks_of("NeedsAClosure", lr=0.01)
    assert found["steps"].measured.startswith("NeedsAClosure.step() raises TypeError: ")
    assert {check.verdict for name, check in found.items() if name != "steps"} == {Verdict.NOT_APPLICABLE}
    assert "\n" not in found["steps"].measured


def test_a_rule_that_cannot_resume_is_a_finding_of_that_check_alone(failed: Failed) -> None:
    assert failed("CannotResume", lr=0.01) == {"resume from a state dict"}
