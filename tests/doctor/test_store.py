"""What is wrong with a store: planted in databases made by hand, by SQL of the test's own."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from http.server import HTTPServer
from pathlib import Path

import pytest

from study.config.location import Location
from study.doctor import store
from study.doctor.finding import Finding
from study.doctor.store import findings, of_schema, of_server
from study.tracking.claim import claim_of
from study.tracking.sql import KNOWN_REVISIONS

TABLES = """
CREATE TABLE alembic_version (version_num TEXT);
CREATE TABLE experiments (experiment_id INTEGER, name TEXT);
CREATE TABLE runs (run_uuid TEXT, experiment_id INTEGER, status TEXT, lifecycle_stage TEXT);
CREATE TABLE tags (run_uuid TEXT, key TEXT, value TEXT);
CREATE TABLE params (run_uuid TEXT, key TEXT, value TEXT);
INSERT INTO experiments VALUES (0, 'one'), (1, 'two');
"""
(CURRENT,) = KNOWN_REVISIONS


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a database with the current schema's number, a finished sweep and two of its runs."""
    file = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.executescript(TABLES)
        raw.execute("INSERT INTO alembic_version VALUES (?)", (CURRENT,))
    for name, seed in (("a", "0"), ("b", "1")):
        plant(file, name, seed=seed)
    return file


def plant(
    file: Path, name: str, *, seed: str, status: str = "FINISHED", stage: str = "active", of: int = 0
) -> None:
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("INSERT INTO runs VALUES (?, ?, ?, ?)", (name, of, status, stage))
        tags = [(name, "study.kind", "run"), (name, "study.job_hash", "job")]
        raw.executemany("INSERT INTO tags VALUES (?, ?, ?)", tags)
        raw.execute("INSERT INTO params VALUES (?, 'seed', ?)", (name, seed))


def found(file: Path) -> dict[str, Finding]:
    return {finding.about: finding for finding in findings(Location.of(f"sqlite:///{file}"))}


def test_nothing_is_wrong(database: Path) -> None:
    lines = found(database)
    assert list(lines) == ["store", "schema", "integrity", "writing", "running", "doubles"]
    assert {finding.level for finding in lines.values()} == {"ok"}


def test_none_is_there_yet(tmp_path: Path) -> None:
    (finding,) = found(tmp_path / "new" / "mlflow.db").values()
    assert (finding.level, "the first sweep makes it" in finding.says) == ("ok", True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("planted", "says"),
    [
        ([("c", "0", 0)], "1 run beyond one of each job and seed"),
        ([("c", "0", 0), ("d", "0", 0), ("e", "1", 0)], "3 runs beyond one of each job and seed"),
        ([("c", "0", 1), ("d", "2", 0)], "each job has one run at a seed"),
    ],
)
def test_doubles_are_counted(planted: list[tuple[str, str, int]], says: str, database: Path) -> None:
    for name, seed, experiment in planted:
        plant(database, name, seed=seed, of=experiment)
    plant(database, "deleted", seed="0", stage="deleted")
    plant(database, "killed", seed="0", status="KILLED")
    assert found(database)["doubles"].says.startswith(says)


def test_what_seems_to_run_does_where_its_claim_is_held(database: Path) -> None:
    for name, experiment in (("c", 0), ("d", 0), ("e", 1)):
        plant(database, name, seed="9", status="RUNNING", of=experiment)
    claim = claim_of(Location.of(f"sqlite:///{database}"), "one")
    assert claim.taken()
    running = found(database)["running"]
    assert (running.level, running.says) == ("warning", "1 of two only seem to run: they were killed")
    claim.release()
    assert found(database)["running"].says == "2 of one, 1 of two only seem to run: they were killed"


@pytest.mark.parametrize(
    ("held", "level", "remedy"),
    [
        ("451aebb31d03", "problem", "mlflow db upgrade sqlite:///"),  # MLflow's first
        (CURRENT, "ok", ""),
        ("ffffffffffff", "problem", "install that one"),
    ],
)
def test_schemas(held: str, level: str, remedy: str, database: Path) -> None:
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = ?", (held,))
    schema = found(database)["schema"]
    assert (schema.level, remedy in schema.remedy) == (level, True)
    assert ("running" in found(database)) == (level == "ok")


def test_no_password_is_told() -> None:
    told = of_schema("a", {"a": "", "b": "a"}, "postgresql://me:secret@host/runs").line
    assert "secret" not in told
    assert "me:***@host" in told


def test_a_damaged_page_is_found(database: Path) -> None:
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.executemany("INSERT INTO params VALUES (?, 'k', ?)", [(f"x{i}", "v" * 100) for i in range(2000)])
    content = bytearray(database.read_bytes())
    half = len(content) // 2 // 4096 * 4096
    content[half : half + 4096] = b"\xff" * 4096
    database.write_bytes(content)
    integrity = found(database)["integrity"]
    assert integrity.level == "problem"
    assert ".recover" in integrity.remedy


@pytest.mark.parametrize(
    ("content", "about"), [(b"", "schema"), (b"no database at all" * 100, "store"), (None, "store")]
)
def test_what_is_no_store(content: bytes | None, about: str, tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    file.mkdir() if content is None else file.write_bytes(content)
    (last,) = [finding for finding in found(file).values() if finding.level == "problem"]
    assert last.about == about


def test_a_large_one_is_checked_when_asked(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_QUICK", 1000)
    assert "were not checked" in found(database)["integrity"].says
    location = Location.of(f"sqlite:///{database}")
    (whole,) = [each for each in findings(location, whole=True) if each.about == "integrity"]
    assert whole.says.startswith("every page")


def test_what_may_only_be_read(database: Path, make_read_only: Callable[[Path], None]) -> None:
    make_read_only(database.parent)
    assert found(database)["writing"].level == "problem"


def test_a_server_that_is_not_there(free_port: Callable[[], int]) -> None:
    (finding,) = findings(Location.of(f"http://127.0.0.1:{free_port()}"))
    assert finding.level == "problem"


@pytest.mark.parametrize(("said", "level"), [(b"3.17.2", "ok"), (b"3.0.0", "warning")])
def test_a_server_of_another_version(said: bytes, level: str, server: HTTPServer) -> None:
    server.said = said  # type: ignore[attr-defined]
    finding = of_server(Location.of(f"http://me:secret@127.0.0.1:{server.server_port}"), "3.17.2")
    assert finding.level == level
    assert said.decode() in finding.line
    assert "secret" not in finding.line


@pytest.mark.slow
def test_postgresql_is_asked_too(postgresql: Callable[[], str]) -> None:
    from study.tracking.store import open_store

    location = Location.of(postgresql())
    open_store(location)
    levels = {finding.about: finding.level for finding in findings(location)}
    assert levels == dict.fromkeys(("store", "schema", "writing", "running", "doubles"), "ok")
