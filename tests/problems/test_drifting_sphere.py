"""The drifting sphere: where its centre is, and the closed form of gradient descent that follows it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from study.errors import InvalidInput
from study.problems.base import Problem
from study.problems.drifting_sphere import DriftingSphere
from study.randomness import Source
from study.training.result import Trained

Build = Callable[..., Problem]
Train = Callable[..., Trained]
MOVE = np.exp(1j * np.radians(1.8))
QUIET = ("problem=drifting_sphere", "problem.noise=0.0", "optimizer=sgd", "seeds=2", "epochs=12")


@pytest.mark.parametrize("step", [0, 1, 50, 299])
def test_the_centre_goes_round_on_a_circle(step: int, problem: Build) -> None:
    p = problem("drifting_sphere", "problem.noise=0.0")
    source = Source(p.name, 3)
    data = p.data(source)
    _, seen = p.minibatch(data.arguments, data.targets, step, source)
    judged = p.eval_targets_at(data.eval_targets[None], step)
    expected = _plane(data.targets.numpy()) * MOVE**step
    np.testing.assert_allclose(_plane(seen.numpy()), expected, atol=1e-13)
    np.testing.assert_allclose(_plane(judged[0].numpy()), expected, atol=1e-13)
    np.testing.assert_allclose(seen.norm(dim=1), data.targets.norm(dim=1), rtol=1e-13)


def test_it_ends_opposite_to_where_it_began(problem: Build) -> None:
    p = problem("drifting_sphere")
    centre = p.data(Source(p.name, 0)).eval_targets
    torch.testing.assert_close(p.eval_targets_at(centre, 300), -centre)


def test_what_a_step_sees_has_noise_that_is_new(problem: Build) -> None:
    p = problem("drifting_sphere")
    source = Source(p.name, 1)
    data = p.data(source)
    steps = [p.minibatch(data.arguments, data.targets, step, source)[1] for step in (*range(40), 0)]
    noise = torch.stack([seen - p.eval_targets_at(data.targets, t) for t, seen in enumerate(steps[:-1])])
    assert noise.std().item() == pytest.approx(0.1, abs=0.0032)  # 4 standard errors of 8,000 numbers
    assert len(noise.unique()) == noise.numel()
    assert torch.equal(steps[0], steps[-1])


def test_loss_by_hand(problem: Build) -> None:
    p = problem("drifting_sphere")
    x, c = torch.zeros(2, 20, dtype=torch.float64), torch.full((2, 20), 0.5, dtype=torch.float64)
    assert p.loss(x, c).item() == 2.5
    assert p.loss(c, c).item() == p.floor(p.data(Source(p.name, 0))) == 0


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_gradient_descent_follows_its_closed_form(rate: float, trained: Train, problem: Build) -> None:
    """In the complex plane x_t = (1 - a)^t (x_0 - K c_0) + K c_t with K = a / (e^iw - 1 + a)."""
    result = trained(*QUIET, f"optimizer.lr={rate}")
    p, t = problem("drifting_sphere"), np.arange(0, 121, 10)[:, None]
    for seed in range(2):
        centre, start = _instance(p, seed)
        pull = rate / (MOVE - 1 + rate)
        place = (1 - rate) ** t * (start - pull * centre) + pull * MOVE**t * centre
        losses = np.sum(abs(place - MOVE**t * centre) ** 2, axis=1) / 2
        np.testing.assert_allclose(result.series["eval/loss"].values[seed], losses, rtol=1e-9)


@pytest.mark.slow
def test_a_rate_of_one_is_always_one_move_behind(trained: Train, problem: Build) -> None:
    result = trained(*QUIET, "optimizer.lr=1.0")
    for seed in range(2):
        centre, _ = _instance(problem("drifting_sphere"), seed)
        move = np.sum(abs(centre) ** 2) * abs(MOVE - 1) ** 2 / 2
        np.testing.assert_allclose(result.last_epoch.values[seed], move, rtol=1e-9)


@pytest.mark.slow
def test_with_noise_a_rate_is_too_small_or_too_large(trained: Train) -> None:
    """The lag falls with the rate as its inverse square, the noise grows about as the rate."""
    words = ("problem=drifting_sphere", "optimizer=sgd", "seeds=2", "epochs=15")
    small, right, large = (
        np.median(trained(*words, f"optimizer.lr={rate}").last_epoch.values.mean(axis=1))
        for rate in (0.03, 0.4, 1.6)
    )
    assert small > 10 * right
    assert large > 2 * right


def test_seeds_are_instances_and_repeat(problem: Build) -> None:
    p = problem("drifting_sphere")
    for first, again, other in zip(*(_instance(p, seed) for seed in (0, 0, 10)), strict=True):
        assert np.array_equal(first, again)
        assert not np.allclose(first, other, rtol=0.1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"planes": 0}, r"problem.planes must be a whole number >= 1, got 0"),
        ({"degrees": float("inf")}, r"problem.degrees must be a finite number, got inf"),
        ({"noise": -1.0}, r"problem.noise must be a finite number >= 0, got -1.0"),
        ({"centre_std": 0.0}, r"problem.centre_std must be a finite number > 0, got 0.0"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = partial(
        DriftingSphere,
        "drifting_sphere",
        points=1,
        planes=1,
        degrees=1.0,
        noise=0.0,
        centre_std=1.0,
        init_std=1.0,
        cap=1e9,
    )
    with pytest.raises(InvalidInput, match=message):
        right(**wrong)


def _plane(values: np.ndarray) -> np.ndarray:
    """Return the coordinates as complex numbers, one for each plane."""
    half = values.shape[-1] // 2
    return np.asarray(values[..., :half] + 1j * values[..., half:])


def _instance(p: Problem, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a seed's centre at step 0, and its start."""
    model, source = p.model(), Source(p.name, seed)
    p.initialise(model, source)
    return _plane(p.data(source).targets[0].numpy()), _plane(model.get_parameter("x").detach().numpy())
