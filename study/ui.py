"""`make ui`: MLflow's own UI over the study's store, on this machine alone.

python -m study.ui port=5000 tracking.uri=sqlite:///elsewhere.db
"""

import os
import socket
import sys

from study import cli
from study.config.location import Location
from study.errors import InvalidInput

HOST = "127.0.0.1"
USAGE = __doc__


def main() -> None:
    """Run the command line."""
    cli.run(lambda: serve(sys.argv[1:]))


def serve(words: list[str]) -> None:
    """Become the MLflow server of the store.

    Args:
        words: `port=<number>` and `tracking.uri=<uri>`, each optional.

    Raises:
        InvalidInput: there is no such option, the port is taken, or the store cannot be served.
    """
    if {"-h", "--help"} & set(words):
        sys.stdout.write(f"{USAGE}\n")
        return
    options = _options(words)
    port, location = _free_port(options["port"]), Location.of(options["tracking.uri"] or None)
    if not location.is_sql:
        raise InvalidInput(
            f"tracking.uri must be a database to serve; open {location.uri} in a browser instead"
        )
    if not location.exists:
        raise InvalidInput(f"the store must hold runs, got none at {location.uri}; run make sweep first")
    pages = _pages(location)
    sys.stdout.write(f"MLflow UI on http://{HOST}:{port} (stop it with Ctrl-C)\n")
    sys.stdout.writelines(f"  {name}: http://{HOST}:{port}{path}\n" for name, path in pages.items())
    sys.stdout.flush()
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    listen = ["--host", HOST, "--port", str(port), "--workers", "1"]
    store = ["--backend-store-uri", location.uri, "--default-artifact-root", str(location.artifacts)]
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", "server", *listen, *store])


def _options(words: list[str]) -> dict[str, str]:
    options = {"port": "5000", "tracking.uri": ""}
    for word in words:
        key, _, value = word.partition("=")
        if key not in options:
            raise InvalidInput(f"an option must be port=<number> or tracking.uri=<uri>, got {word!r}")
        options[key] = value
    return options


def _pages(location: Location) -> dict[str, str]:
    """Return the path of each of the study's experiments in the UI, by name."""
    from study.tracking import ui_state  # mlflow takes a second to import: errors come first
    from study.tracking.store import open_store

    experiments = open_store(location.uri).client.search_experiments()
    return {
        found.name: ui_state.path(found.experiment_id) for found in experiments if ui_state.TAG in found.tags
    }


def _free_port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise InvalidInput(f"port must be a whole number from 1 to 65535, got {text!r}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except OSError as error:
            free = f"another one, as in make ui PORT={int(text) % 65535 + 1}"
            raise InvalidInput(
                f"port must be free, got {text}, which another program holds; write {free}"
            ) from error
    return int(text)


if __name__ == "__main__":
    main()
