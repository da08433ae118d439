"""The convolution on the digits: instances, SciPy's forward pass, the bound 0, and that places share a filter."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from torch import nn

from study.problems.base import Data, Problem
from study.randomness import Source

Build = Callable[..., Problem]


def _started(problem: Build, seed: int) -> tuple[Problem, nn.Module, Data]:
    p, source = problem("digits_conv"), Source("digits_conv", seed)
    model = p.model()
    p.initialise(model, source)
    return p, model, p.data(source)


def test_seeds_are_other_instances_and_each_the_same_again(problem: Build) -> None:
    found = [_started(problem, seed) for seed in (0, 0, 1)]
    starts = [nn.utils.parameters_to_vector(model.parameters()) for _, model, _ in found]
    assert starts[0].shape == (410,)
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])
    inputs = [data.inputs for _, _, data in found]
    assert torch.equal(inputs[0], inputs[1])
    assert not torch.equal(inputs[0], inputs[2])


def test_logits_are_scipys(problem: Build) -> None:
    _, model, data = _started(problem, 0)
    filters, offsets, weight, bias = (values.detach().double().numpy() for values in model.parameters())
    images = data.inputs[:5].double().numpy().reshape(-1, 8, 8)
    maps = np.array(
        [
            [correlate2d(image, f[0], mode="valid") + a for f, a in zip(filters, offsets, strict=True)]
            for image in images
        ]
    )
    pooled = np.maximum(maps, 0).reshape(5, 4, 3, 2, 3, 2).mean(axis=(3, 5))
    logits = pooled.reshape(5, -1) @ weight.T + bias
    np.testing.assert_allclose(model(data.inputs[:5]).detach(), logits, rtol=1e-4, atol=1e-6)  # float32


def test_zero_bounds_cross_entropy_and_is_approached(problem: Build) -> None:
    p, _, data = _started(problem, 0)
    assert p.floor(data) == 0
    right = nn.functional.one_hot(data.targets, 10).float()
    assert 0 <= p.loss(100 * right, data.targets) < 1e-30
    assert p.metrics(right, data.targets) == {"accuracy": 1}


def test_a_filter_meets_all_places_alike(problem: Build) -> None:
    """A blot moved by two pixels, the size of what is averaged, moves in the maps and changes no value."""
    _, model, _ = _started(problem, 0)
    blot = torch.zeros(1, 8, 8)
    blot[0, 2:4, 2:4] = torch.tensor([[0.2, 1.0], [0.7, 0.4]])
    maps = nn.Sequential(*list(model.children())[:4])
    here, there = (maps(image.flatten(1)) for image in (blot, blot.roll(2, dims=2)))
    torch.testing.assert_close(here[..., :2], there[..., 1:])
    assert not torch.equal(here, there)


def test_gradient_descent_learns(problem: Build) -> None:
    p, model, data = _started(problem, 1)
    descent, losses = torch.optim.SGD(model.parameters(), lr=0.2), []
    for _ in range(20):
        descent.zero_grad()
        loss = p.loss(model(data.inputs), data.targets)
        loss.backward()
        descent.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(np.log(10), abs=0.1)
    assert (np.diff(losses) < 0).all()
    assert losses[-1] < losses[0] - 0.05
