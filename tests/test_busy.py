"""What is said first: on a terminal, before anything large is imported; elsewhere nothing."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from study.busy import busy
from tests.sweep.processes import on_a_terminal

TELLING = """
import os, sys
LARGE = ("torch", "mlflow", "pandas", "numpy", "scipy")
class Telling:
    def find_spec(self, name, path=None, target=None):
        if name in LARGE:
            os.write(2, f"<{name}>".encode())
if b"study.tracking" not in open("/proc/self/cmdline", "rb").read():
    sys.meta_path.insert(0, Telling())
"""


def test_each_line_takes_the_place_of_the_last(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    busy("composing 2 jobs")
    busy()
    assert capsys.readouterr().err == "\r\x1b[Kcomposing 2 jobs ...\r\x1b[K"


def test_nothing_is_said_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    busy("composing 2 jobs")
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_the_first_word_of_a_sweep_comes_before_its_imports(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(TELLING)
    said = _on_a_terminal(tmp_path, "-m", "optimizer=sgd,adam", "seeds=1", "epochs=1")
    assert said.startswith("\r\x1b[Kcomposing 2 jobs ...")
    assert (
        0
        < said.index("composing")
        < said.index("importing torch, and checking 2 jobs")
        < said.index("<torch>")
    )
    assert said.index("opening the store ...\r\x1b[K") < said.index("training")


@pytest.mark.slow
def test_a_refusal_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    said = _on_a_terminal(tmp_path, "optimizer.lr=-1")
    assert said.endswith("\r\x1b[Koptimizer.lr must be a finite number > 0, got -1\r\n")


@pytest.mark.slow
def test_elsewhere_a_sweep_with_nothing_to_train_says_nothing_but_its_end(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    words = ["seeds=1", "epochs=1", f"tracking.uri=sqlite:///{tmp_path}/store/mlflow.db"]
    assert command(tmp_path, "study.train", *words).stderr.count("\n") == 1
    assert command(tmp_path, "study.train", *words).stderr == ""


def _on_a_terminal(folder: Path, *words: str) -> str:
    """Train with a pseudo-terminal as standard error, and return what was written there."""
    environment = {"STUDY_HYDRA_DIR": str(folder / "hydra"), "PYTHONPATH": str(folder)}
    store = f"tracking.uri=sqlite:///{folder}/store/mlflow.db"
    said, _ = on_a_terminal([sys.executable, "-m", "study.train", *words, store], environment, folder)
    return said
