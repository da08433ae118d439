"""A store that cannot be had is refused in one line, in words that say why; one that can is left as it is."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from study.config.location import Location
from study.config.reach import require_answer, require_writable
from study.errors import InvalidInput


def test_a_file_that_is_there_or_can_be_made_is_enough(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "there.db") as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    before = (tmp_path / "there.db").read_bytes()
    for name in ("there.db", "new.db", "new/folder/new.db"):
        require_answer(Location.of(f"sqlite:///{tmp_path}/{name}"))
    assert [path.name for path in tmp_path.iterdir()] == ["there.db"]
    assert (tmp_path / "there.db").read_bytes() == before


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("text.db", "file is not a database"),
        ("folder", "unable to open database file"),
        ("text.db/mlflow.db", "no file can be made in .*text.db"),
    ],
)
def test_a_file_that_is_no_database_is_refused(path: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.db").write_text(
        "not a database, but longer than the header of one would have to be, 100 bytes"
    )
    with pytest.raises(InvalidInput, match=f"tracking.uri must name a store that answers, got .*: {reason}"):
        require_answer(Location.of(f"sqlite:///{tmp_path}/{path}"))


def test_a_store_that_may_only_be_read_answers_and_cannot_be_written(
    tmp_path: Path, make_read_only: Callable[[Path], None]
) -> None:
    with sqlite3.connect(tmp_path / "there.db") as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    location = Location.of(f"sqlite:///{tmp_path}/there.db")
    require_writable(location)
    require_writable(Location.of(f"sqlite:///{tmp_path}/new.db"))
    make_read_only(tmp_path)
    require_answer(location)
    with pytest.raises(
        InvalidInput, match=r"must name a store that can be written, got .*there.db, read-only"
    ):
        require_writable(location)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:{}", "postgresql://me:secret@127.0.0.1:{}/runs"])
def test_a_port_where_nobody_listens_is_refused_without_the_password(
    uri: str, free_port: Callable[[], int]
) -> None:
    with pytest.raises(
        InvalidInput, match=r"tracking.uri must name a store that answers, got .*[Rr]efused"
    ) as refusal:
        require_answer(Location.of(uri.format(free_port())))
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_name_that_no_server_has_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"got http://no\.such\.host\.invalid: "):
        require_answer(Location.of("http://no.such.host.invalid"))


@pytest.fixture
def guarded() -> Iterator[tuple[str, list[str]]]:
    """A server that answers nobody without a password, and what it was asked for."""
    asked: list[str] = []

    class Guarded(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(401)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{http.server_port}", asked
        http.shutdown()
        thread.join()


def test_any_answer_of_a_server_is_one(
    guarded: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server, asked = guarded
    require_answer(Location.of(f"http://{server}"))
    require_answer(Location.of(f"http://me:secret@{server}/below/"))
    assert asked == ["/health", "/below/health"]


@pytest.mark.slow
def test_a_database_that_answers_is_enough(postgresql: Callable[[], str]) -> None:
    uri = postgresql()
    require_answer(Location.of(uri))
    with pytest.raises(InvalidInput, match='database "nothing" does not exist'):
        require_answer(Location.of(f"{uri.rpartition('/')[0]}/nothing"))


def test_mlflow_is_not_needed() -> None:
    code = (
        "import sys; from study.config.location import Location; from study.config.reach import require_answer; "
        "require_answer(Location.of('sqlite:////tmp/x.db')); sys.exit('mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
