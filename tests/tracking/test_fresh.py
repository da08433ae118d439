"""What is kept of a fresh database is what MLflow's migrations make, or is not there."""

import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from study.config.location import Location
from study.tracking import fresh
from study.tracking.store import open_store


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the place of what is kept, where nothing is yet."""
    file = tmp_path / "kept.db"
    monkeypatch.setattr(fresh, "kept_file", lambda: file)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return file


def _made(database: Path) -> list[str]:
    open_store(Location.of(f"sqlite:///{database}"))
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


@pytest.mark.slow  # MLflow's migrations
def test_a_kept_one_is_what_the_migrations_make(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_migrations = _made(tmp_path / "first" / "mlflow.db")
    assert kept.exists()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    from_kept = _made(tmp_path / "second" / "mlflow.db")
    time = re.compile(r"\b1[0-9]{12}\b")
    differs = [(a, b) for a, b in zip(by_migrations, from_kept, strict=True) if a != b]
    assert len(differs) == 1  # the experiment that MLflow makes
    before, after = (time.sub("now", line) for line in differs[0])
    assert after == re.sub(r"'[^']*/mlruns/0'", f"'{elsewhere}/mlruns/0'", before)
    assert max(map(int, time.findall(differs[0][1]))) > max(map(int, time.findall(differs[0][0])))


def test_what_is_damaged_is_not_taken(tmp_path: Path, kept: Path) -> None:
    made = tmp_path / "made.db"
    with closing(sqlite3.connect(made)) as connection:
        connection.execute("CREATE TABLE experiments (creation_time, last_update_time, artifact_location)")
    assert fresh.kept_fresh() is None
    fresh.keep_fresh(made)
    assert fresh.kept_fresh() is not None
    whole = kept.read_bytes()
    for damaged in (whole[:-1], whole[:40], b"", whole[:-1] + b"?"):
        kept.write_bytes(damaged)
        assert fresh.kept_fresh() is None


def test_it_is_kept_where_python_keeps_what_it_compiles(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "made.db").write_bytes(b"")
    fresh.keep_fresh(tmp_path / "made.db")
    assert not kept.exists()
