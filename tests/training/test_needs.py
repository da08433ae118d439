"""What a run needs is found without making it: against what is there once it is made."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from study.config.choices import choices
from study.config.compose import compose
from study.problems.base import Problem
from study.randomness import Source
from study.training.build import build_problem
from study.training.needs import needs_of


def _problem(*words: str) -> Problem:
    node: Any = OmegaConf.to_container(compose("config", words).problem, resolve=True)
    return build_problem(node)


@pytest.mark.parametrize("name", [name for name in choices("problem") if name != "airfoil"])
def test_needs_are_those_of_what_is_drawn(name: str) -> None:
    problem = _problem(f"problem={name}")
    data, needs = problem.data(Source(problem.name, 0)), needs_of(problem, 0)
    assert needs.points == len(data.targets)
    assert needs.parameters == sum(parameter.numel() for parameter in problem.model().parameters())
    assert needs.activations > 0
    tensors = [*data.arguments, data.targets, data.eval_targets]
    if data.test is not None:
        tensors += [*data.test.arguments, data.test.targets, data.test.eval_targets]
    assert needs.data == sum(tensor.nbytes for tensor in tensors)


def test_many_points_and_a_wide_model_are_not_made() -> None:
    few = needs_of(_problem("problem=parabola"), 0)
    many = needs_of(
        _problem("problem=parabola", "problem.points=10000000000", "problem.width=10000000000"), 0
    )
    assert (many.points, many.parameters) == (10**10, 3 * 10**10 + 1)
    assert many.data == few.data // 1000 * 10**10
    assert math.isclose(many.activations, 10**10 * 4, rel_tol=0.01)  # what the hidden layer hands on


def test_a_model_that_wants_to_see_values_has_needs_all_the_same() -> None:
    problem = _problem("problem=parabola", "problem.width=10000000")  # too wide to be made

    class Choosy(type(problem)):  # type: ignore[misc]  # a class that is known here alone
        def loss(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return prediction.mean() if prediction.sum() > 0 else target.mean()

    choosy = Choosy(**{key: getattr(problem, key) for key in ("name", "points", "noise", "width", "cap")})
    assert needs_of(choosy, 0) == replace(needs_of(problem, 0), activations=0)
