"""`make ui`: what it refuses, and that it serves the store it is told to."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from hydra.errors import ConfigCompositionException

from study import ui
from study.cli import Asked
from study.config.location import Location
from study.errors import InvalidInput
from tests.sweep.processes import heed_interrupts


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind((ui.HOST, 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("value", ["", "0", "65536", "-1", "1.5", "http", "true", "null"])
def test_a_port_is_a_number(value: str) -> None:
    with pytest.raises(InvalidInput, match=r"^port must be a whole number from 1 to 65535, got "):
        ui.ui(Asked((f"port={value}",)))


def test_a_busy_port_is_told_with_another(port: int) -> None:
    with socket.socket() as other:
        other.bind((ui.HOST, port))
        other.listen()
        with pytest.raises(
            InvalidInput, match=rf"port must be free, got {port}, .* make ui PORT={port % 65535 + 1}"
        ):
            ui.ui(Asked((f"port={port}",)))


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (
            "http://server:5000",
            "tracking.uri must be a database to serve; open http://server:5000 in a browser",
        ),
        (
            "sqlite:///{folder}/none.db",
            "the store must hold runs, got none at .*none.db; run make sweep ARGS=.*none.db first",
        ),
        ("mysql://server/runs", "tracking.uri must be sqlite"),
    ],
)
def test_a_store_that_cannot_be_served(uri: str, message: str, port: int, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=message):
        ui.ui(Asked((f"port={port}", f"tracking.uri={uri.format(folder=tmp_path)}")))
    assert not list(tmp_path.iterdir())


def test_an_unknown_option() -> None:
    with pytest.raises(ConfigCompositionException, match="prt"):  # which `cli.run` explains
        ui.ui(Asked(("prt=1",)))


@pytest.mark.slow
def test_it_names_the_page_of_each_experiment_and_serves_it(port: int, tmp_path: Path) -> None:
    from study.tracking.store import open_store

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    store = open_store(Location.of(uri))
    store.describe("some study", "about")
    command = [sys.executable, "-m", "study.ui", f"port={port}", f"tracking.uri={uri}"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=heed_interrupts
        )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"MLflow UI on http://127.0.0.1:{port} (stop it with Ctrl-C)\n"
        name, _, page = process.stdout.readline().strip().partition(": ")
        assert name == "some study"
        assert page.startswith(f"http://127.0.0.1:{port}/#/experiments/{store.experiment_id(name)}/runs?")
        assert (
            process.stdout.readline()
            .strip()
            .startswith(f"later ones: http://127.0.0.1:{port}/#/experiments?")
        )
        assert "press `Model training`" in process.stdout.readline()
        _answers(f"http://127.0.0.1:{port}/health", process)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in (tmp_path / "log").read_text()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)


def _answers(url: str, process: subprocess.Popen[str]) -> None:
    last = time.monotonic() + 120
    while time.monotonic() < last:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{url} did not answer")
