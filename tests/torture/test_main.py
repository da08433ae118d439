"""The command on real sweeps: a kill and a crowd, what it writes, and what it refuses."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from study import cli
from study.cli import Asked
from study.errors import InvalidInput
from study.torture import rounds
from study.torture.__main__ import torture
from study.torture.strikes import KILLS, Strike, Struck
from study.torture.sweep import Store

COPIED = {
    "runs": "name, status, lifecycle_stage, experiment_id",
    "params": "key, value",
    "tags": "key, value",
    "metrics": "key, value, timestamp, step, is_nan",
}


@pytest.mark.slow
def test_kills_are_survived_and_a_planted_double_and_a_loss_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last sweep runs to its end; then one of its runs is there twice, and a number of another is changed."""

    def spoil(store: Store, _draw: Random, _seconds: float) -> Struck:
        store.train().end()
        with closing(sqlite3.connect(store.database)) as raw, raw:
            query = "SELECT run_uuid FROM tags WHERE key = 'study.job_hash' ORDER BY run_uuid LIMIT 2"
            first, second = raw.execute(query).fetchall()
            for table, columns in COPIED.items():
                select = f"SELECT 'twice', {columns} FROM {table} WHERE run_uuid = ?"
                raw.execute(f"INSERT INTO {table} (run_uuid, {columns}) {select}", first)
            raw.execute("UPDATE metrics SET value = value * 1.0000001 WHERE run_uuid = ?", second)
        return Struck()

    kill = KILLS["SIGKILL of both processes"]
    strikes: dict[str, Strike] = {"SIGKILL of both processes": kill, "SIGINT": spoil}
    monkeypatch.setattr(rounds, "STRIKES", strikes)
    words = ("rounds=2", "kinds=[SIGKILL of both processes,SIGINT]", f"out={tmp_path / 'page'}")
    assert torture(Asked(words)) == cli.FAILED
    rows = (tmp_path / "page" / "reliability.csv").read_text().splitlines()
    counted = {row.split(",")[0]: row.split(",")[1:6] for row in rows}
    assert counted == {
        "fault": ["tried", "survived", "runs lost", "runs doubled", "left RUNNING"],
        "SIGKILL of both processes": ["1", "1", "0", "0", "0"],
        "SIGINT": ["1", "0", "1", "1", "0"],
    }
    assert "1 of 2 faults survived: 1 runs lost, 1 doubled, 0 left RUNNING" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("rounds=0", "rounds must be"),
        ("seed=x", "seed must be"),
        ("kinds=[SIGINTT]", "did you mean 'SIGINT'"),
    ],
)
def test_what_it_refuses(word: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=told):
        torture(Asked((word, f"out={tmp_path / 'page'}")))
    assert not (tmp_path / "page").exists()
