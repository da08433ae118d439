"""The ellipsoid: its Hessian, the closed form of gradient descent, and what a rotation changes and what not."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch.autograd.functional import hessian

from study.errors import InvalidInput
from study.problems.base import Problem
from study.problems.ellipsoid import Ellipsoid
from study.randomness import Source
from study.training.result import Trained

Build = Callable[..., Problem]
Train = Callable[..., Trained]
SPECTRUM = np.geomspace(1, 1e4, 20)


@pytest.mark.parametrize("name", ["ellipsoid", "ellipsoid_rotated"])
def test_the_condition_number_is_1e4(name: str, problem: Build) -> None:
    for seed in (0, 11):
        eigenvalues = np.linalg.eigvalsh(_hessian(problem(name), seed))
        np.testing.assert_allclose(eigenvalues, SPECTRUM, rtol=1e-10)


def test_one_lies_along_the_axes_and_the_other_does_not(problem: Build) -> None:
    straight, turned = (_hessian(problem(name), 0) for name in ("ellipsoid", "ellipsoid_rotated"))
    np.testing.assert_allclose(straight, np.diag(SPECTRUM), rtol=1e-12)
    off = turned - np.diag(np.diag(turned))
    assert abs(off).max() > 1000
    axes = np.linalg.eigh(turned)[1]
    assert (abs(axes).max(axis=0) < 0.9).all()  # none of them is nearly an axis of the coordinates


def test_the_loss_is_the_formula(problem: Build) -> None:
    p, x = problem("ellipsoid"), np.random.default_rng(0).normal(size=20)
    model, data = _placed(p, 3, x)
    expected = 0.5 * sum(eigenvalue * value**2 for eigenvalue, value in zip(SPECTRUM, x, strict=True))
    assert p.loss(model(data.inputs), data.targets).item() == pytest.approx(expected, rel=1e-13)
    model, data = _placed(p, 3, np.zeros(20))
    assert p.loss(model(data.inputs), data.targets).item() == p.floor(data) == 0


def test_seeds_are_instances_and_repeat(problem: Build) -> None:
    turned, straight = problem("ellipsoid_rotated"), problem("ellipsoid")
    first, again, other = (turned.data(Source(turned.name, seed)).inputs for seed in (0, 0, 10))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other, rtol=0.1)
    for p in (turned, straight):
        start, same, different = (_start(p, seed) for seed in (0, 0, 10))
        assert np.array_equal(start, same)
        assert not np.allclose(start, different, rtol=0.1)


def test_under_one_name_the_turned_problem_is_the_straight_one(problem: Build) -> None:
    straight, turned = problem("ellipsoid"), problem("ellipsoid", "problem.rotated=true")
    source = Source("ellipsoid", 4)
    root = turned.data(source).inputs[0].numpy()
    rotation = root / np.sqrt(SPECTRUM)[:, None]
    np.testing.assert_allclose(rotation @ _start(turned, 4), _start(straight, 4), rtol=1e-11, atol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["scratch/sgd", "scratch/momentum", "scratch/nag"])
def test_rotation_is_not_noticed_by_linear_rules(optimizer: str, trained: Train) -> None:
    """The tolerance is rounding, which the steepest direction amplifies by its eigenvalue."""
    few = ("problem=ellipsoid", f"optimizer={optimizer}", "optimizer.lr=0.00005", "seeds=2", "epochs=40")
    straight, turned = trained(*few), trained(*few, "problem.rotated=true")
    np.testing.assert_allclose(turned.train_loss, straight.train_loss, rtol=1e-8)


@pytest.mark.slow
def test_rotation_is_noticed_by_adagrad(trained: Train) -> None:
    few = ("problem=ellipsoid", "optimizer=scratch/adagrad", "optimizer.lr=1.0", "seeds=4", "epochs=100")
    straight, turned = (trained(*few, f"problem.rotated={flag}").train_loss[:, -1] for flag in (False, True))
    assert (turned > 1e6 * straight).all()


@pytest.mark.slow
def test_gradient_descent_follows_its_closed_form(trained: Train, problem: Build) -> None:
    """z_t = (1 - l / L)^t z_0 at the rate 1 / L, which descends in each step; a rate above 2 / L does not."""
    few = ("problem=ellipsoid", "optimizer=sgd", "seeds=1", "epochs=40")
    losses = trained(*few, "optimizer.lr=0.0001").series["eval/loss"].values[0]
    z = (1 - SPECTRUM / 1e4) ** np.arange(41)[:, None] * _start(problem("ellipsoid"), 0)
    np.testing.assert_allclose(losses, z**2 @ SPECTRUM / 2, rtol=1e-11)
    assert (np.diff(losses) < 0).all()
    assert (np.diff(trained(*few, "optimizer.lr=0.00021").series["eval/loss"].values[0])[-10:] > 0).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dimension": 0}, r"problem.dimension must be a whole number >= 1, got 0"),
        ({"eigenvalues": [0.0, 1.0]}, r"problem.eigenvalues must be a list of 2 finite numbers > 0, got"),
        ({"init_std": 0.0}, r"problem.init_std must be a finite number > 0, got 0.0"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = partial(
        Ellipsoid, "ellipsoid", dimension=3, eigenvalues=[1.0, 9.0], rotated=True, init_std=1.0, cap=1e9
    )
    with pytest.raises(InvalidInput, match=message):
        right(**wrong)


def _placed(p: Problem, seed: int, x: np.ndarray) -> tuple[torch.nn.Module, Any]:
    model = p.model()
    torch.nn.utils.vector_to_parameters(torch.from_numpy(x), model.parameters())
    return model, p.data(Source(p.name, seed))


def _start(p: Problem, seed: int) -> np.ndarray:
    model = p.model()
    p.initialise(model, Source(p.name, seed))
    start: np.ndarray = model.get_parameter("x").detach().numpy()
    return start


def _hessian(p: Problem, seed: int) -> np.ndarray:
    """Return the second derivatives of the loss at a seed's start."""
    model, data = _placed(p, seed, _start(p, seed))

    def loss(x: torch.Tensor) -> torch.Tensor:
        return p.loss(torch.func.functional_call(model, {"x": x}, (data.inputs,)), data.targets)

    second: np.ndarray = hessian(loss, model.get_parameter("x").detach()).numpy()
    return second
