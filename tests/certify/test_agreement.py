"""Comparisons with torch, theory and limits, where the answer is known beforehand."""

from collections.abc import Callable, Mapping

import pytest

from study.certify.agreement import boundary
from study.certify.check import Result, Verdict
from study.certify.rule import Subject

ChecksOf = Callable[..., Mapping[str, Result]]


@pytest.mark.parametrize(
    ("hyper", "predicted"),
    [
        ({}, 2.0),
        ({"momentum": 0.5}, 3.0),
        ({"momentum": 0.99}, 3.98),
        ({"momentum": 0.9, "nesterov": True}, 2 * 1.9 / 2.8),
    ],
)
@pytest.mark.parametrize("lr", [1e-3, 100.0])
def test_finds_the_boundary_of_torchs_own(hyper: dict[str, object], predicted: float, lr: float) -> None:
    rule = Subject({"name": "x", "_target_": "torch.optim.SGD", "lr": lr, **hyper})
    assert boundary(rule) == pytest.approx(predicted, rel=1e-3)


def test_compares_in_torchs_dialect(checks_of: ChecksOf) -> None:
    rule = {"lr": 0.01, "alpha": 0.9, "eps": 0.1, "eps_inside_root": True}
    found = checks_of("study.optimizers.rmsprop.RMSprop", "rmsprop", **rule)
    assert found["torch.optim"].verdict is Verdict.PASSED
    assert found["formula in NumPy"].verdict is Verdict.PASSED  # in the rule's own


def test_torchs_own_has_no_twin_but_a_formula(checks_of: ChecksOf) -> None:
    found = checks_of("torch.optim.Adam", "adam", lr=0.01)
    assert found["torch.optim"].verdict is Verdict.NOT_APPLICABLE
    assert found["torch.optim"].required == "it is torch.optim's own"
    assert found["formula in NumPy"].verdict is Verdict.PASSED


def test_an_option_the_claim_does_not_have_fails_it(checks_of: ChecksOf) -> None:
    found = checks_of("torch.optim.Adam", "adam", lr=0.01, amsgrad=True)
    assert found["formula in NumPy"].verdict is Verdict.FAILED
    found = checks_of("torch.optim.SGD", "sgd", lr=0.01, momentum=0.5)
    failed = {name for name, check in found.items() if check.verdict is Verdict.FAILED}
    assert failed == {"formula in NumPy", "closed form on quadratics", "stability boundary"}


def test_nothing_claimed_nothing_required(checks_of: ChecksOf) -> None:
    found = checks_of("torch.optim.Adam", lr=0.01)
    names = [
        "formula in NumPy",
        "torch.optim",
        "closed form on quadratics",
        "stability boundary",
        "limit of large eps",
    ]
    assert {found[name].verdict for name in names} == {Verdict.NOT_APPLICABLE}
