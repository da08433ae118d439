"""Deep linear networks: a matrix loss by NumPy, saddles in closed form, and modes that are learned in their order."""

from collections.abc import Callable
from functools import partial, reduce

import numpy as np
import pytest
import scipy.optimize
import torch
from torch import nn

from study.errors import InvalidInput
from study.problems.base import Data, Problem
from study.problems.deep_linear import DeepLinear
from study.randomness import Source
from study.training.result import Trained

Build = Callable[..., Problem]
MODES = np.array([3.0, 2.2, 1.6, 1.1, 0.7])
NARROW = DeepLinear("deep_linear", [10, 3, 10], list(MODES), init_std=0.1, cap=1e6)


def test_the_inputs_are_whitened_and_the_map_has_the_singular_values(problem: Build) -> None:
    data = problem("deep_linear").data(Source("deep_linear", 0))
    np.testing.assert_allclose(data.inputs.T @ data.inputs / 10, np.eye(10), atol=1e-14)
    found = np.linalg.svd(_map(data), compute_uv=False)
    np.testing.assert_allclose(found, [*MODES, 0, 0, 0, 0, 0], atol=1e-13)


def test_instances_differ_by_seed_and_repeat(problem: Build) -> None:
    p = problem("deep_linear")
    maps = [_map(p.data(Source(p.name, seed))) for seed in range(20)]
    for first in range(20):
        for other in maps[first + 1 :]:
            assert abs(maps[first] - other).max() > 0.1
    np.testing.assert_array_equal(maps[13], _map(p.data(Source(p.name, 13))))
    starts = [np.concatenate([w.ravel() for w in _start(p, seed)]) for seed in range(10)]
    assert np.std(starts) == pytest.approx(0.1, rel=0.05)  # of 4,000 numbers
    assert len(np.unique(np.array(starts)[:, 0])) == 10
    np.testing.assert_array_equal(starts[4], np.concatenate([w.ravel() for w in _start(p, 4)]))


def test_the_loss_is_the_half_squared_distance_of_the_matrices(problem: Build) -> None:
    p = problem("deep_linear")
    weights = np.random.default_rng(0).normal(size=(4, 10, 10))
    data = p.data(Source(p.name, 5))
    expected = ((_product(weights) - _map(data)) ** 2).sum() / 2
    assert _loss(p, data, weights) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("learned", range(6))
def test_each_number_of_modes_is_flat_and_only_all_of_them_are_the_floor(
    learned: int, problem: Build
) -> None:
    """Factors that share out the first modes: there the gradient is 0, and the loss is what the others make."""
    p = problem("deep_linear")
    data = p.data(Source(p.name, 1))
    u, s, vt = np.linalg.svd(_map(data))
    share = np.diag(np.where(np.arange(10) < learned, s, 0) ** 0.25)
    weights = np.stack([share @ vt, share, share, u @ share])
    gradient = _gradient(weights, _map(data))
    assert abs(gradient).max() < 1e-12
    found = _loss(p, data, weights)
    assert found == pytest.approx((MODES[learned:] ** 2).sum() / 2, abs=1e-25, rel=1e-12)
    assert (found < 1e-25) == (learned == 5)
    assert p.floor(data) == 0


def test_aligned_modes_are_learned_apart_by_their_closed_form_and_in_order(problem: Build) -> None:
    """Factors along A's singular vectors, each of strength a: by hand, a step adds rate (s - a^4) a^3 to it."""
    data = problem("deep_linear").data(Source("deep_linear", 1))
    u, s, vt = np.linalg.svd(_map(data))
    weights, strength, learned = 0.3 * np.stack([vt, np.eye(10), np.eye(10), u]), np.full(10, 0.3), []
    for _ in range(400):
        weights = weights - 0.02 * _gradient(weights, _map(data))
        strength = strength + 0.02 * (s - strength**4) * strength**3
        learned.append(np.diag(u.T @ _product(weights) @ vt.T))
        np.testing.assert_allclose(learned[-1], strength**4, atol=1e-10)
    halves = (np.array(learned)[:, :5] > s[:5] / 2).argmax(axis=0)
    assert (np.diff(halves) > 0).all()
    assert halves[0] > 0


@pytest.mark.slow
def test_from_a_drawn_start_its_rank_grows_by_one_at_a_time_after_a_rest(
    problem: Build, trained: Callable[..., Trained]
) -> None:
    """Of gradient descent in a plain loop; the stack meets the same losses."""
    p = problem("deep_linear")
    result = trained("problem=deep_linear", "optimizer=sgd", "optimizer.lr=0.03", "seeds=3", "epochs=150")
    for seed in range(3):
        target, weights = _map(p.data(Source(p.name, seed))), np.stack(_start(p, seed))
        losses, values = [], []
        for _ in range(300):
            product = _product(weights)
            losses.append(((product - target) ** 2).sum() / 2)
            values.append(np.linalg.svd(product, compute_uv=False)[:3])
            weights = weights - 0.03 * _gradient(weights, target)
        np.testing.assert_allclose(result.train_loss[seed], losses[:150], rtol=1e-9)
        halves = (np.array(values) > MODES[:3] / 2).argmax(axis=0)
        assert 0 < halves[0] < halves[1] < halves[2]
        assert losses[int(halves[0] / 2)] > 0.98 * losses[0]  # half of the time to it nothing is to be seen


def test_a_narrow_network_has_the_floor_of_the_best_rank() -> None:
    """Reached by NumPy's truncated decomposition, and by SciPy's L-BFGS from a start."""
    data = NARROW.data(Source("deep_linear", 2))
    target = _map(data)
    u, s, vt = np.linalg.svd(target)
    root = np.sqrt(s[:3])
    floor = NARROW.floor(data)
    assert floor == pytest.approx((1.1**2 + 0.7**2) / 2, rel=1e-15)
    assert _loss(NARROW, data, [root[:, None] * vt[:3], u[:, :3] * root]) == pytest.approx(floor, rel=1e-13)

    def value_and_slope(flat: np.ndarray) -> tuple[float, np.ndarray]:
        first, second = flat[:30].reshape(3, 10), flat[30:].reshape(10, 3)
        error = second @ first - target
        slopes = (second.T @ error, error @ first.T)
        return (error**2).sum() / 2, np.concatenate([slope.ravel() for slope in slopes])

    start = np.concatenate([weight.ravel() for weight in _start(NARROW, 2)])
    found = scipy.optimize.minimize(
        value_and_slope, start, jac=True, method="L-BFGS-B", options={"ftol": 0, "gtol": 1e-10}
    )
    assert found.fun == pytest.approx(floor, rel=1e-8)


def test_the_best_constant_is_the_mean_target(problem: Build) -> None:
    p = problem("deep_linear")
    data = p.data(Source(p.name, 3))
    targets = data.eval_targets.numpy()
    mean, squares, *_ = np.linalg.lstsq(np.ones((10, 1)), targets)
    known = p.constant_loss(data)
    assert known == pytest.approx(squares.sum() / 20, rel=1e-12)
    assert p.loss(torch.from_numpy(np.repeat(mean, 10, axis=0)), data.eval_targets).item() == pytest.approx(
        known
    )


@pytest.mark.parametrize(
    ("widths", "count", "message"),
    [
        ([10], 5, r"problem.widths must be two or more, got \[10\]"),
        ([10, 0, 10], 5, r"problem.widths must be a list of one or more whole numbers >= 1"),
        ([6, 10, 8], 7, r"problem.singular_values must be at most 6, the least of first and last .* got 7"),
    ],
)
def test_what_does_not_fit_is_refused(widths: list[int], count: int, message: str) -> None:
    build = partial(DeepLinear, "deep_linear", init_std=0.1, cap=1e6)
    with pytest.raises(InvalidInput, match=message):
        build(widths, [1.0] * count)


def _map(data: Data) -> np.ndarray:
    """Return A, from the targets of the inputs."""
    return np.linalg.solve(data.inputs.numpy(), data.eval_targets.numpy()).T


def _product(weights: np.ndarray | list[np.ndarray]) -> np.ndarray:
    return reduce(lambda product, weight: weight @ product, weights)


def _gradient(weights: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the gradient by each square factor, (all after it)^T (product - A) (all before it)^T."""
    error, one = _product(weights) - target, [np.eye(len(target))]
    slopes = [
        _product([*one, *weights[i + 1 :]]).T @ error @ _product([*one, *weights[:i]]).T
        for i in range(len(weights))
    ]
    return np.stack(slopes)


def _loss(problem: Problem, data: Data, weights: np.ndarray | list[np.ndarray]) -> float:
    model = problem.model()
    flat = np.concatenate([weight.ravel() for weight in weights])
    nn.utils.vector_to_parameters(torch.from_numpy(flat), model.parameters())
    return problem.loss(model(*data.arguments), data.eval_targets).item()


def _start(problem: Problem, seed: int) -> list[np.ndarray]:
    model = problem.model()
    problem.initialise(model, Source(problem.name, seed))
    return [weight.detach().numpy() for weight in model.parameters()]
