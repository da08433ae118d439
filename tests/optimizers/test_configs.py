"""Every optimizer of the config tree is what its file says: a new YAML is tested the moment it exists."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
import yaml

from study.certify.check import Verdict, in_turn
from study.certify.optimizer import separation
from study.certify.rule import CHANGE, FACTOR, Subject, difference, quadratic_gradients

CONF = Path(__file__).parents[2] / "conf"
TREE = CONF / "optimizer"
FILES = sorted(TREE.rglob("*.yaml"))


def _config(path: Path) -> dict[str, object]:
    node: dict[str, object] = yaml.safe_load(path.read_text())
    return node


def _failed(config: Mapping[str, object]) -> set[str]:
    """Return the checks that a rule fails of those that the trainer relies on."""
    rule = Subject(config)
    return {name for name, one in in_turn(rule, separation(rule)).items() if one.verdict is Verdict.FAILED}


@pytest.fixture(params=FILES, ids=lambda path: path.relative_to(TREE).with_suffix("").as_posix())
def path(request: pytest.FixtureRequest) -> Path:
    """Return one of the files."""
    file: Path = request.param
    return file


def test_its_name_is_its_path_and_its_first_line_a_command_with_it(path: Path) -> None:
    name = path.relative_to(TREE).with_suffix("").as_posix()
    assert _config(path)["name"] == name, f"{path} must say name: {name}, its path below conf/optimizer/"
    first, command = path.read_text().partition("\n")[0], f"# study train optimizer={name} optimizer."
    assert first.startswith(command), (
        f"the first line of {path} must be a command that overrides one of its values, as in "
        f"{command}lr=0.1; it is {first!r}"
    )


def test_a_shipped_file_declares_whether_its_rule_is_elementwise(path: Path) -> None:
    assert isinstance(_config(path).get("elementwise"), bool), (
        f"{path}: else each of its settings is measured"
    )


@pytest.mark.slow
def test_a_file_that_lies_is_caught() -> None:
    adafactor, adam = _config(TREE / "adafactor.yaml"), _config(TREE / "adam.yaml")
    lie = {**adafactor, "elementwise": True}
    assert _failed(lie) == {
        "elements are independent",
        "runs are independent",
        "stack",
    }
    assert _failed({**adam, "elementwise": False}) == {"elements mix, as declared"}


def test_lion_of_another_package_is_lion() -> None:
    """Chen et al. (2023), algorithm 2: step along the sign of an interpolation, then average."""
    gradients = quadratic_gradients()
    theta = m = torch.zeros_like(gradients[0])
    for taken, g in enumerate(gradients):
        rate = 0.001 if taken < CHANGE else 0.001 * FACTOR
        theta = theta - rate * torch.sign(0.9 * m + 0.1 * g)
        m = 0.99 * m + 0.01 * g
    end = Subject(_config(TREE / "lion.yaml")).walk(gradients)[-1]
    torch.testing.assert_close(end, theta, rtol=1e-13, atol=1e-13)  # 400 rounded sums


def test_muon_of_another_class_is_muon_on_matrices_where_gradients_are_short() -> None:
    """Jordan (2024): orthogonalise the average by five Newton-Schulz steps; gradients beyond a norm of 1 are cut."""
    gradients = 0.01 * quadratic_gradients()[:60]
    assert gradients.norm(dim=(1, 2)).max() < 1
    theta = m = torch.zeros_like(gradients[0])
    for g in gradients:
        m = 0.9 * m + 0.1 * g
        x = m / m.norm()
        for _ in range(5):
            gram = x @ x.T
            x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
        theta = theta - 0.02 * x
    rule = Subject(_config(TREE / "muon.yaml"))
    assert difference(rule.walk(gradients)[-1], theta) < 0.02  # half precision, in which it computes
    turned = rule.walk(gradients.mT)[-1].T
    assert difference(turned, (4 / 3) ** 0.5 * theta) < 0.02  # a step is as long as its tall matrix


def test_muon_of_another_class_is_adam_on_vectors() -> None:
    gradients = quadratic_gradients()[:60, 0]
    adam = {**_config(TREE / "adam.yaml"), "_target_": "study.optimizers.adam.Adam"}
    muon = Subject(_config(TREE / "muon.yaml"))
    assert difference(muon.walk(gradients), Subject(adam).walk(gradients)) < 1e-6  # 1e-15 more under the root
