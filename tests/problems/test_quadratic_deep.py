"""The deep quadratic: spectrum, rotation and samples as declared, and its floor as NumPy finds it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import scipy.fft
import torch

from study.errors import InvalidInput
from study.problems.base import Data, Problem
from study.problems.quadratic_deep import QuadraticDeep
from study.randomness import Source
from study.training.result import Trained

Build = Callable[..., Problem]


def test_the_hessian_has_the_spectrum_and_no_axis_of_the_coordinates(problem: Build) -> None:
    for seed in (0, 10):
        root = _root(problem("quadratic_deep").data(_source(seed)))
        eigenvalues, axes = np.linalg.eigh(root.T @ root)
        assert ((eigenvalues[:90] > 0) & (eigenvalues[:90] < 1)).all()
        assert ((eigenvalues[90:] > 30) & (eigenvalues[90:] < 60)).all()
        assert abs(eigenvalues[:90].mean() - 0.5) < 0.13  # 4 standard errors of U(0, 1) are 0.12
        # a coordinate of a uniform direction is about N(0, 1/100), and 0.6 is 6 standard deviations
        assert abs(axes).max() < 0.6
        assert abs(np.mean(axes**4) * 100**2 - 3) < 0.3  # the fourth moment of a normal one


def test_the_model_is_the_root_of_the_hessian(problem: Build) -> None:
    p, x = problem("quadratic_deep"), np.random.default_rng(1).normal(size=100)
    data, model = p.data(_source(2)), p.model()
    torch.nn.utils.vector_to_parameters(torch.from_numpy(x), model.parameters())
    prediction = model(data.inputs).detach().numpy()
    np.testing.assert_allclose(prediction, np.tile(_root(data) @ x, (10, 1)), atol=1e-12)


def test_packs_are_the_means_of_their_samples(problem: Build) -> None:
    """The same 24 samples one by one and in packs: the loss is the same anywhere, that of a pack its mean."""
    alone, packed = (problem("quadratic_deep", *words) for words in (_packs(24, 1), _packs(4, 6)))
    data, packs, x = alone.data(_source(5)), packed.data(_source(5)), torch.randn(100, dtype=torch.float64)
    assert data.targets[:, -1].abs().max() == 0  # one sample scatters about itself by nothing
    prediction = torch.from_numpy(_root(data)) @ x
    losses = ((prediction - data.targets[:, :-1]) ** 2).sum(dim=1) / 2
    for pack in range(4):
        found = packed.loss(prediction[None], packs.targets[pack : pack + 1])
        assert found.item() == pytest.approx(losses[6 * pack : 6 * pack + 6].mean().item(), rel=1e-12)
    assert packed.floor(packs) == pytest.approx(alone.floor(data), rel=1e-12)


def test_samples_have_the_noise(problem: Build) -> None:
    data = problem("quadratic_deep", *_packs(400, 1)).data(_source(1))
    turned = (data.targets[:, :-1] / data.inputs[:, 2]).numpy()  # R a: as isotropic as a
    assert turned.std() == pytest.approx(0.6, abs=0.01)  # 4 standard errors of 40,000 are 0.0085
    assert abs(np.corrcoef(turned.T) - np.eye(100)).max() < 0.25  # 5 standard errors


def test_the_floor_is_least_squares(problem: Build) -> None:
    p = problem("quadratic_deep")
    for seed in (0, 11):
        data = p.data(_source(seed))
        design, target = np.tile(_root(data), (10, 1)), data.eval_targets[:, :-1].numpy().ravel()
        x, *_ = np.linalg.lstsq(design, target)
        least = np.sum((design @ x - target) ** 2) / 20 + data.eval_targets[:, -1].mean().item()
        assert p.floor(data) == pytest.approx(least, rel=1e-12)
        model = p.model()
        torch.nn.utils.vector_to_parameters(torch.from_numpy(x), model.parameters())
        p.loss(model(data.inputs), data.eval_targets).backward()
        gradient = model.get_parameter("x").grad
        assert gradient is not None
        assert gradient.abs().max() < 1e-11


def test_seeds_are_instances_and_repeat(problem: Build) -> None:
    p = problem("quadratic_deep")
    first, again, other = (p.data(_source(seed)) for seed in (0, 0, 10))
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.inputs[:, :2], other.inputs[:, :2])
    assert not torch.allclose(first.inputs[:, 2], other.inputs[:, 2], rtol=0.1)


@pytest.mark.slow
def test_gradient_descent_descends_below_twice_the_inverse_of_the_largest_eigenvalue(
    trained: Callable[..., Trained],
) -> None:
    few = ("problem=quadratic_deep", "optimizer=sgd", "seeds=2", "batch_size=null", "epochs=20")
    below, above = (
        trained(*few, f"optimizer.lr={rate}").series["eval/loss"].values for rate in (1 / 60, 0.08)
    )
    assert (np.diff(below) < 0).all()
    assert (above[:, -1] > above[:, 0]).all()


@pytest.mark.slow
def test_packs_shake_a_run_that_the_full_batch_does_not(trained: Callable[..., Trained]) -> None:
    few = ("problem=quadratic_deep", "optimizer=sgd", "optimizer.lr=0.02", "seeds=2")
    noisy, quiet = trained(*few, "epochs=8"), trained(*few, "batch_size=null", "epochs=80")
    assert (noisy.last_epoch.values.mean(axis=1) > quiet.series["eval/loss"].values[:, -1]).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"samples": 0}, r"problem.samples must be a whole number >= 1, got 0"),
        ({"noise": -0.1}, r"problem.noise must be a finite number >= 0, got -0.1"),
        ({"small_range": [0.0]}, r"problem.small_range must be a list of 2 finite numbers >= 0, got \[0.0\]"),
        ({"large_range": [-1.0, 2.0]}, r"problem.large_range must be a list of 2 finite numbers >= 0, got"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = partial(
        QuadraticDeep,
        "quadratic_deep",
        points=2,
        samples=3,
        noise=0.6,
        small=9,
        large=1,
        small_range=[0.0, 1.0],
        large_range=[30.0, 60.0],
        init_std=1.0,
        cap=1e9,
    )
    with pytest.raises(InvalidInput, match=message):
        right(**wrong)


def _source(seed: int) -> Source:
    return Source("quadratic_deep", seed)


def _packs(points: int, samples: int) -> tuple[str, str]:
    return f"problem.points={points}", f"problem.samples={samples}"


def _root(data: Data) -> np.ndarray:
    """Return A = diag(sqrt(l)) C D2 C D1 as a matrix, with SciPy's cosine transform."""
    first, second, root = data.inputs[0].numpy()
    transform = scipy.fft.dct(np.eye(len(root)), norm="ortho", axis=0)
    matrix: np.ndarray = root[:, None] * transform @ (second[:, None] * transform * first)
    return matrix
