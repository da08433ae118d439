"""What every problem of conf/problem must hold, by glob: a new YAML is tested the moment it exists."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from study.problems.base import Data, Problem
from study.randomness import Source

NAMES = sorted(path.stem for path in (Path(__file__).parents[2] / "conf" / "problem").glob("*.yaml"))
Build = Callable[..., Problem]


def test_the_tutorials_problems_are_there() -> None:
    assert {"parabola", "bowl", "linear", "polynomial", "airfoil"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_agrees_with_finite_differences(name: str, problem: Build) -> None:
    p = problem(name)
    module, data = _started(p, seed=1)
    few = [values[:12].double() for values in (data.inputs, data.targets)]
    start = torch.stack([_flat(module.double()), _flat(module.double()) + 0.1]).requires_grad_()

    def losses(runs: Tensor) -> Tensor:
        return vmap(lambda flat: _loss(p, module, flat, *few))(runs)

    assert torch.autograd.gradcheck(losses, start)  # central differences, both runs of a stack at once


@pytest.mark.parametrize("name", NAMES)
def test_no_parameters_reach_below_the_floor(name: str, problem: Build) -> None:
    p = problem(name)
    module, data = _started(p, seed=2)
    module = module.double()
    optimizer = torch.optim.LBFGS(module.parameters(), max_iter=200, tolerance_grad=1e-12, tolerance_change=0)

    def closure() -> float:
        optimizer.zero_grad()
        loss = p.loss(module(data.inputs.double()), data.eval_targets.double())
        loss.backward()
        return loss.item()

    optimizer.step(closure)
    excess = closure() - p.floor(data)
    assert excess >= -1e-12
    if not any(isinstance(layer, nn.ReLU) for layer in module.modules()):  # convex: the floor is reached
        assert excess <= 1e-9
        loss = p.loss(module(data.inputs.double()), data.eval_targets.double())
        assert all(g.abs().max() < 1e-4 for g in torch.autograd.grad(loss, list(module.parameters())))


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_gives_the_same_bits(name: str, problem: Build) -> None:
    first, again = (_bits(problem(name), seed=3) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"bowl"}))  # the bowl draws nothing
def test_other_seeds_give_other_numbers(name: str, problem: Build) -> None:
    seeds = [_bits(problem(name), seed=seed) for seed in range(4)]
    assert len({tuple(bits[-1].tolist()) for bits in seeds}) == 4


@pytest.mark.parametrize("name", NAMES)
def test_dtype_and_shapes_are_as_declared(name: str, problem: Build) -> None:
    p = problem(name)
    module, data = _started(p, seed=0)
    values = [data.inputs, data.targets, data.eval_targets, *module.parameters()]
    assert {v.dtype for v in values} == {p.dtype}
    assert module(data.inputs).shape == data.targets.shape == data.eval_targets.shape
    inputs = p.curve_inputs()
    assert inputs is None or module(inputs).shape == (len(inputs), 1)


def _started(p: Problem, *, seed: int) -> tuple[nn.Module, Data]:
    source = Source(p.name, seed)
    module = p.model().to(p.dtype)
    p.initialise(module, source)
    return module, p.data(source)


def _bits(p: Problem, *, seed: int) -> Sequence[Tensor]:
    module, data = _started(p, seed=seed)
    return [data.inputs, data.targets, data.eval_targets, _flat(module)]


def _flat(module: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().reshape(-1) for parameter in module.parameters()])


def _loss(p: Problem, module: nn.Module, flat: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
    named = dict(module.named_parameters())
    pieces = flat.split([parameter.numel() for parameter in named.values()])
    params = {key: piece.view(value.shape) for (key, value), piece in zip(named.items(), pieces, strict=True)}
    return p.loss(functional_call(module, params, (inputs,)), targets)
