"""What waited for a store is there once, however much of it was there before and however often it is delivered."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from study.config.location import Location
from study.errors import NotKept
from study.job import Job
from study.tracking import finals, names, spool, sweeps
from study.tracking.deliver import Delivered, deliver, deliver_all
from study.tracking.provenance import Request
from study.tracking.store import open_store
from study.tracking.sweeps import Sweep
from study.training.result import Trained

Train = Callable[..., Trained]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "FOLDER", tmp_path / "spool")


@pytest.fixture
def jobs(make_job: Callable[..., Job]) -> list[Job]:
    return [make_job("sgd", 100.0, seeds=range(2)), make_job("adam", 0.01, seeds=range(3, 5))]


def _begin(uri: str, jobs: list[Job]) -> Sweep:
    return sweeps.begin(
        open_store(Location.of(uri)), "study", jobs, Request(id="first", tags={names.USER: "me"})
    )


def _wait(sweep: Sweep, trained: Trained, **changes: Any) -> Path:
    sources = {run.job.hash: {names.OPTIMIZER_SOURCE: "a package 1.0"} for run in trained.runs}
    whose = spool.Whose(*sweep.place, sweep.run_id, sweep.id, sweep.tags, sources, replace=False)
    return spool.put(replace(whose, **changes), trained)


def _runs(sweep: Sweep) -> pd.DataFrame:
    found = sweep.store.client.search_runs([sweep.experiment_id], f"tags.`{names.KIND}` = 'run'")
    rows = [
        {"run_id": run.info.run_id, "key": (run.data.tags[names.JOB_HASH], int(run.data.params[names.SEED]))}
        for run in found
        if run.info.status == "FINISHED"
    ]
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_what_was_there_is_not_written_again_and_all_is_as_if_it_had_never_waited(
    uri: str, jobs: list[Job], train: Train
) -> None:
    sweep = _begin(uri, jobs)
    sweep.keep(train(jobs[:1]), lambda _: None)
    sweep.finish("KILLED", {})
    before = set(_runs(sweep)["run_id"])
    file = _wait(sweep, train(jobs))
    copy = file.read_bytes()
    assert deliver(sweep.store, sweep.experiment_id) == Delivered(4, 2)
    assert deliver(sweep.store, sweep.experiment_id) == Delivered()
    file.parent.mkdir()
    file.write_bytes(copy)  # as if it had been killed before it could forget it
    assert deliver(sweep.store, sweep.experiment_id) == Delivered(4, 4)
    runs = _runs(sweep)
    assert Counter(runs["key"]) == {(job.hash, seed): 1 for job in jobs for seed in job.seeds}
    assert before < set(runs["run_id"])
    (new,) = (
        run
        for run in sweep.store.client.search_runs([sweep.experiment_id])
        if run.info.run_name == "adam lr=0.01 seed=3"
    )
    assert new.data.tags[names.SWEEP] == "first"
    assert new.data.tags[names.OPTIMIZER_SOURCE] == "a package 1.0"
    assert new.data.metrics["train/loss"] == pytest.approx(0.01 + 0.3 + 1)  # its last: see conftest
    assert sweep.store.client.get_run(sweep.run_id).info.status == "FINISHED"
    frame = pd.DataFrame(
        [
            {
                "run_id": new.info.run_id,
                "parent": sweep.run_id,
                "job": jobs[1].hash,
                "seed": 3,
                "label": "",
                "optimizer": "",
            }
        ]
    )
    assert len(finals.read(sweep.store.client, frame)[0]) == 3  # the points of its curve, kept once


def test_what_takes_the_place_of_others_does_so_once(uri: str, jobs: list[Job], train: Train) -> None:
    sweep = _begin(uri, jobs)
    sweep.keep(train(jobs), lambda _: None)
    before = set(_runs(sweep)["run_id"])
    _wait(sweep, train(jobs[:1]), replace=True)
    deliver(sweep.store, sweep.experiment_id)
    runs = _runs(sweep)
    assert Counter(runs["key"]) == {(job.hash, seed): 1 for job in jobs for seed in job.seeds}
    assert len(before - set(runs["run_id"])) == 2


def test_a_sweep_that_still_lacks_runs_was_killed_and_one_that_is_at_work_is_left(
    uri: str, jobs: list[Job], train: Train
) -> None:
    sweep = _begin(uri, jobs)
    _wait(sweep, train(jobs[:1]))
    deliver(sweep.store, sweep.experiment_id, but=sweep.run_id)
    assert sweep.store.client.get_run(sweep.run_id).info.status == "RUNNING"
    _wait(sweep, train(jobs[:1]))
    deliver(sweep.store, sweep.experiment_id)
    assert sweep.store.client.get_run(sweep.run_id).info.status == "KILLED"


def test_what_is_refused_is_put_aside_and_the_rest_is_delivered(
    uri: str, jobs: list[Job], train: Train, caplog: pytest.LogCaptureFixture
) -> None:
    sweep = _begin(uri, jobs)
    file = _wait(sweep, train(jobs), parent="0" * 32)
    _wait(sweep, train(jobs[:1]))
    waits = list[str]()
    assert deliver_all(sweep.store, waits.append) == {"study": Delivered(2, 0, refused=1)}
    (told,) = caplog.messages
    assert str(file.with_suffix(".refused")) in told
    assert "not found" in told
    assert spool.waiting() == []
    assert waits == []


def test_a_store_that_fails_is_told_and_all_waits_on(
    uri: str, jobs: list[Job], train: Train, tmp_path: Path
) -> None:
    sweep = _begin(uri, jobs)
    _wait(sweep, train(jobs))
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as raw:
        raw.execute("ALTER TABLE metrics RENAME TO gone")
        with pytest.raises(
            NotKept,
            match=r"the store at sqlite:.* failed: .*no such table: metrics; what it lacks still waits",
        ):
            deliver_all(sweep.store, lambda _: None)
        assert len(spool.waiting()) == 1
        raw.execute("ALTER TABLE gone RENAME TO metrics")
    assert deliver_all(sweep.store, lambda _: None) == {"study": Delivered(4, 0)}


@pytest.fixture
def away(postgresql: Callable[[], str]) -> Iterator[tuple[str, Callable[[bool], None]]]:
    """A database of a PostgreSQL, and what ends all its connections and lets nobody in, or lets all in again."""
    uri = postgresql()
    server, _, name = uri.rpartition("/")
    engine = sa.create_engine(
        Location.of(f"{server}/postgres").uri, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )

    def close(closed: bool) -> None:
        with engine.connect() as connection:
            connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {not closed}"))
            end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            connection.execute(sa.text(end if closed else "SELECT 1"))

    yield uri, close
    close(False)


@pytest.mark.slow
def test_where_postgresql_is_away_all_waits_until_it_is_back(
    away: tuple[str, Callable[[bool], None]], jobs: list[Job], train: Train, caplog: pytest.LogCaptureFixture
) -> None:
    uri, close = away
    sweep, written = _begin(uri, jobs), list[int]()
    kept = sweep.keep(train(jobs[:1]), written.append)
    close(True)
    kept += sweep.keep(train(jobs[:1]), written.append)  # there already
    kept += sweep.keep(train(jobs[1:]), written.append)
    assert [ended.status for ended in kept] == ["diverged", "diverged"] * 2 + ["ok", "ok"]
    assert written == [2, 2, 2]
    assert len(spool.waiting(*sweep.place)) == 2
    (told,) = caplog.messages  # once
    assert "is away" in told
    close(False)
    sweep.keep(train(jobs[1:]), written.append)  # those wait first
    assert len(spool.waiting()) == 3
    assert deliver(sweep.store, sweep.experiment_id) == Delivered(6, 4)
    assert Counter(_runs(sweep)["key"]) == {(job.hash, seed): 1 for job in jobs for seed in job.seeds}
