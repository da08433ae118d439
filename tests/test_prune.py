"""`study prune`: what it refuses, that it lists by default, and that it deletes what it listed when really asked."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from study.cli import Asked
from study.config.location import Location
from study.errors import InvalidInput
from study.prune import prune


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("keep=-1",), "keep must be a whole number >= 0, or null for all sweeps"),
        (("days=0",), "days must be a finite number > 0, or null"),
        (("really=1",), "really must be true or false"),
        (("tracking.uri=http://me:secret@host:5000",), "got http://host; prune where its database is"),
        (
            ("tracking.uri=sqlite:////nowhere/runs.db",),
            "the store must hold runs|must name a store that answers",
        ),
    ],
)
def test_what_it_refuses(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        prune(Asked(words))


@pytest.mark.slow
def test_it_lists_and_deletes_when_really_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two sweeps that have a parent and no run each: the older one goes."""
    from study.tracking import sweeps
    from study.tracking.provenance import Request
    from study.tracking.store import open_store

    uri = f"sqlite:///{tmp_path}/runs.db"
    store = open_store(Location.of(uri))
    for day in ("01", "02"):
        request = Request(id=f"2024-01-{day}_00-00-00-000000", tags={})
        sweeps.begin(store, "mine", None, request).finish("FINISHED", {})
    where = f"tracking.uri={uri}"
    shutil.copy(tmp_path / "runs.db", tmp_path / "before.db")
    with pytest.raises(InvalidInput, match="experiments must be one of mine; got 'min'; did you mean 'mine'"):
        prune(Asked((where, "experiments=min")))
    prune(Asked((where, "experiments=mine", "keep=1")))
    said = capsys.readouterr().out
    assert said.startswith("mine: 1 sweep and 0 runs\n1 of 2 runs")
    assert "nothing was deleted" in said
    assert _runs(tmp_path / "runs.db") == _runs(tmp_path / "before.db") == ["01", "02"]
    prune(Asked((where, "keep=1", "really=true")))
    assert "deleted; the database is" in capsys.readouterr().out
    assert _runs(tmp_path / "runs.db") == ["02"]
    prune(Asked((where, "keep=1", "really=true")))
    assert "deleted" not in capsys.readouterr().out


def _runs(database: Path) -> list[str]:
    query = "SELECT value FROM tags WHERE key = 'study.sweep' ORDER BY value"
    with closing(sqlite3.connect(database)) as raw:
        return [value[8:10] for (value,) in raw.execute(query)]
