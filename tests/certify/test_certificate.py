"""Shipped rules pass; rules with a planted fault are caught, each by the checks that should see it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from study.certify.check import Result, Verdict
from study.certify.optimizer import certify_optimizer
from study.certify.rule import Claim

Failed = Callable[..., set[str]]
ChecksOf = Callable[..., Mapping[str, Result]]

pytestmark = pytest.mark.usefixtures("untyped")  # of 10^5 steps each; tests of the commands check their types

OPTIMIZERS = Path(__file__).parents[2] / "conf/optimizer"
SHIPPED = {
    path.relative_to(OPTIMIZERS).with_suffix("").as_posix(): path
    for path in sorted(OPTIMIZERS.rglob("*.yaml"))
}
Hyper = dict[str, object]
ADAM: Hyper = {"lr": 0.01, "betas": [0.9, 0.99], "eps": 1e-8}
MOMENTUM: Hyper = {"lr": 0.01, "momentum": 0.8}


# one shows how; the others are whole certificates, and can wait
@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=name, marks=() if name == "scratch/sgd" else pytest.mark.slow)
        for name, path in SHIPPED.items()
    ],
)
def test_every_shipped_rule_is_what_its_file_is_called(path: Path, claim: Callable[[str], Claim]) -> None:
    checks = certify_optimizer(yaml.safe_load(path.read_text()), claim(path.stem))
    verdicts = [result.verdict for result in checks.values()]
    assert {name: result for name, result in checks.items() if result.verdict is Verdict.FAILED} == {}
    assert verdicts.count(Verdict.PASSED) >= (6 if checks["steps"].verdict is Verdict.PASSED else 1)


@pytest.mark.slow
def test_an_honest_rule_passes_with_and_without_a_claim(failed: Failed) -> None:
    assert failed("HonestAdam", **ADAM) == set()
    assert failed("HonestAdam", "adam", **ADAM) == set()
    assert failed("HonestMomentum", "momentum", **MOMENTUM) == set()


FORMULA, TORCH, LIMIT = "formula in NumPy", "torch.optim", "limit of large eps"
TENSORS, OPTIONS, SINGLE = "tensors and groups are independent", "options switched on", "single precision"
ELEMENTS, RUNS, RESUME = "elements are independent", "runs are independent", "resume from a state dict"
THEORY = {"closed form on quadratics", "stability boundary"}
RATE: Hyper = {"lr": 0.01}
FAULTS: list[tuple[str, str | None, Hyper, set[str]]] = [
    ("study.certify.planted.CoupledDecay", "adamw", ADAM | {"weight_decay": 0.0}, {OPTIONS}),
    ("study.certify.planted.ScaledEps", "adam", ADAM | {"eps": 1e-15}, {LIMIT}),
    ("WithoutBiasCorrection", "adam", ADAM, {FORMULA, TORCH}),
    ("EpsOnTheWrongSide", "adam", ADAM, {FORMULA, TORCH, LIMIT}),
    ("SilentAmsgrad", "adam", ADAM, {FORMULA, TORCH}),
    ("WipedAdam", "adam", ADAM, {FORMULA, TORCH}),
    ("SaturatingCounter", "adam", ADAM, {FORMULA, TORCH}),
    ("Clipped", "adam", ADAM, {FORMULA, TORCH}),
    ("CachedRate", "adam", ADAM, {FORMULA, TORCH, TENSORS}),
    ("FirstRate", "adam", ADAM, {TENSORS}),
    ("HalfPrecision", "adam", ADAM, {SINGLE}),
    ("HalfPrecision", None, ADAM, {SINGLE}),
    ("torch.optim.Adam", "rmsprop", RATE | {"betas": [0.9, 0.99]}, {FORMULA, TORCH, LIMIT}),
    ("torch.optim.AdamW", "adam", ADAM, {FORMULA}),
    ("study.optimizers.adam.Adam", "sgd", ADAM, {FORMULA, TORCH} | THEORY),
    ("CentredWithTheWrongSign", "rmsprop", RATE | {"alpha": 0.9}, {OPTIONS}),
    ("DampedMomentum", "momentum", MOMENTUM, {FORMULA, TORCH} | THEORY),
    ("StaleVelocity", "nag", MOMENTUM, {FORMULA, TORCH} | THEORY),
    ("ResetEvery100", "momentum", MOMENTUM, {FORMULA, TORCH}),
    ("ResetEvery101", "momentum", MOMENTUM, {FORMULA, TORCH}),
    ("Frozen", "sgd", RATE, {FORMULA, TORCH}),
    ("OneVelocityPerShape", "momentum", MOMENTUM, {TENSORS}),
    ("SharedState", "momentum", MOMENTUM | {"elementwise": True}, {RUNS, ELEMENTS, RESUME}),
    ("SharedState", None, MOMENTUM | {"elementwise": False}, {RUNS}),
    ("SharedRate", None, RATE | {"elementwise": True}, {RUNS, ELEMENTS}),
    ("ClippedByNorm", None, RATE | {"elementwise": True}, {ELEMENTS}),
    ("Forgetful", None, MOMENTUM, {RESUME, TENSORS}),
    ("CountsForAll", None, RATE, {"stack"}),
    ("DropsTheGradient", None, RATE | {"elementwise": True}, {TENSORS}),
    ("Ascent", None, RATE, {"goes downhill"}),
    ("Blind", None, RATE, {"goes downhill"}),
]
QUICK = {"Ascent", "Blind", "CachedRate", "SharedRate", "SaturatingCounter"}
"""One of each kind; make test tries all."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "claimed", "hyper", "expected"),
    [fault if fault[0] in QUICK else pytest.param(*fault, marks=pytest.mark.slow) for fault in FAULTS],
)
def test_a_fault_is_caught(
    rule: str, claimed: str | None, hyper: Hyper, expected: set[str], failed: Failed
) -> None:
    assert failed(rule, claimed, only=expected, **hyper) == expected


@pytest.mark.slow
def test_a_rule_of_its_own_may_be_anything_as_long_as_it_claims_nothing(failed: Failed) -> None:
    assert failed("WithoutBiasCorrection", **ADAM) == set()
    assert failed("ClippedByNorm", lr=0.01, elementwise=False) == set()
    assert failed("TearsTheView", lr=0.01) == set()  # a stack brings it home


TORCHS: list[tuple[str, str, Hyper]] = [
    ("Adam", "adam", {"weight_decay": 0.1}),
    ("Adam", "adam", {"amsgrad": True}),
    ("Adam", "adam", {"maximize": True}),
    ("SGD", "sgd", {"weight_decay": 0.1}),
    ("SGD", "momentum", {"momentum": 0.8, "dampening": 0.3}),
    ("SGD", "sgd", {"dampening": 0.3}),
    ("SGD", "sgd", {"momentum": 0.8}),
    ("SGD", "nag", {"momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("RMSprop", "rmsprop", {"centered": True, "alpha": 0.9}),
    ("Adagrad", "adagrad", {"lr_decay": 0.1}),
    ("NAdam", "nadam", {"decoupled_weight_decay": True, "weight_decay": 0.1}),
    ("Adafactor", "adafactor", {"weight_decay": 0.1, "elementwise": False}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "claimed", "hyper"), TORCHS)
def test_an_option_of_torchs_that_the_formula_does_not_know_is_no_failure(
    rule: str, claimed: str, hyper: Hyper, checks_of: ChecksOf
) -> None:
    found = checks_of(f"torch.optim.{rule}", claimed, lr=0.01, **hyper)
    assert {name for name, result in found.items() if result.verdict is Verdict.FAILED} == set()
    told = found[FORMULA].required.removeprefix("the formula knows no ").partition("=")[0]
    assert told in hyper or claimed == "adafactor"  # which has no formula, but a twin that knows all


@pytest.mark.slow
def test_an_elementwise_rule_declared_otherwise(failed: Failed) -> None:
    assert failed("HonestAdam", **ADAM, elementwise=False) == {"elements mix, as declared"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "found"), [("HonestAdam", "elementwise along this path"), ("ClippedByNorm", "elements mix")]
)
def test_whether_a_rule_is_elementwise_is_a_finding_where_it_is_not_declared(
    rule: str, found: str, checks_of: ChecksOf
) -> None:
    checks = checks_of(rule, only=["elements", "permutation", TENSORS, RUNS], **ADAM)
    told = Result(Verdict.NOT_APPLICABLE, checks["elements"].measured, f"not declared; measured: {found}")
    assert checks["elements"] == told
    assert Verdict.FAILED not in {result.verdict for result in checks.values()}


def test_a_rule_that_raises_is_a_finding(checks_of: ChecksOf) -> None:
    (steps,) = checks_of("Raises", lr=0.01).values()
    assert steps.verdict is Verdict.FAILED
    assert (
        "planted.Raises must step from gradients, or by a closure; got TypeError: not today" in steps.measured
    )
    assert "\n" not in steps.measured


REST: Hyper = {"rest": {"_target_": "torch.optim.AdamW", "lr": 0.01}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "hyper", "why"),
    [
        ("AsksAgain", {}, "it asks for its loss"),
        ("torch.optim.LBFGS", {"max_iter": 3}, "it asks for its loss"),
        ("pytorch_optimizer.AdaHessian", {}, "it differentiates its gradient"),
        ("Noisy", {}, "it draws random numbers"),
        ("torch.optim.Muon", REST, "it leaves some parameters to another rule"),
    ],
)
def test_a_rule_that_wants_more_than_gradients_is_trained_beside_a_plain_loop(
    rule: str, hyper: Hyper, why: str, checks_of: ChecksOf
) -> None:
    found = checks_of(rule, lr=0.01, **hyper)
    assert list(found) == ["steps", "stack"]
    assert found["steps"].verdict is Verdict.NOT_APPLICABLE
    assert why in found["steps"].required
    assert found["stack"].verdict is Verdict.PASSED


def test_a_rule_for_matrices_is_told_what_to_write(checks_of: ChecksOf) -> None:
    (steps,) = checks_of("torch.optim.Muon", lr=0.01).values()
    assert steps.verdict is Verdict.FAILED
    assert "write in its file rest: {_target_: torch.optim.AdamW, lr: 0.01}" in steps.measured


@pytest.mark.slow
def test_a_rule_that_cannot_resume_is_a_finding_of_that_check_alone(failed: Failed) -> None:
    assert failed("CannotResume", lr=0.01) == {"resume from a state dict"}
