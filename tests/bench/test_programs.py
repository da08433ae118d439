"""The programs that are compared do what their numbers are called."""

import resource
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from study.bench import programs
from study.bench.programs import run
from study.config.paths import CONF


def test_a_program_is_measured(tmp_path: Path) -> None:
    """The module `platform` prints one line; an interpreter takes megabytes and less than a minute."""
    measured = run("platform", [], tmp_path)
    assert measured.output.lower().startswith(sys.platform)
    assert 0 < measured.seconds < 60
    here = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    )  # of which it is a fork before it is a program
    assert 2e6 < measured.peak_bytes < max(1e9, 1.1 * here)


@pytest.mark.slow
def test_the_memory_of_what_a_program_starts_counts_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes that hold 50 and 100 MB for half a second, one the other's child."""
    child = "import time; held = bytearray(b'x') * 100_000_000; time.sleep(0.5)"
    code = "import subprocess, sys; held = bytearray(b'x') * 50_000_000; "
    code += f"subprocess.run([sys.executable, '-c', {child!r}])"
    (tmp_path / "holding.py").write_text(code)
    monkeypatch.setattr(programs, "ROOT", tmp_path)
    assert 150e6 < run("holding", [], tmp_path).peak_bytes < 250e6


def test_a_program_that_fails_is_told_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(
        RuntimeError, match=r"(?s)study\.no_such_thing a=1 ended with status 1: .*No module named"
    ):
        run("study.no_such_thing", ["a=1"], tmp_path)


@pytest.mark.slow
def test_ours_trains_52_jobs_once_and_times_it(tmp_path: Path) -> None:
    """A seed of each job is a run; the second command, `again`, finds them all and adds none."""
    numbers = programs.ours(tmp_path, seeds=1)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        finished = connection.execute(
            "SELECT count(*) FROM runs JOIN tags USING (run_uuid) "
            "WHERE status = 'FINISHED' AND tags.key = 'study.kind' AND tags.value = 'run'"
        ).fetchone()
        longest = connection.execute("SELECT max(step) + 1 FROM metrics WHERE key = 'train/loss'").fetchone()
    assert finished == (52,)
    assert longest == (384,)
    assert numbers["runs"] == 52
    assert numbers["seconds_per_run"] == pytest.approx(numbers["seconds"] / 52, rel=1e-12)  # rounding
    parts = ("composing_seconds", "training_seconds", "writing_seconds")
    assert all(0 < numbers[part] < numbers["seconds"] for part in parts)
    assert numbers["again_seconds"] > 0
    assert numbers["store_bytes"] > 52 * 384 * 8  # at least the losses themselves
    assert 0 < numbers["read_seconds"] < numbers["report_seconds"]  # a part of it
    assert (tmp_path / "report" / "report.md").is_file()


@pytest.mark.slow
def test_a_person_is_told_what_was_wrong(tmp_path: Path) -> None:
    """The programs end with status 1, or `run` would raise; they leave nothing behind."""
    told = programs.answers(tmp_path)
    assert list(told)[:2] == ["--help", "optimizer.lr=-1"]
    assert all(seconds > 0 for seconds in told.values())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("logging", ["each", "batch"])
def test_the_naive_program_writes_every_loss(logging: str, tmp_path: Path) -> None:
    store = tmp_path / "naive.db"
    words = [f"logging={logging}", f"hydra.searchpath=[file://{CONF}]", f"uri=sqlite:///{store}"]
    run("study.bench.naive", [*words, "optimizer=adam", "seed=3"], tmp_path)
    with closing(sqlite3.connect(store)) as connection:
        counts = connection.execute(
            "SELECT runs.name, runs.status, count(*), count(DISTINCT step), max(step) FROM metrics "
            "JOIN runs USING (run_uuid) WHERE key = 'train/loss' GROUP BY run_uuid"
        ).fetchall()
    assert counts == [("adam seed=3", "FINISHED", 384, 384, 383)]
