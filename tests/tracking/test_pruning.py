"""Pruning of real stores: what is left is read as a report does, and counted by SQL of the test's own."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from study.config.location import Location
from study.errors import InvalidInput
from study.frames import SweepFrames
from study.job import Job
from study.tracking import sweeps
from study.tracking.claim import claim_of
from study.tracking.provenance import Request
from study.tracking.pruning import opened
from study.tracking.reader import read_sweep
from study.tracking.store import Store, open_store
from study.tracking.sweeps import Sweep
from study.tracking.unasked import Going
from study.training.result import Trained

OLD, NEW = "2024-01-01_10-00-00-000000", "2024-02-01_10-00-00-000000"

Train = Callable[..., Trained]


@dataclass(frozen=True, slots=True)
class Pruned:
    """A store, and the runs of an older sweep and a newer one that shares a job with it."""

    location: Location
    engine: sa.Engine

    def count(self, query: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(sa.text(query)) or 0)

    def labels(self) -> list[str]:
        query = "SELECT value FROM tags WHERE key = 'study.label' ORDER BY value"
        with self.engine.connect() as connection:
            return list(connection.scalars(sa.text(query)))

    def prune(self, **how: object) -> Going:
        with opened(self.location, alone=True) as pruner:
            going = pruner.going("study", pruner.experiments()["study"], **how)  # type: ignore[arg-type]
            pruner.mark([going])
            pruner.rows()
            pruner.delete(going.files)
        return going


@pytest.fixture(params=["sqlite"])
def pruned(
    request: pytest.FixtureRequest, empty: Path, tmp_path: Path, make_job: Callable[..., Job], train: Train
) -> Pruned:
    """`one` and `two` are a stack of the older sweep, `three` another; the newer asks for `one` and `four`."""
    if request.param == "sqlite":
        shutil.copy(empty, tmp_path / "mlflow.db")
        uri = f"sqlite:///{tmp_path}/mlflow.db"
    else:
        uri = request.getfixturevalue("postgresql")()
    location = replace(Location.of(uri), artifacts=str(tmp_path / "artifacts"))
    store = open_store(location)
    store.describe("study", "about")
    store.describe("other", "about")
    jobs = [make_job(name, 0.1, seeds=range(2)) for name in ("one", "two", "three", "four")]
    older = _begin(store, "study", jobs[:3], OLD)
    for stack in (jobs[:2], jobs[2:3]):
        older.keep(train(stack), lambda _: None)
    newer = _begin(store, "study", [jobs[0], jobs[3]], NEW)
    newer.keep(train(jobs[3:]), lambda _: None)
    elsewhere = _begin(store, "other", jobs[1:2], OLD)
    elsewhere.keep(train(jobs[1:2]), lambda _: None)
    for sweep in (older, newer, elsewhere):
        sweep.finish("FINISHED", {"wall_seconds": 1.0})
    return Pruned(location, sa.create_engine(location.uri, poolclass=sa.NullPool))


def _begin(store: Store, experiment: str, jobs: Sequence[Job], asked: str) -> Sweep:
    request = Request(id=asked, tags={"mlflow.user": "me"}, command="python -m study.train")
    return sweeps.begin(store, experiment, jobs, request)


@pytest.mark.parametrize(
    "pruned", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
def test_what_a_newer_sweep_shows_stays_with_its_curves(pruned: Pruned, tmp_path: Path) -> None:
    before = read_sweep("study", store=pruned.location)
    assert len(list(tmp_path.glob("artifacts/study/*/artifacts/final/*.npz"))) == 3
    going = pruned.prune(keep=1)
    assert (len(going.sweeps), len(going.runs), len(going.left)) == (0, 4, 1)
    assert [label.split()[0] for label in pruned.labels()] == ["four", "four", "one", "one", "two", "two"]
    _are_same(read_sweep("study", store=pruned.location), before)
    assert (
        len(list(tmp_path.glob("artifacts/study/*/artifacts/final/*.npz"))) == 2
    )  # the stack of `three` is no more
    assert len(read_sweep("other", store=pruned.location).runs) == 2
    _nothing_dangles(pruned)
    again = pruned.prune(keep=1)
    assert (again.ids, again.files) == ([], [])


def test_a_whole_experiment_goes_and_no_other(pruned: Pruned, tmp_path: Path) -> None:
    going = pruned.prune(keep=0)
    assert (len(going.sweeps), len(going.runs)) == (2, 8)
    assert [label.split()[0] for label in pruned.labels()] == ["two", "two"]
    assert [path.parent.name for path in tmp_path.glob("artifacts/*/*")] == ["other"]
    assert pruned.count("SELECT count(*) FROM runs") == 3
    _nothing_dangles(pruned)


def test_a_listing_deletes_nothing_and_counts_what_is_there(pruned: Pruned) -> None:
    tables = ("runs", "metrics", "latest_metrics", "params", "tags")
    before = {table: pruned.count(f"SELECT count(*) FROM {table}") for table in tables}
    query = "SELECT count(*) FROM metrics m JOIN tags t ON t.run_uuid = m.run_uuid AND t.key = 'study.label'"
    points = pruned.count(f"{query} AND t.value LIKE 'three%'")
    with opened(pruned.location, alone=False) as pruner:
        going = pruner.going("study", pruner.experiments()["study"], keep=1)
        pruner.mark([replace(going, runs=[run for run in going.runs if run in _of(pruned, "three")])])
        rows = pruner.rows()
    assert rows["runs"] == (2, before["runs"])
    assert rows["metrics"] == (points, before["metrics"])
    assert {table: pruned.count(f"SELECT count(*) FROM {table}") for table in tables} == before


def test_a_sweep_that_writes_is_waited_for(pruned: Pruned) -> None:
    claim = claim_of(pruned.location, "other")
    assert claim.taken()
    with pytest.raises(InvalidInput, match="no sweep must be writing to the store, got one of other"):
        pruned.prune()
    claim.release()
    assert pruned.prune().ids == []


def _of(pruned: Pruned, name: str) -> set[str]:
    query = f"SELECT run_uuid FROM tags WHERE key = 'study.label' AND value LIKE '{name}%'"
    with pruned.engine.connect() as connection:
        return set(connection.scalars(sa.text(query)))


def _nothing_dangles(pruned: Pruned) -> None:
    for table, column, whole in (
        *((table, "run_uuid", "runs") for table in ("metrics", "latest_metrics", "params", "tags")),
        ("inputs", "destination_id", "runs"),
        ("input_tags", "input_uuid", "inputs"),
    ):
        key = "run_uuid" if whole == "runs" else column
        lost = f"SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT {key} FROM {whole})"
        assert pruned.count(lost) == 0, table
    assert pruned.count("SELECT count(*) FROM inputs") > 0
    query = "SELECT count(*) FROM datasets WHERE dataset_uuid NOT IN (SELECT source_id FROM inputs)"
    assert pruned.count(query) == 0


def _are_same(found: SweepFrames, expected: SweepFrames) -> None:
    for name in ("runs", "points", "fits", "data", "asked"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name))
    assert len(found.fits) > 0
