"""A server that says which version it is, as MLflow's does, or something else."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """Answer with a version, or with whatever its `said` is."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(served.said if self.path == "/version" else b"?")  # type: ignore[attr-defined]

        def log_message(self, *_: object) -> None: ...

    served = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()
