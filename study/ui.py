"""Browse the runs in MLflow's own UI, over the study's store, on this machine alone.

study ui
study ui port=5001 tracking.uri=sqlite:///elsewhere.db
"""

import os
import socket
import sys

from study import cli
from study.config.compose import compose
from study.config.location import Location
from study.config.reach import require_runs
from study.errors import InvalidInput
from study.ranges import up_to

HOST = "127.0.0.1"
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""Environment of a server that does nothing but serve."""


def main() -> None:
    """Run the command line."""
    cli.run(ui, __doc__, config="ui")


def ui(asked: cli.Asked) -> None:
    """Become the MLflow server of the store that is asked for.

    Raises:
        InvalidInput: the port is taken, or the store cannot be served.
    """
    cfg = compose("ui", asked.overrides, asked.config_dir)
    up_to(65535).require("port", cfg.port)
    port, location = cfg.port, Location.of(cfg.tracking.uri)
    require_free(port, "make ui")
    if not location.is_sql:
        raise InvalidInput(
            f"tracking.uri must be a database to serve; open {location.uri} in a browser instead"
        )
    require_runs(location, "headline")  # the one to begin with
    pages = _pages(location)
    sys.stdout.write(f"MLflow UI on http://{HOST}:{port} (stop it with Ctrl-C)\n")
    sys.stdout.writelines(f"  {name}: http://{HOST}:{port}{path}\n" for name, path in pages.items())
    sys.stdout.flush()
    os.execve(sys.executable, server(port, location.uri, location.artifacts), os.environ | QUIET)


def server(port: int, uri: str, artifacts: object) -> list[str]:
    """Return the program that serves a database on a port of 127.0.0.1."""
    listen = ["--host", HOST, "--port", str(port), "--workers", "1"]
    store = ["--backend-store-uri", uri, "--default-artifact-root", str(artifacts)]
    return [sys.executable, "-m", "mlflow", "server", *listen, *store]


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
