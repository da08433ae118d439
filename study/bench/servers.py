"""A PostgreSQL and MLflow servers of one's own: on a free port of 127.0.0.1, ended by their own process ids.

Both the tests of the stores and `study.bench` write into them.
"""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any  # keywords of Popen, and JSON
from urllib.request import Request, urlopen

import sqlalchemy as sa

from study.ui import HOST, server, serving

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
    initdb, postgres, other = program("initdb"), program("postgres"), owner()
    # not below a test's own folder: another user must reach it
    with tempfile.TemporaryDirectory(prefix="study-postgresql-") as folder:
        if other:
            shutil.chown(folder, other["user"], other["group"])
        options = {**other, "cwd": folder}
        access = ["--auth=trust", "--username=study", "--encoding=UTF8", "--no-locale", "--no-sync"]
        made = subprocess.run([initdb, f"--pgdata={folder}/data", *access], capture_output=True, **options)
        if made.returncode:
            raise NotServed(f"initdb failed: {_end(made.stdout + made.stderr)}")
        port = free_port()
        place = ["-D", f"{folder}/data", "-h", "127.0.0.1", "-p", str(port), "-k", folder]
        chosen = [word for setting in settings for word in ("-c", setting)]
        uri = f"postgresql+psycopg2://study@127.0.0.1:{port}/postgres"
        engine = sa.create_engine(uri, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        numbers = count()

        def fresh() -> str:
            name = f"store{next(numbers)}"
            with engine.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE {name}"))
            return engine.url.set(drivername="postgresql", database=name).render_as_string()

        fast = signal.SIGINT  # PostgreSQL's "fast" shutdown
        with served([postgres, *place, *chosen], lambda: engine.connect().close(), stop=fast, **options):
            yield fresh


def postgresql_version() -> str:
    """Return the version of the PostgreSQL that `postgresql` would run, or "absent"."""
    try:
        postgres = program("postgres")
    except Absent:
        return "absent"
    told = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout
    return told.split()[2]  # postgres (PostgreSQL) 15.18 (Debian ...)


@contextmanager
def mlflow_server(uri: str, artifacts: Path) -> Iterator[str]:
    """Serve a store over HTTP, as `make ui` does, with artifacts in a folder; yield the server's URL.

    Raises:
        NotServed: it did not start.
    """
    with mlflow_process(uri, artifacts, free_port()) as (url, _):
        yield url


@contextmanager
def mlflow_process(uri: str, artifacts: Path, port: int) -> Iterator[tuple[str, int]]:
    """Do so on some port; yield the URL, and the process group of the server and its workers."""
    url = f"http://{HOST}:{port}"
    answers = partial(urlopen, f"{url}/health", timeout=5)
    own = os.environ | serving(uri)
    with served(server(port, artifacts), answers, stop=signal.SIGTERM, env=own) as process:
        yield url, process.pid


def answer(url: str, asked: Mapping[str, object] | None = None, *, seconds: float = 30) -> Any:
    """Return what a server answers, as JSON; what is asked is sent as such.

    Raises:
        OSError: it answers with an error, or not within the seconds.
        ValueError: what it answers is not JSON.
    """
    body = None if asked is None else json.dumps(asked).encode()
    with urlopen(Request(url, body, {"Content-Type": "application/json"}), timeout=seconds) as reply:
        return json.load(reply)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    command: Sequence[str],
    ask: Callable[[], object],
    *,
    stop: signal.Signals,
    log: Path | None = None,
    **options: Any,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server from its first answer on, and yield its process; if it does not answer, tell what it said last.

    Args:
        command: the server.
        ask: raises while it does not answer.
        stop: the signal that ends it.
        log: keeps what it says; None forgets it.
        options: of `Popen`.
    """
    with tempfile.TemporaryFile() if log is None else log.open("w+b") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True, **options)
        try:
            last = time.monotonic() + _SECONDS
            while True:
                with suppress(OSError, sa.exc.OperationalError):
                    ask()
                    break
                ended = process.poll()
                if ended is not None or time.monotonic() > last:
                    what = f"was not ready in {_SECONDS} s" if ended is None else f"ended with status {ended}"
                    said.seek(0)
                    raise NotServed(f"a server {what}: {_end(said.read())}")
                time.sleep(0.1)
            yield process
        finally:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(process.pid, stop)  # its own group: the server and its workers
            process.wait(timeout=30)


def _end(said: bytes) -> str:
    return " ".join(said.decode(errors="replace").split())[-500:]


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs.

    Raises:
        Absent: it is not installed.
    """
    found = shutil.which(name, path=_path())
    if found is None:
        raise Absent(f"PostgreSQL is not installed: there is no {name}")
    return found


def _path() -> str:
    """Return where programs are looked for: Debian keeps PostgreSQL's server out of PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/bin", *map(str, versions)])


def owner() -> dict[str, Any]:
    """Return who runs PostgreSQL, which refuses to be run by root, as options of `Popen`; empty for who we are.

    Raises:
        Absent: nobody can.
    """
    if os.getuid() != 0:
        return {}
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise Absent("PostgreSQL does not run as root, and there is no user postgres") from None
    return {"user": "postgres", "group": "postgres", "extra_groups": []}
