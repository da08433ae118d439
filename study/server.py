"""Run MLflow's own tracking server on this machine, over a PostgreSQL of its own, for whoever has its password.

study server
study server port=5001

What it keeps is in mlruns/server, and goes on there at the next start; so is its name and password, in a file that
its owner alone can read. A sweep with tracking=server on this machine reads them there. Where PostgreSQL is not
installed, the store is a SQLite database. Ctrl-C ends the server and its PostgreSQL.
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any  # keywords of Popen
from urllib.request import urlopen

from filelock import FileLock, Timeout

from study import cli
from study.config import credentials
from study.config.compose import compose
from study.config.paths import MLRUNS
from study.errors import InvalidInput
from study.orphans import Noted, forget, note, orphans
from study.ranges import up_to
from study.ui import HOST, require_free, serving

_USER = "study"  # of the database
_AUTH = """\
[mlflow]
default_permission = READ
database_uri = sqlite:///{users}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 60
"""


def main() -> None:
    """Run the command line."""
    cli.run(serve, __doc__, config="server")


def serve(asked: cli.Asked) -> int:
    """Serve until it is interrupted.

    Raises:
        InvalidInput: the port is taken, or something that is needed is not there.
    """
    port = compose("server", asked.overrides, asked.config_dir).port
    up_to(65535).require("port", port)
    if find_spec("flask_wtf") is None:
        raise InvalidInput(
            "a server with a password needs Flask-WTF; write pip install 'optimizer-study[server]'"
        )
    from study.bench.servers import NotServed  # SQLAlchemy: errors come first

    folder = MLRUNS / "server"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with interrupts.raised(), ExitStack() as running:
            running.enter_context(FileLock(folder / "lock", timeout=0))
            _end_orphans(folder)
            require_free(port, "make server")
            running.callback(forget, folder)
            uri, processes = running.enter_context(_database(folder))
            processes += [running.enter_context(_mlflow(folder, uri, port))]
            _say(folder, uri, port)
            while all(process.poll() is None for process in processes):
                time.sleep(0.2)
    except KeyboardInterrupt:
        return cli.INTERRUPTED
    except Timeout as error:
        raise InvalidInput(f"one server must have {folder}, got a second one; end the other first") from error
    except NotServed as error:
        raise InvalidInput(f"{error}; see {folder}/*.log") from error
    sys.stderr.write(f"the server ended by itself; {folder}/*.log may say why\n")
    return cli.FAILED


def _end_orphans(folder: Path) -> None:
    """End what a server of this folder left that was killed: it would hold the port, and the database."""
    for noted in orphans(folder):
        sys.stderr.write(f"a server was killed, and its process {noted.pid} went on: it is ended\n")
        noted.end()
    forget(folder)


def _say(folder: Path, uri: str, port: int) -> None:
    kind = "SQLite" if uri.startswith("sqlite") else "PostgreSQL"
    sys.stdout.write(
        f"MLflow's tracking server on http://{HOST}:{port}, over {kind} (stop it with Ctrl-C)\n"
        f"  its name and password: {credentials.FILE}\n"
        f"  what it keeps: {folder}\n"
    )
    sys.stdout.flush()


@contextmanager
def _database(folder: Path) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """Yield the URI of the database that was begun with, of a new PostgreSQL if that can be; and what serves it."""
    from study.bench.servers import Absent

    file = folder / "mlflow.db"
    if not file.exists():
        try:
            with _postgresql(folder) as (uri, process):
                yield uri, [process]
                return
        except Absent as absent:
            sys.stderr.write(f"{absent}: the store is a SQLite database\n")
    yield f"sqlite:///{file}", []


@contextmanager
def _postgresql(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Run the folder's PostgreSQL, made if there is none; yield its URI, which needs no password.

    It listens on no port, but on a socket in a folder that its owner alone can enter.
    """
    import sqlalchemy as sa

    from study.bench.servers import Absent, owner, program, served

    if find_spec("psycopg2") is None:
        raise Absent("psycopg2 is not installed")
    initdb, postgres, other = program("initdb"), program("postgres"), owner()
    data = _data(folder, other)
    with tempfile.TemporaryDirectory(prefix="study-server-") as socket:
        if other:
            shutil.chown(socket, other["user"], other["group"])
        options = {**other, "cwd": socket}
        if not data.exists():
            _make(initdb, data, options)
        uri = f"postgresql+psycopg2://{_USER}@/postgres?host={socket}"
        engine = sa.create_engine(uri, poolclass=sa.NullPool)
        place = ["-D", str(data), "-k", socket, "-c", "listen_addresses="]
        ask, fast = lambda: engine.connect().close(), signal.SIGINT  # PostgreSQL's "fast" shutdown
        log = folder / "postgresql.log"
        with served([postgres, *place], ask, stop=fast, log=log, **options) as process:
            note(folder, Noted(process.pid, fast, str(data)))
            yield uri, process


def _data(folder: Path, other: dict[str, Any]) -> Path:
    """Return where PostgreSQL keeps its files: for root, whom it refuses, where the user who runs it can be."""
    data = folder / "postgresql"
    if not other or data.exists() or _reaches(folder, other):
        return data
    return Path(pwd.getpwnam(other["user"]).pw_dir) / f"study-{sha256(str(data).encode()).hexdigest()[:16]}"


def _reaches(folder: Path, other: dict[str, Any]) -> bool:
    try:
        return subprocess.run(["true"], cwd=folder, check=False, **other).returncode == 0
    except PermissionError:
        return False


def _make(initdb: str, data: Path, options: dict[str, Any]) -> None:
    """Make a cluster, which is there as a whole or not at all."""
    from study.bench.servers import NotServed

    aside = data.with_suffix(".new")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    if "user" in options:
        shutil.chown(aside, options["user"], options["group"])
    access = ["--auth=trust", f"--username={_USER}", "--encoding=UTF8", "--no-locale"]
    made = subprocess.run([initdb, f"--pgdata={aside}", *access], capture_output=True, check=False, **options)
    if made.returncode:
        raise NotServed(f"initdb failed: {' '.join(made.stderr.decode(errors='replace').split())[-300:]}")
    aside.rename(data)


@contextmanager
def _mlflow(folder: Path, uri: str, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run MLflow's server over a database, for whoever has the password; artifacts go through it too."""
    from study.bench.servers import served

    users, address = folder / "users.db", f"http://{HOST}:{port}"
    if users.exists() and not credentials.FILE.exists():
        raise InvalidInput(
            f"{credentials.FILE} must hold the server's password, got no file; remove {users} too"
        )
    told = credentials.write(credentials.FILE, address)
    auth = folder / "auth.ini"
    auth.write_text(_AUTH.format(users=str(users).replace("%", "%%")), encoding="utf-8")
    own = {
        "MLFLOW_AUTH_CONFIG_PATH": str(auth),
        "MLFLOW_AUTH_ADMIN_USERNAME": told[credentials.USERNAME],
        "MLFLOW_AUTH_ADMIN_PASSWORD": told[credentials.PASSWORD],
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(32),
    }
    hosts = os.environ.get("MLFLOW_SERVER_ALLOWED_HOSTS") or f"{HOST}:{port},localhost:{port}"
    words = ["--host", HOST, "--port", str(port), "--workers", "1", "--allowed-hosts", hosts]
    words += ["--app-name", "basic-auth"]
    words += ["--uvicorn-opts", "--log-level warning"]  # no line for each request
    words += ["--serve-artifacts", "--artifacts-destination", str(folder / "artifacts")]
    with served(
        [sys.executable, "-m", "mlflow", "server", *words],
        partial(urlopen, f"{address}/health", timeout=5),
        stop=signal.SIGTERM,
        log=folder / "mlflow.log",
        env=os.environ | serving(uri) | own,
        umask=0o077,  # of the database's users, and of artifacts
    ) as process:
        note(folder, Noted(process.pid, signal.SIGTERM, str(folder / "artifacts")))
        yield process


if __name__ == "__main__":
    main()
