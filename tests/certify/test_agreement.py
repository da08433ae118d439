"""Comparisons with torch, theory and limits, where the answer is known beforehand."""

from collections.abc import Callable, Mapping

import pytest
import torch

from study.certify.agreement import AGREEMENT, boundary
from study.certify.check import Result, Verdict, in_turn
from study.certify.rule import CHANGE, FACTOR, STEPS, Claim, Subject

ChecksOf = Callable[..., Mapping[str, Result]]
NAMES = [name for name, _ in AGREEMENT]


@pytest.mark.slow
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


@pytest.mark.slow
def test_compares_in_torchs_dialect(checks_of: ChecksOf) -> None:
    rule = {"lr": 0.01, "alpha": 0.9, "eps": 0.1, "eps_inside_root": True}
    found = checks_of("study.optimizers.rmsprop.RMSprop", "rmsprop", only=NAMES, **rule)
    assert found["torch.optim"].verdict is Verdict.PASSED
    assert found["formula in NumPy"].verdict is Verdict.PASSED  # in the rule's own


def test_torchs_own_has_no_twin_but_a_formula(checks_of: ChecksOf) -> None:
    found = checks_of("torch.optim.Adam", "adam", only=NAMES, lr=0.01)
    assert found["torch.optim"].verdict is Verdict.NOT_APPLICABLE
    assert found["torch.optim"].required == "it is torch.optim's own"
    assert found["formula in NumPy"].verdict is Verdict.PASSED


def test_options_are_those_that_are_off_and_what_knows_none_of_them_is_said() -> None:
    def options(target: str, claimed: Claim, **hyper: object) -> Result:
        rule = Subject({"name": "x", "_target_": target, "lr": 0.01, **hyper}, claimed)
        (found,) = in_turn(rule, [check for check in AGREEMENT if check[0] == "options switched on"]).values()
        return found

    scratch = options("study.optimizers.nag.NAG", Claim(formula="study.certify.formulas.nag"), momentum=0.5)
    assert scratch.verdict is Verdict.PASSED
    assert scratch.required == "≤ 1e-12 (rounding), with lr_inside_velocity"
    torchs = options("torch.optim.RMSprop", Claim(formula="study.certify.formulas.rmsprop"))
    assert torchs.required.endswith("with momentum; not tried: centered, weight_decay, maximize")
    none = options("torch.optim.SGD", Claim(formula="study.certify.formulas.sgd"), momentum=0.5)
    assert none.required == "neither formula nor twin knows dampening, weight_decay, nesterov, maximize"


def test_the_lr_changes_on_the_way_as_a_scheduler_of_torch_changes_it() -> None:
    """By hand: SGD goes -lr g for the first 150 steps, and 0.3 of it from then on."""
    rule = Subject({"name": "x", "_target_": "torch.optim.SGD", "lr": 0.5})
    steps = rule.walk(torch.ones(400, 1, dtype=torch.float64)).diff(dim=0)
    assert (steps[:149] == -0.5).all()
    torch.testing.assert_close(steps[149:], torch.full_like(steps[149:], -0.15), rtol=0, atol=1e-12)  # sums
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.5)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [CHANGE], gamma=FACTOR)
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    torch.testing.assert_close(-steps.flatten(), torch.tensor(rates[1:], dtype=torch.float64))


def test_nothing_claimed_nothing_required(checks_of: ChecksOf) -> None:
    found = checks_of("torch.optim.Adam", only=NAMES, lr=0.01)
    assert {found[name].verdict for name in NAMES} == {Verdict.NOT_APPLICABLE}
