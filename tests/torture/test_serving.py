"""The gateway before a server: what it hands on arrives as it was, what it refuses never does."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from study.torture.serving import gateway, look
from study.ui import HOST


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked, backwards."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers["X-Word"], body))  # type: ignore[attr-defined]
        self.send_response(201)
        self.send_header("X-Answer", "yes")
        self.end_headers()
        self.wfile.write(body[::-1])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[HTTPServer]:
    with HTTPServer((HOST, 0), Echo) as server:
        server.asked = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_it_hands_on_or_refuses(echo: HTTPServer) -> None:
    statuses = [0, 500, 0]
    with gateway(f"http://{HOST}:{echo.server_port}", lambda: statuses.pop(0)) as url:
        ask = Request(f"{url}/a/path?of=words", b"forwards", {"X-Word": "spoken"})
        with urlopen(ask) as first:
            assert (first.status, first.headers["X-Answer"], first.read()) == (201, "yes", b"sdrawrof")
        with pytest.raises(HTTPError) as refused:
            urlopen(ask)
        refused.value.close()
        assert refused.value.code == 500
        urlopen(ask).close()
    assert echo.asked == 2 * [("/a/path?of=words", "spoken", b"forwards")]  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="refused"):
        urlopen(url)


def test_a_look_that_is_answered_otherwise_is_an_error(echo: HTTPServer) -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        look(f"http://{HOST}:{echo.server_port}")
