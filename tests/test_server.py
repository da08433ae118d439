"""`make server`: whoever has the password has a store like any other, and a sweep gets over its end."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from study import server, sync
from study.cli import Asked
from study.config.location import Location
from study.errors import InvalidInput
from study.tracking.store import open_store

SWEEP = (
    *("-m", "problem=cauchy_sphere", "epochs=10", "stack.max_runs=4", "optimizer=sgd,adam", "seeds=10"),
    "tracking.experiment=served",
)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of commands that are started, which whoever runs PostgreSQL for root can enter."""
    with tempfile.TemporaryDirectory(prefix="study-served-") as name:
        Path(name).chmod(0o711)
        monkeypatch.setenv("STUDY_MLRUNS", name)
        yield Path(name)


@pytest.mark.parametrize("value", ["", "0", "65536", "http"])
def test_a_port_is_a_number(value: str) -> None:
    with pytest.raises(InvalidInput, match=r"^port must be a whole number from 1 to 65535, got "):
        server.serve(Asked((f"port={value}",)))


def test_what_a_password_needs_is_told(monkeypatch: pytest.MonkeyPatch, free_port: Callable[[], int]) -> None:
    monkeypatch.setattr(server, "find_spec", lambda _: None)
    with pytest.raises(InvalidInput, match=r"needs Flask-WTF; write pip install 'optimizer-study\[server\]'"):
        server.serve(Asked((f"port={free_port()}",)))


def test_root_keeps_the_database_where_postgresql_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server._data(tmp_path, {}) == tmp_path / "postgresql"
    for reached in (True, False):
        monkeypatch.setattr(server, "_reaches", lambda *_, reached=reached: reached)
        data = server._data(tmp_path, {"user": "root"})
        assert data.is_relative_to(tmp_path) == reached
    assert data.parent == Path("~root").expanduser()
    assert server._data(tmp_path, {"user": "root"}) == data


@pytest.mark.slow
def test_a_sweep_gets_over_the_end_of_a_server_that_has_a_password(
    folder: Path,
    free_port: Callable[[], int],
    command: Callable[..., subprocess.CompletedProcess[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    words = (*SWEEP, "tracking=server", f"tracking.uri={url}")
    with _serving(folder, port) as first:
        password = _password(folder)
        with pytest.raises(InvalidInput, match=r"asks for a name and a password that it knows \(401\)"):
            open_store(Location.of(url))  # this process knows of no file
        with _started("study.train", *words) as sweep:
            _wait_until(lambda: _runs(url, password, monkeypatch) != [] or sweep.poll() is not None)
            listed = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True).stdout
            (served,) = (pid for pid, args in _children(first).items() if "mlflow server" in args)
            os.killpg(served, signal.SIGKILL)
            said, _ = sweep.communicate(timeout=120)
        assert sweep.returncode == 1, said
        assert f"the store at {url} is away" in said
        assert "study.sync delivers it" in said
        assert "Traceback" not in said
        assert first.wait(timeout=30) == 1  # and so ends its PostgreSQL

    elsewhere = f"tracking.uri=sqlite:///{folder}/elsewhere/mlflow.db"
    with _started("study.train", *SWEEP, elsewhere) as other, _serving(folder, port) as second:
        assert _password(folder) == password
        assert 0 < len(_runs(url, password, monkeypatch)) < 20
        delivered = command(folder, "study.sync")
        assert delivered.returncode == 0, delivered.stderr
        assert delivered.stdout.startswith("served: ")
        again = command(folder, "study.train", *words)
        assert "nothing to train: all 20 runs were in the store already" in again.stdout, again.stderr
        runs = _runs(url, password, monkeypatch)
        keys = Counter((run.data.tags["study.job_hash"], run.data.params["seed"]) for run in runs)
        assert (len(keys), set(keys.values())) == (20, {1})
        processes = _children(second)
        assert len(processes) >= 1  # without PostgreSQL it is MLflow's alone
        second.send_signal(signal.SIGINT)
        assert second.wait(timeout=30) == 130
        assert _table(again.stdout) == _table(other.communicate(timeout=120)[0]) != []
    assert not any(_is_there(process) for process in processes)
    for text in (listed, said, delivered.stderr, again.stdout, again.stderr, *map(str, runs)):
        assert password not in text


def test_what_waits_for_a_password_is_refused_without_it() -> None:
    with pytest.raises(InvalidInput, match=r"write study sync tracking.uri=http://me:\*\*\*@server$"):
        sync._location("http://me:***@server")


@contextmanager
def _serving(folder: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """Run the server from the moment that it is ready."""
    with _started("study.server", f"port={port}") as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        if "SQLite" in said:  # where PostgreSQL is not installed
            said = process.stdout.readline()
        assert said.startswith(f"MLflow's tracking server on http://127.0.0.1:{port}, over "), said
        assert process.stdout.readline() == f"  its name and password: {folder}/server/credentials\n"
        yield process


@contextmanager
def _started(module: str, *words: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)  # nothing to one that has ended


def _password(folder: Path) -> str:
    parser = ConfigParser()
    parser.read(folder / "server" / "credentials")
    return parser["mlflow"]["mlflow_tracking_password"]


def _runs(url: str, password: str, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Return the finished runs that the server has."""
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_USERNAME", "study")
        patch.setenv("MLFLOW_TRACKING_PASSWORD", password)
        client = MlflowClient(url)
        found = client.get_experiment_by_name("served")
        query = "tags.`study.kind` = 'run' and attributes.status = 'FINISHED'"
        return [] if found is None else list(client.search_runs([found.experiment_id], query))


def _wait_until(true: Callable[[], bool]) -> None:
    last = time.monotonic() + 120
    while not true():
        assert time.monotonic() < last
        time.sleep(0.1)


def _children(parent: "subprocess.Popen[str]") -> dict[int, str]:
    """Return the processes that another one started, and what each is."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return {int(row[0]): row[2] for row in rows if int(row[1]) == parent.pid}


def _is_there(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def _table(said: str) -> list[str]:
    return [line for line in said.splitlines() if {"sgd", "adam"} & {*line.split()}]
