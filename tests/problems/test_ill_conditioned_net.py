"""The ill-conditioned network: the condition of map and Hessian by NumPy, and what solves it where descent stalls."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.optimize
import torch
from torch import nn
from torch.autograd.functional import hessian

from study.problems.base import Data, Problem
from study.randomness import Source
from study.training.result import Trained

Build = Callable[..., Problem]
NAME = "ill_conditioned_net"


@pytest.mark.parametrize("seed", [0, 10])
def test_the_map_has_condition_number_1e5(seed: int, problem: Build) -> None:
    target = _map(problem(NAME).data(Source(NAME, seed)))
    assert target.shape == (10, 6)
    assert np.linalg.cond(target) == pytest.approx(1e5, rel=1e-6)
    assert abs(target - _map(problem(NAME).data(Source(NAME, seed + 1)))).max() > 0.01


def test_the_curvatures_at_a_balanced_minimum_differ_by_as_much(problem: Build) -> None:
    """By hand s_i + s_j for each row i and column j of the map, s_i = 0 beyond the sixth; the other 36 are 0."""
    p = problem(NAME)
    data, model = p.data(Source(NAME, 0)), p.model()
    u, s, vt = np.linalg.svd(_map(data), full_matrices=False)
    best = torch.from_numpy(np.concatenate([(s[:, None] ** 0.5 * vt).ravel(), (u * s**0.5).ravel()]))
    nn.utils.vector_to_parameters(best, model.parameters())
    assert p.loss(model(*data.arguments), data.targets).item() < 1e-28
    assert p.floor(data) == 0

    def height(flat: torch.Tensor) -> torch.Tensor:
        params = {"0.weight": flat[:36].view(6, 6), "1.weight": flat[36:].view(10, 6)}
        return p.loss(torch.func.functional_call(model, params, data.arguments), data.targets)

    found = np.linalg.eigvalsh(hessian(height, best))
    rows = np.concatenate([s, np.zeros(4)])
    expected = np.concatenate([np.zeros(36), np.add.outer(rows, s).ravel()])
    np.testing.assert_allclose(found, np.sort(expected), atol=1e-13)
    assert found[-1] / found[36] == pytest.approx(2e5, rel=1e-6)


@pytest.mark.slow
def test_least_squares_solves_it_where_gradient_descent_stalls(
    problem: Build, trained: Callable[..., Trained]
) -> None:
    """SciPy's trust region by least squares from the same start, in at most as many steps."""
    p = problem(NAME)
    model, data = p.model(), p.data(Source(NAME, 0))
    p.initialise(model, Source(NAME, 0))
    target = _map(data)
    start = nn.utils.parameters_to_vector(model.parameters()).detach().numpy()

    def residuals(flat: np.ndarray) -> np.ndarray:
        return np.asarray((flat[36:].reshape(10, 6) @ flat[:36].reshape(6, 6) - target).ravel())

    def jacobian(flat: np.ndarray) -> np.ndarray:
        first, second = flat[:36].reshape(6, 6), flat[36:].reshape(10, 6)
        return np.hstack([np.kron(second, np.eye(6)), np.kron(np.eye(10), first.T)])

    found = scipy.optimize.least_squares(
        residuals, start, jacobian, x_scale=1, ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=300
    )
    result = trained(f"problem={NAME}", "optimizer=sgd", "optimizer.lr=0.1", "seeds=1")
    assert result.train_loss[0, 0] == pytest.approx((residuals(start) ** 2).sum() / 2, rel=1e-12)
    assert (np.diff(result.train_loss) < 0).all()
    assert result.series["eval/loss"].values[0, -1] > 1e-5
    assert found.cost < 1e-20


def test_the_start_is_drawn_as_said(problem: Build) -> None:
    p, drawn = problem(NAME), []
    for seed in range(20):
        model = p.model()
        p.initialise(model, Source(NAME, seed))
        drawn.append(nn.utils.parameters_to_vector(model.parameters()).detach().numpy())
    assert np.std(drawn) == pytest.approx(0.4, rel=0.05)  # of 1,920 numbers
    assert len(np.unique(np.array(drawn)[:, 0])) == 20


def _map(data: Data) -> np.ndarray:
    """Return A, from the targets of the inputs."""
    return np.linalg.solve(data.inputs.numpy(), data.eval_targets.numpy()).T
