"""The small network on the digits: instances, NumPy's forward pass, the bound 0, and that it is not convex."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from study.problems.base import Data, Problem
from study.randomness import Source

Build = Callable[..., Problem]


def _started(problem: Build, seed: int) -> tuple[Problem, nn.Module, Data]:
    p, source = problem("digits_mlp"), Source("digits_mlp", seed)
    model = p.model()
    p.initialise(model, source)
    return p, model, p.data(source)


def test_seeds_are_other_instances_and_each_the_same_again(problem: Build) -> None:
    found = [_started(problem, seed) for seed in (0, 0, 1)]
    starts = [nn.utils.parameters_to_vector(model.parameters()) for _, model, _ in found]
    assert starts[0].shape == (1210,)
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])
    inputs = [data.inputs for _, _, data in found]
    assert torch.equal(inputs[0], inputs[1])
    assert not torch.equal(inputs[0], inputs[2])


def test_loss_is_numpys(problem: Build) -> None:
    p, model, data = _started(problem, 0)
    w1, b1, w2, b2 = (values.detach().double().numpy() for values in model.parameters())
    x, y = data.inputs.double().numpy(), data.targets.numpy()
    logits = np.maximum(x @ w1.T + b1, 0) @ w2.T + b2
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -np.log(chances[np.arange(len(y)), y]).mean()
    assert p.loss(model(data.inputs), data.targets).item() == pytest.approx(expected, rel=1e-6)  # float32
    accuracy = p.metrics(model(data.inputs), data.targets)["accuracy"]
    assert accuracy.item() == pytest.approx((logits.argmax(axis=1) == y).mean(), rel=1e-6)


def test_zero_bounds_cross_entropy_and_is_approached(problem: Build) -> None:
    p, _, data = _started(problem, 0)
    assert p.floor(data) == 0
    right = nn.functional.one_hot(data.targets, 10).float()
    losses = [p.loss(size * right, data.targets).item() for size in (1.0, 10.0, 100.0)]
    assert losses == sorted(losses, reverse=True)
    assert 0 <= losses[-1] < 1e-30


def test_it_is_not_convex(problem: Build) -> None:
    """Hidden units in another order are the same function: a convex loss would be no higher half-way."""
    p, model, data = _started(problem, 0)
    descent = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(60):
        descent.zero_grad()
        p.loss(model(data.inputs), data.targets).backward()
        descent.step()
    own = dict(model.named_parameters())
    turned = {
        name: values if name == "2.bias" else values.roll(1, dims=1 if name == "2.weight" else 0)
        for name, values in own.items()
    }
    half_way = {name: (own[name] + turned[name]) / 2 for name in own}

    def loss(parameters: Mapping[str, Tensor]) -> float:
        prediction = torch.func.functional_call(model, dict(parameters), (data.inputs,))
        return p.loss(prediction, data.targets).item()

    assert loss(turned) == pytest.approx(loss(own), rel=1e-5)
    assert loss(half_way) > 1.5 * loss(own)


def test_gradient_descent_learns_what_holds_for_images_not_seen(problem: Build) -> None:
    p, model, data = _started(problem, 1)
    assert data.test is not None
    descent = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(100):
        descent.zero_grad()
        p.loss(model(data.inputs), data.targets).backward()
        descent.step()
    assert p.metrics(model(data.test.inputs), data.test.targets)["accuracy"] > 0.8
