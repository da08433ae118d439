"""The audit's counts, of databases made by hand: a planted loss, a double, another number, what seems to run."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from study.torture.audit import Found, judged, read

TABLES = """
CREATE TABLE experiments (experiment_id INTEGER, name TEXT);
CREATE TABLE runs (run_uuid TEXT, experiment_id INTEGER, status TEXT, lifecycle_stage TEXT);
CREATE TABLE tags (run_uuid TEXT, key TEXT, value TEXT);
CREATE TABLE params (run_uuid TEXT, key TEXT, value TEXT);
CREATE TABLE metrics (run_uuid TEXT, key TEXT, step INTEGER, value REAL);
INSERT INTO experiments VALUES (0, 'other'), (1, 'torture');
"""
Planted = tuple[str, str, float, str]  # job, seed, its loss, and how it ended
WHOLE: tuple[Planted, ...] = (("adam", "0", 0.5, "FINISHED"), ("adam", "1", 0.25, "FINISHED"))


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (WHOLE, Found(0, 0, 0)),
        (WHOLE[:1], Found(1, 0, 0)),
        ([], Found(2, 0, 0)),
        ([*WHOLE, WHOLE[0]], Found(0, 1, 0)),
        ([*WHOLE, *WHOLE, WHOLE[0]], Found(0, 3, 0)),
        ([*WHOLE, ("sgd", "0", 0.5, "FINISHED")], Found(0, 1, 0)),  # nobody asked for it
        ([WHOLE[0], ("adam", "1", 0.25000000000000006, "FINISHED")], Found(1, 0, 0)),
        ([*WHOLE, ("adam", "1", 0.25, "RUNNING")], Found(0, 0, 1)),
        ([WHOLE[0], ("adam", "1", 0.25, "RUNNING")], Found(1, 0, 1)),
    ],
)
def test_what_is_planted_is_counted(planted: Iterable[Planted], found: Found, tmp_path: Path) -> None:
    wanted = read(_store(tmp_path / "wanted.db", WHOLE), "torture")
    assert judged(read(_store(tmp_path / "held.db", planted), "torture"), wanted) == found


def test_what_is_deleted_and_another_experiment_do_not_count(tmp_path: Path) -> None:
    uri = _store(tmp_path / "held.db", WHOLE)
    with closing(sqlite3.connect(tmp_path / "held.db")) as raw, raw:
        raw.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = 'run 0'")
        raw.execute("UPDATE runs SET experiment_id = 0 WHERE run_uuid = 'run 1'")
    held = read(uri, "torture")
    assert (held.runs, held.values) == ({}, {})


def _store(file: Path, planted: Iterable[Planted]) -> str:
    with closing(sqlite3.connect(file)) as raw:
        raw.executescript(TABLES)
        with raw:
            for number, (job, seed, loss, status) in enumerate(planted):
                run = f"run {number}"
                raw.execute("INSERT INTO runs VALUES (?, 1, ?, 'active')", (run, status))
                tags = [(run, "study.job_hash", job), (run, "study.kind", "run")]
                raw.executemany("INSERT INTO tags VALUES (?, ?, ?)", tags)
                raw.execute("INSERT INTO params VALUES (?, 'seed', ?)", (run, seed))
                raw.execute("INSERT INTO metrics VALUES (?, 'train/loss', 0, ?)", (run, loss))
    return f"sqlite:///{file}"
