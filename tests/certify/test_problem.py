"""Honest problems pass, shipped ones by glob; each planted fault is found by the check that should, in one line."""

from collections.abc import Mapping

import pytest

from study.certify.check import Result, Verdict
from study.certify.problem import certify_problem, require_problem
from study.errors import InvalidInput
from study.training.build import build_problem

BROUGHT = ("Classifier", "Images", "TwoInputs", "FreshNoise", "Drifting", "Held")
PLANTED = "tests.certify.planted_problems"

FAULTS = [  # the class, the check that finds it, and what is said
    ("WithoutName", "name and cap", "name is ''"),
    ("WithoutCap", "name and cap", "cap is nan"),
    ("Raises", "data", "data() raises KeyError: 'column'"),
    ("NoData", "data", "data() returns Tensor, not a Data of three tensors"),
    ("NoPoints", "data", "at seed 0 the shapes are inputs (0, 1), targets (0, 1), eval_targets (0, 1)"),
    ("TargetsOfAnotherLength", "data", "at seed 0 the shapes are inputs (30, 1), targets (29, 1), eval"),
    ("OtherPointsPerSeed", "data", "inputs are (30, 1) at seed 0 and (29, 1) at seed 1"),
    ("NaNInTheData", "data are finite", "1 of 30 numbers of targets are not finite at seed 0"),
    ("OtherDataAtEachCall", "data repeat", "targets of seed 0 are others when they are drawn again"),
    ("WithoutParameters", "parameters", "model() has no parameters"),
    ("FrozenParameters", "parameters", "0.weight is frozen (requires_grad=False)"),
    ("IntegerParameters", "parameters", "count is of type torch.int64"),
    ("ForgetsAParameter", "start", "0.bias is not set, or not to finite numbers"),
    ("StartsWhereItWas", "start", "0.weight depends on what it was before"),
    ("IgnoresTheSeed", "seeds differ", "seeds 0 and 1 have the same data and start"),
    ("VectorLoss", "loss", "loss() returns torch.float32 of shape (30, 1)"),
    ("NumberLoss", "loss", "loss() returns float, not a tensor"),
    ("InfiniteLoss", "loss", "the start of seed 0 has loss inf, the cap is 1000"),
    ("StartsAboveTheCap", "loss", "the start of seed 0 has loss 20"),
    ("Dropout", "loss repeats", "(dropout, or a state?)"),
    ("LossWithAState", "loss repeats", "the same call gives"),
    ("LossInPlace", "loss repeats", "targets is changed by a call"),
    ("BatchNorm", "loss repeats", "between.running_mean is changed by a call (batch norm"),
    ("SeedsItself", "global randomness", "torch's global random numbers are drawn from or seeded"),
    ("SeedsNumPy", "global randomness", "NumPy's global random numbers"),
    ("SeedsPython", "global randomness", "Python's global random numbers"),
    ("DetachedLoss", "gradient", "the gradient of the loss raises RuntimeError: element 0 of tensors does"),
    ("RoundedLoss", "gradient", "it is zero at the start of seed 0: nothing would be learned"),
    ("TargetsOfAnotherRank", "loss pairs", "predictions (30, 1) with targets (30,)"),
    ("SummedLoss", "loss is a mean", "each point twice has 2 times the loss"),
    ("HalfDetachedLoss", "finite differences", "e-0"),
    ("InfiniteFloor", "floor is a number", "floor() is inf at seed 0"),
    ("FloorTooHigh", "floor", "below the floor is found"),
    ("FloorAboveTheStart", "floor is a number", "floor() is 10000 at seed 0, where the start has"),
    (
        "NeitherFloorNorMargin",
        "floor is a number",
        "floor() is None, and no margin says which differences matter",
    ),
    ("VectorMetric", "metrics", "error is a Tensor of shape torch.Size([30, 1])"),
    ("IdleParameter", "gradient", "idle takes no part in the loss"),
    ("UnknownCriterion", "metrics", "the criterion is 'test/loss', but measured are eval/loss"),
    ("Exits", "floor is a number", "floor() raises SystemExit: good bye"),
    ("CurveOfAnotherInput", "curve", "model on curve_inputs() raises RuntimeError: mat1 and mat2 shapes"),
    ("BranchesOnTheData", "stack", "training in a stack raises RuntimeError: vmap: It looks like you're"),
    ("CountsTheRuns", "stack", "e+00"),
]
"""The faults, each with the check that finds it and what it says."""


def _checks(target: str, **fields: object) -> Mapping[str, Result]:
    return certify_problem({"name": "brought", "_target_": target, **fields})


@pytest.mark.parametrize(("fault", "check", "said"), FAULTS, ids=[fault for fault, _, _ in FAULTS])
def test_each_fault_is_found_by_its_check_in_one_line(fault: str, check: str, said: str) -> None:
    checks = _checks(f"{PLANTED}.{fault}")
    failed = [name for name, one in checks.items() if one.verdict is Verdict.FAILED]
    assert check in failed
    assert said in checks[check].measured
    assert "\n" not in checks[check].measured
    assert len(checks[check].measured) < 300


@pytest.mark.parametrize("fault", [fault for fault, check, _ in FAULTS if check != "floor"])
def test_each_is_refused_before_anything_is_trained(fault: str) -> None:
    """But for a floor that is a little too high, which takes a search to see."""
    with pytest.raises(InvalidInput, match=r"; study certify problem=.* checks all of it$") as refused:
        require_problem(build_problem({"name": "brought", "_target_": f"{PLANTED}.{fault}"}))
    assert "\n" not in str(refused.value)


def test_every_check_has_a_planted_fault() -> None:
    assert {check for _, check, _ in FAULTS} == set(_checks(f"{PLANTED}.Honest"))


@pytest.mark.parametrize(
    "target",
    [f"{PLANTED}.Honest", *(f"tests.problems.brought.{kind}" for kind in BROUGHT)],
)
def test_honest_problems_pass(target: str) -> None:
    assert [check for check in _checks(target).values() if check.verdict is Verdict.FAILED] == []
