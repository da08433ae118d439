"""Browse the runs in MLflow's own UI, over the study's store, on this machine alone.

study ui
study ui port=5001 tracking.uri=sqlite:///elsewhere.db
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress

from study import cli
from study.busy import busy
from study.config.compose import compose
from study.config.location import Location, without_password
from study.config.reach import require_runs
from study.errors import InvalidInput
from study.ranges import up_to

HOST = "127.0.0.1"
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""In the environment of a server that does nothing but serve."""

_SECONDS = 4  # for a server to end by itself
_LISTED = "/#/experiments?workflowType=machine_learning"
_SWITCH = "Where MLflow shows GenAI, press `Model training` (upper left); descriptions link to the losses by setting."


def main() -> None:
    """Run the command line."""
    cli.run(ui, __doc__, config="ui")


def ui(asked: cli.Asked) -> int:
    """Serve the store that is asked for with MLflow's own server, until it ends; return its exit status.

    Raises:
        InvalidInput: the port is taken, or the store cannot be served.
    """
    cfg = compose("ui", asked.overrides, asked.config_dir)
    up_to(65535).require("port", cfg.port)
    port, location = cfg.port, Location.of(cfg.tracking.uri)
    require_free(port, "make ui")
    if not location.is_sql:
        raise InvalidInput(
            f"tracking.uri must be a database to serve; open {without_password(location.uri)} in a browser instead"
        )
    require_runs(location, "headline")  # the one to begin with
    busy("opening the store")
    pages = _pages(location)
    busy()
    sys.stdout.write(f"MLflow UI on http://{HOST}:{port} (stop it with Ctrl-C)\n")
    sys.stdout.writelines(f"  {name}: http://{HOST}:{port}{path}\n" for name, path in pages.items())
    sys.stdout.write(f"  later ones: http://{HOST}:{port}{_LISTED}\n{_SWITCH}\n")
    sys.stdout.flush()
    return _serve(server(port, location.artifacts), serving(location.uri))


def server(port: int, artifacts: object) -> list[str]:
    """Return the program that serves the database of its environment on a port of 127.0.0.1."""
    listen = ["--host", HOST, "--port", str(port), "--workers", "1"]
    return [sys.executable, "-m", "mlflow", "server", *listen, "--default-artifact-root", str(artifacts)]


def serving(uri: str) -> dict[str, str]:
    """Return the environment of a server that does nothing but serve a database, whose URI may hold a password."""
    return {**QUIET, "MLFLOW_BACKEND_STORE_URI": uri}


def _serve(program: list[str], environment: Mapping[str, str]) -> int:
    """Run a server, and end it where this process is ended.

    It has a session of its own: an interrupt from the keyboard, which it would answer with a traceback, comes to this
    process alone.
    """
    with (
        interrupts.raised(),
        subprocess.Popen(program, env={**os.environ, **environment}, start_new_session=True) as process,
    ):
        try:
            return process.wait()
        except KeyboardInterrupt:
            return cli.INTERRUPTED
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a server and its workers, after what it is answering now, if that is soon."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_SECONDS)


def _pages(location: Location) -> dict[str, str]:
    """Return the path of each of the study's experiments in the UI, by name."""
    from study.tracking import sweeps, ui_state  # mlflow takes a second to import: errors come first
    from study.tracking.store import open_store

    store = open_store(location)
    sweeps.tidy(store)
    return {found.name: ui_state.path(found.experiment_id) for found in store.experiments()}


def require_free(port: int, target: str) -> None:
    """Refuse a port that another program holds; the target of make is named with another one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            free = f"another one, as in {target} PORT={port % 65535 + 1}"
            raise InvalidInput(
                f"port must be free, got {port}, which another program holds; write {free}"
            ) from error


if __name__ == "__main__":
    main()
