"""A key that decides nothing is told, with its file; one that a value refers to helps, and is let pass."""

from pathlib import Path

import pytest
import yaml

from study.config import keys
from study.config.compose import compose
from study.config.keys import require_known
from study.config.paths import CONF
from study.errors import InvalidInput

_HEAD = "# @package _global_\n"


def _require(folder: Path, text: str) -> None:
    file = folder / "experiment" / "mine.yaml"
    file.parent.mkdir()
    file.write_text(_HEAD + text)
    require_known(compose("config", ["experiment=mine"], folder), folder)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("epoch: 5\n", "or one that a value refers to; got 'epoch' in {file}; did you mean 'epochs'?"),
        ("experiment: mine\n", "got 'experiment' in {file}"),
        ("stack: {max_run: 5}\n", "got 'max_run' in {file}; did you mean 'max_runs'?"),
        ("report: {foo: 1}\n", "a key of report must be one of beside, colors"),
        ("tracking: {url: x}\n", "a key of tracking must be one of experiment, uri; got 'url' in {file}"),
    ],
)
def test_a_key_that_nothing_reads_is_told(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as error:
        _require(tmp_path, text)
    assert told.format(file=tmp_path / "experiment" / "mine.yaml") in str(error.value)


def test_a_key_that_helps_another_is_let_pass(tmp_path: Path) -> None:
    _require(tmp_path, "rates: {sgd: 0.1}\noptimizer:\n  lr: ${rates[${optimizer.name}]}\nepochs: 3\n")


def test_the_keys_are_those_that_yaml_reads() -> None:
    def tree(file: str) -> dict[str, object]:
        return dict(yaml.safe_load((CONF / file).read_text()))

    top, nodes = keys._known()
    config = tree("config.yaml")
    groups = {"problem", "optimizer", "schedule", "tracking", "report"}
    assert top == config.keys() - {"defaults"} | groups
    assert nodes["stack"] == dict(config["stack"]).keys()  # type: ignore[call-overload]
    assert nodes["report"] == tree("report/default.yaml").keys()
    assert nodes["tracking"] == tree("tracking/local.yaml").keys()
