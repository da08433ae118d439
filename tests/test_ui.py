"""`make ui` refuses what it cannot serve, in one line, before MLflow is started."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from study import ui
from study.errors import InvalidInput


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["port=abc"], "port must be a whole number from 1 to 65535, got 'abc'"),
        (["port="], "port must be a whole number from 1 to 65535, got ''"),
        (["port=0"], "port must be a whole number from 1 to 65535, got '0'"),
        (["port=-1"], "port must be a whole number from 1 to 65535, got '-1'"),
        (["port=65536"], "port must be a whole number from 1 to 65535, got '65536'"),
        (["port=50.5"], "port must be a whole number from 1 to 65535, got '50.5'"),
        (["port=²"], "port must be a whole number from 1 to 65535, got '²'"),
        (["prot=5000"], "an option must be port=<number> or tracking.uri=<uri>, got 'prot=5000'"),
        (["5000"], "an option must be port=<number> or tracking.uri=<uri>, got '5000'"),
        (["tracking.uri=ftp://x"], "tracking.uri must be sqlite:///<file>"),
        (["tracking.uri=http://localhost:5000"], "open http://localhost:5000 in a browser instead"),
    ],
)
def test_what_cannot_be_served_is_refused(words: list[str], message: str, port: int) -> None:
    given = words if words[0].startswith("port") else [f"port={port}", *words]
    with pytest.raises(InvalidInput) as refusal:
        ui.serve(given)
    assert message in str(refusal.value)


def test_a_busy_port_names_a_free_one(port: int, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((ui.HOST, port))
        other.listen()
        with pytest.raises(InvalidInput) as refusal:
            ui.serve([f"port={port}", f"tracking.uri=sqlite:///{tmp_path}/x.db"])
    said = str(refusal.value)
    assert f"port must be free, got {port}, which another program holds" in said
    assert f"make ui PORT={port % 65535 + 1}" in said


def test_a_store_that_is_not_there_is_not_made(port: int, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"the store must hold runs, got none at .*; run make sweep first"):
        ui.serve([f"port={port}", f"tracking.uri=sqlite:///{tmp_path}/x.db"])
    assert list(tmp_path.iterdir()) == []


def test_mlflow_serves_the_store_on_this_machine_alone(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.db").touch()
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda program, words: started.append([program, *words[1:]]))
    monkeypatch.setenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "unset")  # so that it is put back afterwards
    ui.serve([f"port={port}", f"tracking.uri=sqlite:///{tmp_path}/x.db"])
    ((program, *words),) = started
    assert program == sys.executable
    assert words[:3] == ["-m", "mlflow", "server"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert options["--host"] == "127.0.0.1"
    assert options["--port"] == str(port)
    assert options["--backend-store-uri"] == f"sqlite:///{tmp_path}/x.db"
    assert options["--default-artifact-root"] == str(tmp_path / "artifacts")
    assert f"http://127.0.0.1:{port}" in capsys.readouterr().out


def test_help_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    ui.serve(["--help"])
    assert "python -m study.ui port=5000" in capsys.readouterr().out


def test_a_person_sees_one_line(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = command(tmp_path, "study.ui", "port=abc")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "port must be a whole number from 1 to 65535, got 'abc'\n"


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((ui.HOST, 0))
        return int(probe.getsockname()[1])
