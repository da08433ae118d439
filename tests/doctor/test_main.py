"""The command: what it refuses, its exit status, and that it is quick because it imports neither torch nor MLflow."""

import subprocess
import sys
from pathlib import Path

import pytest

from study import cli
from study.cli import Asked
from study.doctor.__main__ import doctor
from study.errors import InvalidInput


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("port=0", "port must be a whole number"),
        ("fix=2", "fix must be true or false"),
        ("whole=x", "whole must be true or false, or null"),
        ("tracking.uri=mysql://x/y", "tracking.uri must be"),
    ],
)
def test_what_it_refuses(word: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        doctor(Asked((word,)))


def test_a_problem_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "runs.db"
    assert doctor(Asked((f"tracking.uri=sqlite:///{file}", "fix=true"))) == 0
    assert not file.exists()
    file.write_text("nothing of the kind, and longer than a header of SQLite's would be" * 3)
    assert doctor(Asked((f"tracking.uri=sqlite:///{file}",))) == cli.FAILED
    lines = capsys.readouterr().out.splitlines()
    assert all(line.split()[0] in ("ok", "warning", "problem") for line in lines)


@pytest.mark.slow
def test_it_imports_what_is_quick_alone(tmp_path: Path) -> None:
    code = (
        "import sys; from study.cli import Asked; from study.doctor.__main__ import doctor\n"
        f"doctor(Asked(('tracking.uri=sqlite:///{tmp_path}/runs.db',)))\n"
        "sys.exit(' '.join({'torch', 'mlflow', 'pandas', 'matplotlib'} & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
