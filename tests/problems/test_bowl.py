"""The bowl: the tutorial's numbers, the closed form of gradient descent, and what a rotation leaves alone."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from study.errors import InvalidInput
from study.problems.bowl import Bowl
from study.training.result import Trained

Train = Callable[..., Trained]
LAMBDA = np.array([0.2, 4.0])  # the Hessian's eigenvalues


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("scratch/rmsprop", (-0.010599, 0.000000)),
        ("scratch/adagrad", (-2.382563, -0.158591)),
    ],
)
def test_tutorials_end_points_to_six_decimals(
    optimizer: str, expected: tuple[float, float], trained: Train
) -> None:
    path = _path(trained("experiment=trajectories", f"optimizer={optimizer}"))
    assert path.shape == (21, 2)
    assert np.round(path[-1], 6) == pytest.approx(expected, abs=1e-12)


def test_plain_loops_end_where_the_tutorial_does() -> None:
    (x, s), (y, total) = (np.array([-5.0, -2.0]), np.zeros(2)), (np.array([-5.0, -2.0]), np.zeros(2))
    for _ in range(20):
        g = LAMBDA * x
        s = 0.9 * s + 0.1 * g**2
        x = x - 0.4 * g / np.sqrt(s + 1e-6)
        g = LAMBDA * y
        total = total + g**2
        y = y - 0.4 * g / np.sqrt(total + 1e-6)
    assert np.round(x, 6) == pytest.approx((-0.010599, 0), abs=1e-12)
    assert np.round(y, 6) == pytest.approx((-2.382563, -0.158591), abs=1e-12)


def test_gradient_descent_follows_its_closed_form(trained: Train) -> None:
    path = _path(trained("problem=bowl", "optimizer=sgd", "optimizer.lr=0.4", "seeds=1"))
    t = np.arange(21)[:, None]
    np.testing.assert_allclose(path, (1 - 0.4 * LAMBDA) ** t * [-5.0, -2.0], rtol=1e-13)


def test_the_state_after_a_step_stands_under_its_number_plus_one(trained: Train) -> None:
    result = trained("problem=bowl", "optimizer=sgd", "optimizer.lr=0.4", "seeds=1")
    path = _path(result)
    np.testing.assert_array_equal(result.series["param/x1"].steps, np.arange(21))
    np.testing.assert_array_equal(path[0], [-5.0, -2.0])
    heights = path**2 @ [0.1, 2.0]
    np.testing.assert_allclose(result.train_loss[0], heights[:-1], rtol=1e-14)  # before each update
    np.testing.assert_allclose(
        result.series["eval/loss"].values[0], heights, rtol=1e-14
    )  # an epoch is a step


@pytest.mark.parametrize("optimizer", ["scratch/sgd", "scratch/momentum", "scratch/nag"])
@pytest.mark.parametrize(
    "degrees", [17.0, -120.0, *(pytest.param(degrees, marks=pytest.mark.slow) for degrees in (45.0, 90.0))]
)
def test_rotation_is_not_noticed_by_linear_rules(optimizer: str, degrees: float, trained: Train) -> None:
    turned = trained("experiment=trajectories", f"optimizer={optimizer}", f"problem.rotation={degrees}")
    straight = trained("experiment=trajectories", f"optimizer={optimizer}")
    np.testing.assert_allclose(turned.train_loss, straight.train_loss, rtol=1e-9, atol=1e-12)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    np.testing.assert_allclose(_path(turned), _path(straight) @ rotation.T, rtol=1e-9, atol=1e-12)


def test_rotation_is_noticed_by_rmsprop(trained: Train) -> None:
    losses = [
        trained("experiment=trajectories", "optimizer=scratch/rmsprop", f"problem.rotation={degrees}")
        for degrees in (0.0, 45.0)
    ]
    assert abs(losses[0].train_loss - losses[1].train_loss).max() > 0.1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"coefficients": [0.1]},
            r"problem.coefficients must be a list of 2 finite numbers > 0, got \[0.1\]",
        ),
        (
            {"coefficients": [0.1, 0.0]},
            r"coefficients must be a list of 2 finite numbers > 0, got \[0.1, 0.0\]",
        ),
        ({"start": [1.0, math.nan]}, r"problem.start must be a list of 2 finite numbers, got \[1.0, nan\]"),
        ({"rotation": math.inf}, r"problem.rotation must be a finite number, got inf"),
        ({"cap": -1.0}, r"problem.cap must be a finite number > 0, got -1.0"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = partial(Bowl, "bowl", coefficients=[0.1, 2.0], start=[-5.0, -2.0], rotation=0.0, cap=1e12)
    with pytest.raises(InvalidInput, match=message):
        right(**wrong)


def _path(result: Trained) -> np.ndarray:
    return np.stack([result.series[f"param/{name}"].values[0] for name in ("x1", "x2")], axis=1)
