"""Servers of our own: there while they are asked for, gone afterwards, and told about when they cannot be had."""

import errno
import os
import pwd
import socket
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from study.bench import servers
from study.config.location import Location
from study.tracking.store import open_store


@pytest.mark.slow
def test_postgresql_makes_databases_and_is_gone_afterwards() -> None:
    try:
        with servers.postgresql("fsync=off") as fresh:
            first, second = fresh(), fresh()
            assert first != second
            _one(first, "CREATE TABLE here (n int)")
            assert _one(first, "SELECT count(*) FROM here") == "0"
            assert _one(second, "SELECT count(*) FROM pg_tables WHERE tablename = 'here'") == "0"
            assert _one(first, "SHOW fsync") == "off"
            assert _one(first, "SHOW listen_addresses") == "127.0.0.1"
            data = Path(_one(first, "SHOW data_directory"))
            assert data.exists()
    except servers.Absent as absent:
        pytest.skip(str(absent))
    assert not data.parent.exists()
    assert _is_free(first)


@pytest.mark.slow
def test_a_postgresql_that_does_not_start_is_told_with_what_it_said() -> None:
    with (
        pytest.raises(servers.NotServed, match="no_such_thing") as refused,
        servers.postgresql("no_such_thing=1"),
    ):
        pass
    if isinstance(refused.value, servers.Absent):
        pytest.skip(str(refused.value))


def test_without_the_programs_postgresql_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_path", lambda: "")
    monkeypatch.setattr(servers, "find_spec", lambda name: name)
    _is_absent("PostgreSQL is not installed: there is no initdb")
    assert servers.postgresql_version() == "absent"


def test_without_the_driver_postgresql_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "find_spec", lambda _: None)
    _is_absent("psycopg2 is not installed")


def test_root_needs_a_user_who_runs_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(servers, "find_spec", lambda name: name)
    monkeypatch.setattr(servers, "program", lambda name: name)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", nobody)
    _is_absent("PostgreSQL does not run as root, and there is no user postgres")


@pytest.mark.slow
def test_a_tracking_server_serves_the_store_and_is_gone_afterwards(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    open_store(Location.of(uri)).experiment_id("there")
    with servers.mlflow_server(uri, tmp_path / "artifacts") as url:
        assert urlsplit(url).hostname == "127.0.0.1"
        assert urllib.request.urlopen(f"{url}/health", timeout=5).read() == b"OK"
        assert open_store(Location.of(url)).client.get_experiment_by_name("there") is not None
    assert _is_free(url)


@pytest.mark.slow
def test_a_tracking_server_that_does_not_start_is_told_with_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("this is no database")
    uri = f"sqlite:///{tmp_path}/file"
    said = r"^a server ended with status \d+: .*not a database"
    with pytest.raises(servers.NotServed, match=said), servers.mlflow_server(uri, tmp_path):
        pass


def test_nobody_listens_on_a_free_port() -> None:
    assert _is_free(f"http://127.0.0.1:{servers.free_port()}")


def _one(uri: str, statement: str) -> str:
    engine = sa.create_engine(
        uri.replace("://", "+psycopg2://"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        answer = connection.execute(sa.text(statement))
        return str(answer.scalar_one()) if answer.returns_rows else ""


def _is_absent(reason: str) -> None:
    with pytest.raises(servers.Absent, match=f"^{reason}$"), servers.postgresql():
        pass


def _is_free(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port)) == errno.ECONNREFUSED
