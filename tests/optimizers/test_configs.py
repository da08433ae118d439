"""Every optimizer of the config tree is what its file says: a new YAML is tested the moment it exists."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
import yaml
from torch import Tensor

from study.training.build import build_optimizer, is_elementwise

TREE = Path(__file__).parents[2] / "conf/optimizer"
FILES = sorted(TREE.rglob("*.yaml"))
RUNS, ELEMENTS, STEPS = 3, 6, 20


def _config(path: Path) -> dict[str, object]:
    config: dict[str, object] = yaml.safe_load(path.read_text())
    return config


@pytest.fixture(params=FILES, ids=lambda path: path.relative_to(TREE).with_suffix("").as_posix())
def path(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_name_is_the_path_and_the_first_line_a_command_with_it(path: Path) -> None:
    name = path.relative_to(TREE).with_suffix("").as_posix()
    assert _config(path)["name"] == name
    assert path.read_text().startswith(f"# study train optimizer={name} optimizer.")


def test_elementwise_is_said_only_where_it_is_not_so(path: Path) -> None:
    assert _config(path).get("elementwise", False) is False


def test_treats_elements_alone_exactly_if_its_file_says_so(path: Path) -> None:
    assert _is_elementwise(_config(path)) == is_elementwise(_config(path))


def test_a_file_that_lies_is_caught() -> None:
    adafactor, adam = _config(TREE / "adafactor.yaml"), _config(TREE / "adam.yaml")
    del adafactor["elementwise"]
    assert _is_elementwise(adafactor) != is_elementwise(adafactor)
    assert _is_elementwise({**adam, "elementwise": False}) != is_elementwise({**adam, "elementwise": False})


def test_lion_of_another_package_is_lion() -> None:
    """Chen et al. (2023), algorithm 2: step along the sign of an interpolation, then average."""
    gradients = _gradients()
    (stacked,) = _walk(_config(TREE / "lion.yaml"), [torch.ones(RUNS, ELEMENTS).double()], [gradients])
    theta, m = torch.ones(RUNS, ELEMENTS).double(), torch.zeros(RUNS, ELEMENTS).double()
    for g in gradients:
        theta = theta - 0.001 * torch.sign(0.9 * m + 0.1 * g)
        m = 0.99 * m + 0.01 * g
    torch.testing.assert_close(stacked, theta, rtol=1e-13, atol=0)  # twenty rounded sums


def _gradients() -> Tensor:
    scale = torch.logspace(-2, 1, RUNS * ELEMENTS).reshape(RUNS, ELEMENTS)  # so that a shared norm is seen
    return torch.randn(STEPS, RUNS, ELEMENTS, generator=torch.Generator().manual_seed(0)).double() * scale


def _is_elementwise(config: Mapping[str, object]) -> bool:
    """Walk as one tensor, as shuffled rows and columns, and as one tensor per element: is it one path?"""
    gradients, start = _gradients(), torch.linspace(-2, 2, RUNS * ELEMENTS).double().reshape(RUNS, ELEMENTS)
    (whole,) = _walk(config, [start], [gradients])
    singles = _walk(config, [*start.reshape(-1, 1)], [*gradients.reshape(STEPS, -1, 1).unbind(1)])
    flipped = _walk(config, [start.T.flip(0)], [gradients.mT.flip(1)])[0].flip(0).T
    alike = [
        torch.allclose(other, whole, rtol=1e-12, atol=1e-12)
        for other in (torch.cat(singles).reshape_as(whole), flipped)
    ]
    return all(alike)


def _walk(config: Mapping[str, object], starts: list[Tensor], gradients: list[Tensor]) -> list[Tensor]:
    """Return where each parameter ends under an instance of its own, given its gradients by step."""
    ends = []
    for start, sequence in zip(starts, gradients, strict=True):
        theta = torch.nn.Parameter(start.clone())
        optimizer = build_optimizer(config, [theta])
        for g in sequence:
            theta.grad = g.clone()
            optimizer.step()
        ends.append(theta.detach())
    return ends
