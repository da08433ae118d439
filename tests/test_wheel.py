"""What a person has who installs the study without a checkout: it works from any folder, and leaves its own there."""

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


def test_every_file_is_in_the_wheel_once(wheel: Path) -> None:
    held = [name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert sorted(held) == sorted(_expected())
    assert {"study/conf/config.yaml", "study/report/templates/report.md.j2", "study/py.typed"} < set(held)
    assert {f"study/problems/data/{name}.npz" for name in ("digits", "breast_cancer")} < set(held)
    assert "hydra_plugins/stacked_launcher.py" in held


def test_the_smoke_experiment_runs_from_an_empty_folder(study: Path, tmp_path: Path) -> None:
    assert "8 runs" in _run(tmp_path, study, "train", "experiment=smoke")
    assert "nothing to train" in _run(tmp_path, study, "train", "experiment=smoke")
    assert "report of smoke" in _run(tmp_path, study, "report", "experiment=smoke")
    assert {path.name for path in tmp_path.iterdir()} == {"mlruns", "reports"}
    assert (tmp_path / "mlruns/mlflow.db").is_file()
    assert "The headline in small" in (tmp_path / "reports/smoke/report.md").read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel; without hatchling here, pip fetches today's."""
    folder = tmp_path_factory.mktemp("wheel")
    alone = ["--no-build-isolation"] if find_spec("hatchling") else []
    _pip("wheel", "--no-deps", *alone, f"--wheel-dir={folder}", str(ROOT))
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def study(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own, which sees the packages of this one; return its program."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder)
    _pip("--python", str(folder / "bin/python"), "install", "--no-deps", "--no-index", str(wheel))
    (own,) = folder.glob("lib/python*/site-packages")
    others = [path for path in sys.path if Path(path).name == "site-packages"]
    (own / "others.pth").write_text("\n".join(others))  # theirs are not read: no editable study among them
    return folder / "bin/study"


def _expected() -> Iterator[str]:
    """Yield where each file of the study and of its configs lies in the wheel."""
    for path in (
        path for folder in ("study", "conf") for path in (ROOT / folder).rglob("*") if path.is_file()
    ):
        name = path.relative_to(ROOT).as_posix()
        if "__pycache__" not in path.parts:
            yield name.removeprefix("study/_plugins/") if name.startswith("study/") else f"study/{name}"


def _pip(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _run(folder: Path, *words: str | Path) -> str:
    """Run a program and return what it said."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout
