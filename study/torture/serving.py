"""A tracking server over a store that is tortured, and a gateway before it that delays, fails or refuses."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import override

from study.bench.servers import answer, free_port, mlflow_process
from study.torture.sweep import Store
from study.ui import HOST

Refusal = Callable[[], int]
"""Asked before a request is handed on: with which status of HTTP to refuse it, 0 not to; it may take its time."""

_MOST, _NEWEST = 100, ["attributes.start_time DESC"]  # what the page asks for
_NOT_HANDED_ON = {"connection", "content-length", "date", "host", "server", "transfer-encoding"}


@contextmanager
def served(store: Store, port: int | None = None) -> Iterator[tuple[str, int]]:
    """Serve the store over HTTP; yield the address, and the server's process group."""
    with mlflow_process(store.uri, store.database.parent / "artifacts", port or free_port()) as running:
        yield running


def look(address: str) -> None:
    """Ask a server for all experiments and their runs, as the page of MLflow's UI does.

    Raises:
        OSError: it answers with an error, or not within seconds.
        ValueError: what it answers is not what was asked for.
    """
    api = f"{address}/api/2.0/mlflow"
    found = answer(f"{api}/experiments/search", {"max_results": _MOST})["experiments"]
    asked = {"experiment_ids": [each["experiment_id"] for each in found], "order_by": _NEWEST}
    answer(f"{api}/runs/search", {"max_results": _MOST, **asked})


@contextmanager
def gateway(behind: str, refused: Refusal) -> Iterator[str]:
    """Hand requests on to the server at an address, but those that are `refused`; yield the gateway's address."""
    to = behind.removeprefix("http://")

    class Handler(BaseHTTPRequestHandler):
        def _hand_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if status := refused():
                self._reply(status, {}, b"")
                return
            own = {key: value for key, value in self.headers.items() if key.lower() not in _NOT_HANDED_ON}
            connection = http.client.HTTPConnection(to, timeout=60)
            try:
                connection.request(self.command, self.path, body, own)
                reply = connection.getresponse()
                self._reply(reply.status, dict(reply.getheaders()), reply.read())
            finally:
                connection.close()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _hand_on  # noqa: N815 - as http.server asks for them

        def _reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for key, value in headers.items():
                if key.lower() not in _NOT_HANDED_ON:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as listening:
        listening.daemon_threads = True
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{listening.server_port}"
        finally:
            listening.shutdown()
            thread.join()
