"""The class that a YAML names is called with what the YAML says."""

from collections.abc import Mapping

import pytest
import torch

from study.errors import InvalidInput
from study.problems.bowl import Bowl
from study.training.build import build_optimizer, build_problem

ADAM = {"name": "adam", "_target_": "torch.optim.Adam", "lr": 0.03, "betas": [0.8, 0.9]}
BOWL = {
    "name": "bowl",
    "_target_": "study.problems.bowl.Bowl",
    "coefficients": [0.1, 2.0],
    "start": [-5.0, -2.0],
    "rotation": 0.0,
    "cap": 1e12,
}


def test_an_optimizer_is_torchs_own_over_the_given_parameters() -> None:
    parameter = torch.nn.Parameter(torch.zeros(3))
    built = build_optimizer({**ADAM, "elementwise": True}, [parameter])
    assert type(built) is torch.optim.Adam
    (group,) = built.param_groups
    assert group["params"][0] is parameter
    assert group["lr"] == 0.03
    assert group["betas"] == (0.8, 0.9)  # a tuple, as in Python


def test_a_problem_takes_all_keys_as_its_fields() -> None:
    assert build_problem(BOWL) == Bowl("bowl", (0.1, 2.0), (-5.0, -2.0), 0.0, 1e12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"_target_": "torch.optim.Adom"}, "got 'Adom', which is not in torch.optim; did you mean Adam"),
        ({"_target_": "nowhere.Adam"}, "there is no package 'nowhere' here"),
        ({"_target_": "torch.optim"}, "'optim', which is no class of torch"),
        ({"foo": 1}, "optimizer.foo is not known to torch.optim.Adam, which takes lr, betas"),
        (
            {"fused": True, "foreach": True},
            "adam: torch.optim.Adam cannot be made: RuntimeError: `fused` and `foreach` cannot be",
        ),
        ({"lr": -1.0}, "Invalid learning rate: -1.0"),
        ({"_target_": "study.problems.bowl.Bowl"}, "optimizer.lr is not known to study.problems.bowl.Bowl"),
    ],
)
def test_what_cannot_be_made_is_bad_input(change: Mapping[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        build_optimizer({**ADAM, **change}, [torch.nn.Parameter(torch.zeros(3))])


def test_what_is_made_must_be_what_its_group_says() -> None:
    counter = {"name": "counter", "_target_": "collections.Counter"}
    with pytest.raises(InvalidInput, match=r"optimizer._target_ must be a torch.optim.Optimizer, got coll"):
        build_optimizer(counter, [torch.nn.Parameter(torch.zeros(3))])
    with pytest.raises(
        InvalidInput, match=r"problem._target_ must be a study.problems.base.Problem, got coll"
    ):
        build_problem(counter)


def test_a_problems_own_refusal_goes_on_as_it_is() -> None:
    with pytest.raises(InvalidInput, match=r"^problem.cap must be a finite number > 0, got -1.0$"):
        build_problem({**BOWL, "cap": -1.0})
