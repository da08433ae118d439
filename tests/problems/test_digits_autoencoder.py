"""The autoencoder of the digits: instances, NumPy's forward pass, the bound by principal components, the plateau."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from study.problems.base import Data, Problem
from study.problems.digits_autoencoder import left_by_components
from study.randomness import Source

Build = Callable[..., Problem]


def _started(problem: Build, seed: int) -> tuple[Problem, nn.Module, Data]:
    p, source = problem("digits_autoencoder"), Source("digits_autoencoder", seed)
    model = p.model()
    p.initialise(model, source)
    return p, model, p.data(source)


def test_seeds_are_other_instances_and_each_the_same_again(problem: Build) -> None:
    found = [_started(problem, seed) for seed in (0, 0, 1)]
    starts = [nn.utils.parameters_to_vector(model.parameters()) for _, model, _ in found]
    assert starts[0].shape == (2276,)
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])
    inputs = [data.inputs for _, _, data in found]
    assert torch.equal(inputs[0], inputs[1])
    assert not torch.equal(inputs[0], inputs[2])


def test_an_image_is_its_own_target_in_training_and_test(problem: Build) -> None:
    _, _, data = _started(problem, 0)
    assert data.test is not None
    for part in (data, data.test):
        assert torch.equal(part.inputs, part.targets)
        assert torch.equal(part.inputs, part.eval_targets)
    assert (len(data.inputs), len(data.test.inputs)) == (1437, 360)


def test_loss_is_numpys(problem: Build) -> None:
    p, model, data = _started(problem, 0)
    x = data.inputs.double().numpy()
    w1, b1, w2, b2, w3, b3, w4, b4 = (values.detach().double().numpy() for values in model.parameters())
    code = np.tanh(x @ w1.T + b1) @ w2.T + b2
    assert code.shape[1] == 4
    made = np.tanh(code @ w3.T + b3) @ w4.T + b4
    assert p.loss(model(data.inputs), data.targets).item() == pytest.approx(
        ((made - x) ** 2).mean(), rel=1e-6
    )


def test_the_floor_is_what_principal_components_leave(problem: Build) -> None:
    """NumPy's singular values of the centred images; their first 16 directions reach it."""
    p, _, data = _started(problem, 0)
    x = data.inputs.double().numpy()
    u, s, v = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    best = (u[:, :16] * s[:16]) @ v[:16] + x.mean(axis=0)
    assert p.floor(data) == pytest.approx(((best - x) ** 2).mean(), rel=1e-10)
    assert p.constant_loss(data) == pytest.approx(x.var(axis=0).mean(), rel=1e-10)
    assert left_by_components(data.inputs, 4) == pytest.approx((s[4:] ** 2).sum() / x.size, rel=1e-10)
    assert left_by_components(data.inputs, 100) == 0


def test_predictions_lie_in_sixteen_dimensions(problem: Build) -> None:
    _, model, data = _started(problem, 0)
    made = model(data.inputs).detach().double()
    singular = torch.linalg.svdvals(made - made.mean(dim=0))
    assert singular[16] < 1e-5 * singular[0]  # float32


def test_the_mean_image_is_learned_first_and_then_nothing_for_long(problem: Build) -> None:
    p, model, data = _started(problem, 0)
    descent, losses = torch.optim.SGD(model.parameters(), lr=1.0), []
    for _ in range(101):
        descent.zero_grad()
        loss = p.loss(model(data.inputs), data.targets)
        loss.backward()
        descent.step()
        losses.append(loss.item())
    constant = p.constant_loss(data)
    assert constant is not None
    assert losses[0] > 2 * constant
    assert constant * 0.95 < losses[100] < losses[60] < constant * 1.05
    assert (np.diff(losses) < 0).all()
