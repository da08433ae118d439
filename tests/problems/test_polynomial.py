"""The polynomial: the tutorial's NumPy stream and its numbers, to the last printed digit."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from study.errors import InvalidInput
from study.problems.base import Problem
from study.problems.polynomial import Polynomial
from study.randomness import Source
from study.training.result import Trained

START = (1.8831507, -1.34775906, -1.270485)
END = (2.06694442, 2.98022276, 3.80471048)
OPTIMUM = (2.07194442, 2.97522276, 3.80971048)


def test_seed_0_is_the_tutorials_stream(problem: Callable[..., Problem]) -> None:
    p = problem("polynomial")
    np.random.seed(0)
    X = np.linspace(-3, 3, 100)
    y = 2 * X**2 + 3 * X + 4 + np.random.normal(0, 0.5, 100)
    theta = np.random.randn(3, 1)

    data, model = p.data(Source("polynomial", 0)), p.model()
    p.initialise(model, Source("polynomial", 0))
    np.testing.assert_allclose(data.targets[:, 0], y, rtol=1e-14)
    start = [model.get_parameter(name).item() for name in "abc"]
    assert start == pytest.approx(theta.ravel(), abs=0)
    assert start == pytest.approx(START, abs=5e-9)


@pytest.mark.slow
def test_stack_ends_on_the_tutorials_numbers(trained: Callable[..., Trained]) -> None:
    result = trained("experiment=polynomial", "seeds=2")
    path = _path(result)
    assert path.shape == (1001, 3)
    assert path[0] == pytest.approx(START, abs=5e-9)
    assert path[-1] == pytest.approx(END, abs=5e-9)
    assert abs(path[-1] - OPTIMUM) == pytest.approx([0.005] * 3, abs=1e-8)  # lr / 2: it hops over it for ever
    assert path[-1] + path[-2] == pytest.approx(2 * np.array(OPTIMUM), abs=1e-8)
    assert result.series["eval/loss"].values[0, -1] == pytest.approx(0.21397721767, abs=5e-12)
    assert result.floor[0] == pytest.approx(0.21330119980, abs=6e-12)


@pytest.mark.slow
def test_stack_follows_the_formulas_until_rounding_decides(trained: Callable[..., Trained]) -> None:
    path = _path(trained("experiment=polynomial", "seeds=2", "epochs=150"))
    plain = _plain_loop()
    # around step 186 an unstable hop grows out of the rounding; its amplitude, not its phase, is the method's
    np.testing.assert_allclose(path[:150], plain[:150], rtol=1e-10)
    assert abs(plain[-1] - OPTIMUM) == pytest.approx([0.005] * 3, abs=1e-8)


def test_floor_is_least_squares(problem: Callable[..., Problem]) -> None:
    p = problem("polynomial")
    for seed in (0, 1):
        data = p.data(Source("polynomial", seed))
        x, y = data.inputs[:, 0].numpy(), data.targets[:, 0].numpy()
        fit = np.polynomial.Polynomial.fit(x, y, 2)
        assert p.floor(data) == pytest.approx(np.mean((fit(x) - y) ** 2), rel=1e-12)
        if seed == 0:
            assert tuple(fit.convert().coef[::-1]) == pytest.approx(OPTIMUM, abs=5e-9)


def test_gradient_at_the_optimum_is_zero(problem: Callable[..., Problem]) -> None:
    p = problem("polynomial")
    data, model = p.data(Source("polynomial", 4)), p.model()
    x = data.inputs.numpy()
    theta, *_ = np.linalg.lstsq(np.hstack([x**2, x, x**0]), data.targets.numpy())
    for name, value in zip("abc", theta.ravel(), strict=True):
        torch.nn.init.constant_(model.get_parameter(name), float(value))
    gradient = torch.autograd.grad(p.loss(model(data.inputs), data.targets), list(model.parameters()))
    assert max(abs(g.item()) for g in gradient) < 1e-12


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"points": 0}, r"problem.points must be a whole number >= 1, got 0"),
        ({"coefficients": [1.0, 2.0]}, r"problem.coefficients must be a list of 3 finite numbers"),
        ({"noise": -0.5}, r"problem.noise must be a finite number >= 0, got -0.5"),
        ({"gradient_scale": 0.0}, r"problem.gradient_scale must be a finite number > 0, got 0.0"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = partial(
        Polynomial,
        "polynomial",
        points=100,
        coefficients=[2.0, 3.0, 4.0],
        noise=0.5,
        cap=1e6,
        gradient_scale=0.5,
    )
    with pytest.raises(InvalidInput, match=message):
        right(**wrong)


def _path(result: Trained) -> np.ndarray:
    return np.stack([result.series[f"param/{name}"].values[0] for name in "abc"], axis=1)


def _plain_loop() -> np.ndarray:
    """RMSprop as the tutorial writes it: half the gradient of the MSE, eps outside the root."""
    np.random.seed(0)
    X = np.linspace(-3, 3, 100).reshape(-1, 1)
    y = 2 * X**2 + 3 * X + 4 + np.random.normal(0, 0.5, X.shape)
    theta, average = np.random.randn(3, 1), np.zeros((3, 1))
    design = np.hstack([X**2, X, np.ones_like(X)])
    path = [theta]
    for _ in range(1000):
        gradient = design.T @ (design @ theta - y) / 100
        average = 0.9 * average + (1 - 0.9) * gradient**2
        theta = theta - 0.01 * gradient / (np.sqrt(average) + 1e-8)
        path.append(theta)
    return np.hstack(path).T
