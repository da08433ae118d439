"""Stores to write to and to read from: a PostgreSQL and MLflow servers of their own, each ended by its own id."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any  # keywords of Popen

import numpy as np
import pytest
import sqlalchemy as sa

from study.job import Job, Run
from study.tracking.store import open_store
from study.trained import Series, Trained

_PROGRAMS = ["/usr/local/bin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]


Serve = Callable[[str, Path], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Return what serves a store over HTTP, `with serve(uri, artifacts) as url`, as `make ui` does."""
    return _server


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Return what finds a port that nobody listens on."""
    return _free_port


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], str]]:
    """Start a PostgreSQL of our own; yield what makes a fresh database in it and returns its URI."""
    initdb, postgres = (
        shutil.which(name, path=os.pathsep.join(_PROGRAMS)) for name in ("initdb", "postgres")
    )
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL is not installed")
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="study-postgresql-"))  # not tmp_path: another user must reach it
    if owner:
        shutil.chown(folder, **owner)
    options: dict[str, Any] = {**owner, "cwd": folder, "stdout": subprocess.DEVNULL}
    if owner:
        options["extra_groups"] = []
    options["stderr"] = subprocess.STDOUT
    settings = ["--auth=trust", "--username=study", "--encoding=UTF8", "--no-locale", "--no-sync"]
    port = _free_port()
    try:
        subprocess.run([initdb, f"--pgdata={folder}/data", *settings], check=True, **options)
        place = ["-D", f"{folder}/data", "-h", "127.0.0.1", "-p", str(port), "-k", str(folder)]
        process = subprocess.Popen([postgres, *place, "-c", "fsync=off"], **options)
        try:
            yield _databases(f"postgresql://study@127.0.0.1:{port}", process)
        finally:
            process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            process.wait(timeout=30)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty SQLite store to copy: making one takes MLflow seconds."""
    file = tmp_path_factory.mktemp("empty") / "mlflow.db"
    open_store(f"sqlite:///{file}")
    return file


@pytest.fixture
def uri(empty: Path, tmp_path: Path) -> str:
    """Return the URI of an empty store of the test's own."""
    shutil.copy(empty, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.fixture(scope="session")
def make_job() -> Callable[..., Job]:
    """Return what makes a job of four steps, `make_job("adam", 0.1, seeds=range(3))`."""
    return _job


@pytest.fixture(scope="session")
def train() -> Callable[..., Trained]:
    """Return what stands in for the trainer: losses by a formula, of which one run in a job of lr=100 breaks."""
    return _trained


def _job(optimizer: str, lr: float, *, seeds: range, note: str = "") -> Job:
    rule = {"_target_": "some.where", "name": optimizer, "lr": lr, "betas": [0.9, 0.99]}
    problem = {"name": "parabola", "noise": 0.1}
    return Job(problem, rule, 2, 2, seeds, f"{optimizer} lr={lr}{note}")


def _trained(jobs: Sequence[Job], *, began: float = 1_700_000_000.0, offset: float = 0.0) -> Trained:
    """Train for four steps: loss = offset + lr + seed / 10 + (4 - step), infinite from step 2 at lr = 100."""
    runs = tuple(Run(job, seed) for job in jobs for seed in job.seeds)
    lr = np.array([float(str(run.job.optimizer["lr"])) for run in runs])
    seed = np.array([run.seed for run in runs])
    level = (offset + lr + seed / 10)[:, None]
    train_loss = (level + 4 - np.arange(4)).astype(np.float32)
    train_loss[lr == 100, 2:] = np.inf
    evaluated = Series(np.array([0, 2, 4]), level + np.array([3.0, 2.0, 1.0]))
    x = np.array([[-1.0], [0.0], [1.0]])
    receipts = {name: [f"{name} {s}" for s in seed] for name in ("data_sha", "init_sha", "order_sha")}
    return Trained(
        runs=runs,
        cap=1e6,
        train_loss=train_loss,
        series={"eval/loss": evaluated},
        floor=np.full(len(runs), 0.5),
        final={"weight": np.repeat(level, 2, axis=1)},
        curve=level * x[:, 0],
        curve_inputs=x,
        sample=np.array([[0.0, 0.5 + seed.min(), 0.25], [1.0, 1.5, 1.25]]),
        receipts=receipts,
        times=began + np.arange(5) / 100,
        steps_per_epoch=2,
    )


@contextmanager
def _server(uri: str, artifacts: Path) -> Iterator[str]:
    port = _free_port()
    where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    store = ["--backend-store-uri", uri, "--default-artifact-root", str(artifacts)]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *where, *store],
            env=os.environ | quiet,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(lambda: _answers(f"{url}/health"), process)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # its own group: the server and its worker
            process.wait(timeout=30)


def _owner() -> dict[str, str]:
    """Return who runs PostgreSQL, which refuses to be run by root."""
    if os.getuid() != 0:
        return {}
    if subprocess.run(["id", "postgres"], capture_output=True).returncode:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    return {"user": "postgres", "group": "postgres"}


def _databases(server: str, process: subprocess.Popen[bytes]) -> Callable[[], str]:
    engine = sa.create_engine(
        f"{server}/postgres".replace("://", "+psycopg2://"),
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
    )
    _wait(lambda: _connects(engine), process)
    names = (f"store{number}" for number in range(1000))

    def fresh() -> str:
        name = next(names)
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        return f"{server}/{name}"

    return fresh


def _connects(engine: sa.Engine) -> bool:
    try:
        engine.connect().close()
    except sa.exc.OperationalError:
        return False
    return True


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], *, seconds: float = 120) -> None:
    """Wait until a program that we started is ready."""
    last = time.monotonic() + seconds
    while not ready():
        assert process.poll() is None, f"{process.args} ended with status {process.returncode}"
        assert time.monotonic() < last, f"{process.args} was not ready in {seconds} s"
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
