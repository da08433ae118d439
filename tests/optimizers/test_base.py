"""What all rules from scratch share, over the YAMLs that name them."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
import yaml

from study.training.build import build_optimizer

SCRATCH = sorted((Path(__file__).parents[2] / "conf/optimizer/scratch").glob("*.yaml"))


@pytest.fixture(params=SCRATCH, ids=lambda path: path.stem)
def config(request: pytest.FixtureRequest) -> Mapping[str, object]:
    config: Mapping[str, object] = yaml.safe_load(request.param.read_text())
    return config


def test_updates_in_place_and_leaves_the_gradient_alone(config: Mapping[str, object]) -> None:
    stack, buffer = torch.randn(5, 7, generator=torch.Generator().manual_seed(0)), torch.ones(5, 7)
    view = torch.nn.Parameter(stack[1:3])
    view.grad = buffer[1:3]
    before, address = stack.clone(), view.data_ptr()
    build_optimizer(config, [view]).step()
    assert view.data_ptr() == address
    assert view.grad.data_ptr() == buffer[1:3].data_ptr()
    assert torch.equal(buffer, torch.ones(5, 7))
    changed = (stack != before).all(dim=1)
    assert changed.tolist() == [False, True, True, False, False]


def test_skips_what_has_no_gradient(config: Mapping[str, object]) -> None:
    theta = torch.nn.Parameter(torch.ones(3))
    optimizer = build_optimizer(config, [theta])
    optimizer.step()
    assert torch.equal(theta.detach(), torch.ones(3))
    assert not optimizer.state[theta]


def test_goes_on_from_its_state_dict(config: Mapping[str, object]) -> None:
    gradients = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    whole, first = (torch.nn.Parameter(torch.ones(3)) for _ in range(2))
    uninterrupted, interrupted = build_optimizer(config, [whole]), build_optimizer(config, [first])
    for g in gradients[:5]:
        whole.grad, first.grad = g.clone(), g.clone()
        uninterrupted.step()
        interrupted.step()
    second = torch.nn.Parameter(first.detach().clone())
    resumed = build_optimizer(config, [second])
    resumed.load_state_dict(interrupted.state_dict())
    for g in gradients[5:]:
        whole.grad, second.grad = g.clone(), g.clone()
        uninterrupted.step()
        resumed.step()
    assert torch.equal(whole, second)
