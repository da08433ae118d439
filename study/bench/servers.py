"""A PostgreSQL and MLflow servers of one's own: on a free port of 127.0.0.1, ended by their own process ids.

Both the tests of the stores and `study.bench` write into them.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any  # keywords of Popen

import sqlalchemy as sa

_SECONDS = 120  # that a server may take until it is ready


class NotServed(RuntimeError):
    """A server of one's own is not to be had."""


class Absent(NotServed):
    """What a server needs is not on this machine."""


@contextmanager
def postgresql(*settings: str) -> Iterator[Callable[[], str]]:
    """Run a PostgreSQL; yield what makes a fresh database in it and returns its URI.

    Args:
        settings: of the server, as in "fsync=off"; PostgreSQL's defaults without any.

    Raises:
        Absent: the programs, the driver or a user to run them are not there.
        NotServed: they are, and it did not start.
    """
    if find_spec("psycopg2") is None:
        raise Absent("psycopg2 is not installed")
    initdb, postgres, owner = _program("initdb"), _program("postgres"), _owner()
    # not below a test's own folder: another user must reach it
    with tempfile.TemporaryDirectory(prefix="study-postgresql-") as folder, tempfile.TemporaryFile() as log:
        if owner:
            shutil.chown(folder, owner["user"], owner["group"])
        options = {**owner, "cwd": folder, "stdout": log, "stderr": subprocess.STDOUT}
        access = ["--auth=trust", "--username=study", "--encoding=UTF8", "--no-locale", "--no-sync"]
        if subprocess.run([initdb, f"--pgdata={folder}/data", *access], **options).returncode:
            raise NotServed(f"initdb failed: {_tail(log)}")
        port = free_port()
        place = ["-D", f"{folder}/data", "-h", "127.0.0.1", "-p", str(port), "-k", folder]
        chosen = [word for setting in settings for word in ("-c", setting)]
        process = subprocess.Popen([postgres, *place, *chosen], **options)
        try:
            engine = _engine(f"postgresql+psycopg2://study@127.0.0.1:{port}/postgres")
            _wait(lambda: _connects(engine), process, log)
            yield _databases(engine)
        finally:
            process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            process.wait(timeout=30)


def postgresql_version() -> str:
    """Return the version of the PostgreSQL that `postgresql` would run, or "absent"."""
    try:
        program = _program("postgres")
    except Absent:
        return "absent"
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return told.split()[2]  # postgres (PostgreSQL) 15.18 (Debian ...)


@contextmanager
def mlflow_server(uri: str, artifacts: Path) -> Iterator[str]:
    """Serve a store over HTTP, as `make ui` does; yield the server's URL.

    Args:
        uri: of the database.
        artifacts: where artifacts of new experiments go.

    Raises:
        NotServed: it did not start.
    """
    port = free_port()
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
            _wait(lambda: _answers(f"{url}/health"), process, log)
            yield url
        finally:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGTERM)  # its own group: the server and its worker
            process.wait(timeout=30)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program(name: str) -> str:
    found = shutil.which(name, path=_path())
    if found is None:
        raise Absent(f"PostgreSQL is not installed: there is no {name}")
    return found


def _path() -> str:
    """Return where programs are looked for: Debian keeps PostgreSQL's server out of PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/bin", *map(str, versions)])


def _owner() -> dict[str, Any]:
    """Return who runs PostgreSQL, which refuses to be run by root; empty for who we are."""
    if os.getuid() != 0:
        return {}
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise Absent("PostgreSQL does not run as root, and there is no user postgres") from None
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _engine(uri: str) -> sa.Engine:
    return sa.create_engine(uri, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)


def _databases(engine: sa.Engine) -> Callable[[], str]:
    names = (f"store{number}" for number in range(1000))

    def fresh() -> str:
        name = next(names)
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        return engine.url.set(drivername="postgresql", database=name).render_as_string()

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


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    """Wait until a server that we started is ready; if it will not be, tell what it said last."""
    last = time.monotonic() + _SECONDS
    while not ready():
        if process.poll() is not None:
            raise NotServed(f"a server ended with status {process.returncode}: {_tail(log)}")
        if time.monotonic() > last:
            raise NotServed(f"a server was not ready in {_SECONDS} s: {_tail(log)}")
        time.sleep(0.1)


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    return " ".join(log.read().decode(errors="replace").split())[-500:]
