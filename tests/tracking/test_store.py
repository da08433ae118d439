"""Opening a store: a fresh one, one that many open at once, one that is unknown, and one that is not there."""

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from study.config.location import Location
from study.errors import InvalidInput
from study.tracking import store as store_module
from study.tracking.client import ClientBackend
from study.tracking.sql import SqlBackend
from study.tracking.store import open_store

OPENS = """
import sys
import numpy as np
from study.config.location import Location
from study.tracking.records import Points
from study.tracking.records import StoredRun
from study.tracking.store import open_store

uri, name = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
store = open_store(Location.of(uri))
curve = Points(np.arange(3), np.ones(3), np.arange(3))
run = StoredRun(name, {}, {"mlflow.user": "me"}, {"train/loss": curve}, 0, 1)
store.backend.write(store.experiment_id("together"), [run], lambda _: None)
"""


def test_a_fresh_database_is_made_with_its_folder(empty: Path) -> None:
    assert empty.exists()  # open_store made it and the two folders it lies in


def test_an_experiments_artifacts_lie_beside_the_database(uri: str, tmp_path: Path) -> None:
    store = open_store(Location.of(uri))
    assert isinstance(store.backend, SqlBackend)
    first = store.experiment_id("one")
    assert store.experiment_id("one") == first != store.experiment_id("two")
    location = store.client.get_experiment(first).artifact_location
    assert location == f"{tmp_path}/artifacts/one"


def test_an_experiment_is_described_once_and_again(uri: str) -> None:
    store = open_store(Location.of(uri))
    for note in ("first", "Second\n\n" + "text" * 2000):
        store.describe("one", note)
    experiment_id = store.experiment_id("one")
    tags = store.client.get_experiment(experiment_id).tags
    title, _, text = tags["mlflow.note.content"].partition("\n\n")
    assert title.startswith(f"Second ([losses by setting](#/experiments/{experiment_id}/runs?")
    assert ("text" * 2000).startswith(text)
    assert len(tags["mlflow.note.content"]) == 5000
    saved = json.loads(tags["mlflow.sharedViewState.study"])
    assert saved["name"] == "Losses by setting"
    shown = json.loads(saved["state"])
    keys = ("study.label", "study.job_hash")
    assert shown["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": key} for key in keys]


@pytest.mark.slow
def test_a_fresh_database_survives_four_processes_at_once(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPENS, uri, f"process {number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, errors
    store = open_store(Location.of(uri))
    found = store.client.search_runs([store.experiment_id("together")])
    assert sorted(run.info.run_name for run in found) == [f"process {number}" for number in range(4)]


def test_an_unknown_schema_is_written_through_mlflows_client(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "KNOWN_REVISIONS", frozenset({"of another mlflow"}))
    with pytest.warns(
        UserWarning, match=r"schema revision \w+ is not one of of another mlflow: writing through"
    ):
        store = open_store(Location.of(uri))
    assert isinstance(store.backend, ClientBackend)


def test_a_database_of_another_mlflow_is_refused_and_left_alone(empty: Path, tmp_path: Path) -> None:
    shutil.copy(empty, tmp_path / "other.db")
    with sqlite3.connect(tmp_path / "other.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    raw.close()
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(InvalidInput, match=r"tracking.uri must name a store that answers, got .*other.db"):
        open_store(Location.of(f"sqlite:///{tmp_path}/other.db"))
    assert (tmp_path / "other.db").read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("not a database, but long enough to be taken for one" * 100)
    with pytest.raises(
        InvalidInput, match=r"must name a store that answers, got .*mlflow.db: .*not a database"
    ):
        open_store(Location.of(f"sqlite:///{tmp_path}/mlflow.db"))


def test_a_folder_that_cannot_be_made_is_refused(
    tmp_path: Path, make_read_only: Callable[[Path], None]
) -> None:
    make_read_only(tmp_path)
    with pytest.raises(InvalidInput, match="must name a store that answers"):
        open_store(Location.of(f"sqlite:///{tmp_path}/new/mlflow.db"))


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="must name a store that answers"):
        open_store(Location.of(f"sqlite:///{tmp_path}/file/mlflow.db"))


@pytest.mark.slow
def test_a_dead_server_is_told_soon_and_without_the_password(free_port: Callable[[], int]) -> None:
    began = time.monotonic()
    with pytest.raises(
        InvalidInput, match=r"must name a store that answers, got http://me:\*\*\*@127"
    ) as refused:
        open_store(Location.of(f"http://me:secret@127.0.0.1:{free_port()}"))
    assert time.monotonic() - began < 15
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_dead_postgresql_is_told_soon(free_port: Callable[[], int]) -> None:
    with pytest.raises(InvalidInput, match=r"got postgresql\+psycopg2://me:\*\*\*@127.0.0.1") as refused:
        open_store(Location.of(f"postgresql://me:secret@127.0.0.1:{free_port()}/runs"))
    assert "secret" not in str(refused.value)
