"""What every problem of conf/problem must hold, by glob: a new YAML is tested the moment it exists."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.autograd.functional import hessian, jacobian

from study.certify.check import Verdict
from study.certify.problem import certify_problem
from study.job import Job
from study.problems.base import Problem
from study.randomness import Source

NAMES = sorted(path.stem for path in (Path(__file__).parents[2] / "conf" / "problem").glob("*.yaml"))
QUICK = {"bowl", "linear", "parabola", "ellipsoid", "rosenbrock", "breast_cancer"}
"""Of each kind one that takes no time; all others are checked where slow tests are."""

QUADRATIC = [
    *("airfoil", "bowl", "linear", "polynomial", "ellipsoid", "ellipsoid_rotated", "quadratic_deep"),
    *("cauchy_sphere", "drifting_sphere", "scaled_regression", "sparse_regression"),
]
"""Problems whose loss is quadratic in the parameters: there is one optimum, and its loss is the floor."""


def test_the_tutorials_problems_are_there() -> None:
    assert {"parabola", "bowl", "linear", "polynomial", "airfoil"} <= set(NAMES)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in NAMES]
)
def test_it_passes_all_checks_of_a_problem(
    name: str, job: Callable[..., Job], overrides: Callable[[str], list[str]]
) -> None:
    node = job(*overrides(name)).problem
    assert node["name"] == name, f"conf/problem/{name}.yaml must say name: {name}"
    results = certify_problem(node)
    assert {name: one for name, one in results.items() if one.verdict is Verdict.FAILED} == {}


@pytest.mark.parametrize("name", QUADRATIC)
def test_the_floor_is_reached_and_flat_there(name: str, problem: Callable[..., Problem]) -> None:
    """One Newton step in double precision from the start of a seed ends at the optimum of a quadratic."""
    p = problem(name)
    source = Source(p.name, 2)
    model, data = p.model().double(), p.data(source)
    p.initialise(model, source)
    inputs, targets = data.inputs.double(), data.eval_targets.double()

    def loss(flat: torch.Tensor) -> torch.Tensor:
        shapes = {key: value.shape for key, value in model.named_parameters()}
        pieces = flat.split([shape.numel() for shape in shapes.values()])
        params = {key: piece.view(shape) for (key, shape), piece in zip(shapes.items(), pieces, strict=True)}
        return p.loss(torch.func.functional_call(model, params, (inputs,)), targets)

    start = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
    gradient, curvature = jacobian(loss, start), hessian(loss, start)
    end = start - torch.linalg.solve(curvature, gradient)
    assert loss(end).item() == pytest.approx(p.floor(data), rel=1e-9, abs=1e-12)
    assert jacobian(loss, end).abs().max() < 1e-9


@pytest.mark.parametrize(
    "name",
    ["parabola", "linear", "polynomial", "airfoil", "bowl", "scaled_regression", "sparse_regression"],
)
def test_the_best_constant_has_the_loss_of_a_model_that_predicts_it(
    name: str, problem: Callable[..., Problem]
) -> None:
    """Through the problem's own loss: the mean has it, and a constant beside it has more; a bowl predicts nothing."""
    p = problem(name)
    data = p.data(Source(name, 3))
    known = p.constant_loss(data)
    if name == "bowl":
        assert known is None
        return
    constant = data.eval_targets.mean().expand_as(data.eval_targets)
    assert float(p.loss(constant, data.eval_targets)) == pytest.approx(known, rel=1e-5)  # float32
    assert known is not None
    for beside in (-0.1, 0.1):
        assert float(p.loss(constant + beside, data.eval_targets)) > known
