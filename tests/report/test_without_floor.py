"""A problem whose floor nobody knows, from its file to its page: compared by plain differences against its margin."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest

PROBLEM = """
from dataclasses import dataclass

import torch
from torch import nn

from study import Data, Problem


@dataclass(frozen=True)
class Wave(Problem):
    name: str
    cap: float
    margin: float

    def data(self, source):
        x = torch.linspace(-1, 1, 40)[:, None]
        y = (2 * x).sin() + 0.1 * torch.randn(x.shape, generator=source.generator("data"))
        return Data(x, y, y)

    def model(self):
        return nn.Linear(1, 1)

    def initialise(self, model, source):
        for parameter in model.parameters():
            nn.init.normal_(parameter, generator=source.generator("init"))

    def loss(self, prediction, target):
        return (prediction - target).square().mean()

    def floor(self, data):
        return None
"""
YAML = """# @package _global_
problem: {name: wave, _target_: my_wave.Wave, cap: 1000.0, margin: 0.05}
epochs: 6
batch_size: 10
"""


@pytest.mark.slow
def test_it_is_trained_and_compared_in_its_own_unit(
    tmp_path: Path, command: Callable[..., CompletedProcess[str]]
) -> None:
    (tmp_path / "my_wave.py").write_text(PROBLEM)
    (tmp_path / "conf" / "problem").mkdir(parents=True)
    (tmp_path / "conf" / "problem" / "wave.yaml").write_text(YAML)
    store = f"tracking.uri=sqlite:///{tmp_path}/store/mlflow.db"
    rates = "optimizer.lr=0.001,0.1,0.101"
    done = command(
        tmp_path, "study.train", "--config-dir", "conf", "-m", "problem=wave", rates, "seeds=12", store
    )
    assert done.returncode == 0, done.stderr
    done = command(tmp_path, "study.report", "tracking.experiment=playground", store, "report.out=pages")
    assert done.returncode == 0, done.stderr
    pairs = pd.read_csv(tmp_path / "pages" / "pairs.csv")
    assert pairs["scale"].tolist() == ["difference"] * 3
    assert pairs["margin"].tolist() == [0.05] * 3
    losses = pd.read_csv(tmp_path / "pages" / "summary.csv").set_index("label")["median"]
    assert pairs["verdict"].tolist()[:2] == ["worse by more than M"] * 2
    assert losses["sgd lr=0.001"] > losses["sgd lr=0.1"] + 0.05
    assert pairs["verdict"][2] in ("equivalent", "better by less than M", "worse by less than M")
    page = (tmp_path / "pages" / "report.md").read_text()
    assert "0.05 either way is the margin that the problem's file gives, since no floor is known" in page
    assert "sgd lr=0.001 against sgd lr=0.1" in page
