"""What a database holds, asked without MLflow: the same as the sweep says that decides what is trained."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from study.config.location import Location
from study.job import Job
from study.tracking import names, sweeps
from study.tracking.present import all_present
from study.tracking.provenance import Request
from study.tracking.store import open_store
from study.tracking.sweeps import Sweep
from study.training.result import Trained


@pytest.fixture
def jobs(make_job: Callable[..., Job]) -> list[Job]:
    return [make_job("sgd", 100.0, seeds=range(2)), make_job("adam", 0.01, seeds=range(3, 5))]


@pytest.fixture
def sweep(uri: str, jobs: list[Job], train: Callable[..., Trained]) -> Sweep:
    """Return a sweep all of whose runs are there, of which some diverged."""
    sweep = sweeps.begin(
        open_store(Location.of(uri)), "study", jobs, Request(id="first", tags={names.USER: "me"})
    )
    sweep.keep(train(jobs), lambda _: None)
    return sweep


def test_all_is_there_that_the_sweep_says_is(uri: str, sweep: Sweep, jobs: list[Job]) -> None:
    more = replace(jobs[1], seeds=range(3, 6))
    other = replace(jobs[0], epochs=9)
    for asked in (jobs, jobs[::-1], jobs[:1], [more], [*jobs, other], [replace(more, seeds=range(4, 5))]):
        there = sweep.endings(asked, names.CRITERION)
        every = all((job.hash, seed) in there for job in asked for seed in job.seeds)
        assert all_present(Location.of(uri), "study", asked) == every
    assert not all_present(Location.of(uri), "another", jobs)


@pytest.mark.parametrize("change", ["deleted", "not finished"])
def test_a_run_that_does_not_count_is_not_there(change: str, uri: str, sweep: Sweep, jobs: list[Job]) -> None:
    client = sweep.store.client
    found = client.search_runs([sweep.experiment_id], f"params.{names.SEED} = '4'")
    if change == "deleted":
        client.delete_run(found[0].info.run_id)
    else:
        client.update_run(found[0].info.run_id, status="RUNNING")
    assert not all_present(Location.of(uri), "study", jobs)
    assert all_present(Location.of(uri), "study", jobs[:1])


def test_of_another_store_nothing_is_known(tmp_path: Path, jobs: list[Job]) -> None:
    (tmp_path / "mlflow.db").write_text("not a database, but long enough to be taken for one" * 100)
    (tmp_path / "empty.db").touch()
    stores = [f"sqlite:///{tmp_path}/{name}.db" for name in ("mlflow", "empty", "none")]
    for uri in (*stores, "postgresql://host/runs", "http://host"):
        assert not all_present(Location.of(uri), "study", jobs)
    assert not (tmp_path / "none.db").exists()
