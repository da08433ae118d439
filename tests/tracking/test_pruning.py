"""Pruning: what goes is decided by hand here, and counted in the tables by SQL of the test's own."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
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
from study.tracking.pruning import Going, RunRow, SweepRow, decide, opened
from study.tracking.reader import read_sweep
from study.tracking.store import Store, open_store
from study.tracking.sweeps import Sweep
from study.training.result import Trained

OLD, NEW, LAST = "2024-01-01_10-00-00-000000", "2024-02-01_10-00-00-000000", "2024-03-01_10-00-00-000000"
A, B, C = ("a", "0"), ("b", "0"), ("c", "0")

Train = Callable[..., Trained]
Asked = tuple[Sequence[SweepRow], Sequence[RunRow], dict[str, object]]


def _sweep(name: str, asked: str, *wanted: tuple[str, str], **other: bool) -> SweepRow:
    return SweepRow(name, asked, frozenset(wanted), None, **other)


def _run(name: str, key: tuple[str, str], parent: str, start: int = 0, **other: bool) -> RunRow:
    return RunRow(name, key, parent, start, **other)


TWO = [_sweep("S", OLD, A, B), _sweep("T", NEW, A, C)]
BEFORE = {"before": datetime(2024, 1, 15)}


@pytest.mark.parametrize(
    ("every", "runs", "how", "swept", "gone", "left"),
    [
        pytest.param(TWO, ["a:S", "b:S", "c:T"], {}, "", "", "", id="nothing unasked"),
        pytest.param(TWO, ["a:S", "b:S", "c:T"], {"keep": 1}, "", "b:S", "S", id="a newer one shows a"),
        pytest.param(TWO, ["a:T", "b:S", "c:T"], {"keep": 1}, "S", "b:S", "", id="it has its own"),
        pytest.param(TWO, ["a:S", "b:S", "c:T"], {"keep": 0}, "S T", "a:S b:S c:T", "", id="all"),
        pytest.param(TWO, ["a:S", "b:S", "c:T"], BEFORE, "", "b:S", "S", id="by age"),
        pytest.param(TWO, ["b:S"], {"before": datetime(2023, 1, 1)}, "", "", "", id="too young"),
        pytest.param(TWO[::-1], ["b:S"], {"keep": 1}, "S", "b:S", "", id="by when it was asked for"),
        pytest.param([_sweep("S", "my id", B)], ["b:S"], BEFORE, "", "", "", id="an id that tells no age"),
        pytest.param([_sweep("S", OLD, B, running=True)], ["b:S"], {"keep": 0}, "", "", "", id="it goes on"),
        pytest.param([_sweep("S", OLD, B, deleted=True)], ["b:S"], {}, "", "", "S", id="deleted, runs are not"),
        pytest.param([_sweep("S", OLD, B, deleted=True)], ["b:S"], {"keep": 1}, "S", "b:S", "", id="and kept 1"),
        pytest.param([*TWO, _sweep("U", LAST)], ["a:S", "c:T"], {"keep": 1}, "S T", "a:S c:T", "", id="empty"),
    ],
)
def test_what_goes(
    every: Sequence[SweepRow], runs: Sequence[str], how: dict[str, object], swept: str, gone: str, left: str
) -> None:
    """A run is written as its job and the sweep that trained it, and is called so."""
    rows = [_run(text, (text[0], "0"), text[2:]) for text in runs]
    going = decide("x", every, rows, **how)  # type: ignore[arg-type]
    assert (list(going.sweeps), sorted(going.runs), list(going.left)) == (swept.split(), gone.split(), left.split())


def test_of_a_job_and_seed_that_is_there_twice_the_newest_stays() -> None:
    runs = [
        _run("later", A, "S", 2),
        _run("first", A, "S", 1),
        _run("forced away", A, "S", 0, deleted=True),
        _run("newest, deleted by hand", B, "S", 9, deleted=True),
        _run("b", B, "S", 3),
        _run("half written", A, "S", 5, finished=False),
    ]
    going = decide("x", [_sweep("S", OLD, A, B)], runs)
    assert sorted(going.runs) == ["first", "forced away", "newest, deleted by hand"]
    assert (going.superseded, going.sweeps, going.left) == (3, [], [])


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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def pruned(
    request: pytest.FixtureRequest, empty: Path, tmp_path: Path, make_job: Callable[..., Job], train: Train
) -> Pruned:
    """Seeds of `one` and `two` are a stack of the older sweep, `three` another; the newer one asks for `one` and `four`."""
    if request.param == "sqlite":
        shutil.copy(empty, tmp_path / "mlflow.db")
        location = Location.of(f"sqlite:///{tmp_path}/mlflow.db")
    else:
        location = replace(
            Location.of(request.getfixturevalue("postgresql")()), artifacts=str(tmp_path / "artifacts")
        )
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


def test_what_a_newer_sweep_shows_stays_with_its_curves(pruned: Pruned, tmp_path: Path) -> None:
    before = read_sweep("study", store=pruned.location)
    assert len(list(tmp_path.glob("artifacts/study/*/artifacts/final/*.npz"))) == 3
    going = pruned.prune(keep=1)
    assert (len(going.sweeps), len(going.runs), len(going.left)) == (0, 4, 1)
    assert [label.split()[0] for label in pruned.labels()] == ["four", "four", "one", "one", "two", "two"]
    _are_same(read_sweep("study", store=pruned.location), before)
    assert len(list(tmp_path.glob("artifacts/study/*/artifacts/final/*.npz"))) == 2  # the stack of `three` is no more
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
    for table in ("metrics", "latest_metrics", "params", "tags"):
        lost = f"SELECT count(*) FROM {table} WHERE run_uuid NOT IN (SELECT run_uuid FROM runs)"
        assert pruned.count(lost) == 0, table
    assert pruned.count("SELECT count(*) FROM inputs WHERE destination_id NOT IN (SELECT run_uuid FROM runs)") == 0


def _are_same(found: SweepFrames, expected: SweepFrames) -> None:
    for name in ("runs", "points", "fits", "data", "asked"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name))
    assert len(found.fits) > 0
