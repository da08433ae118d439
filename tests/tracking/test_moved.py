"""A store that was moved or copied with its folder: really moved, and read by MLflow's own client."""

import logging
import shutil
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.tracking._tracking_service import utils

from study.config.location import Location
from study.job import Job
from study.tracking import names, sweeps, ui_state
from study.tracking.provenance import Request
from study.tracking.reader import read_sweep
from study.tracking.store import open_store
from study.tracking.sweeps import Sweep
from study.training.result import Trained

MakeJob = Callable[..., Job]
Train = Callable[..., Trained]


@pytest.fixture
def next_command(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what forgets where artifacts are, as the end of a process does: MLflow remembers it by run."""

    def forget() -> None:
        monkeypatch.setattr(utils, "_artifact_repos_cache", OrderedDict())

    return forget


@pytest.fixture
def home(empty: Path, tmp_path: Path) -> Path:
    """Return the folder of a store, `<home>/mlruns`, in which nothing was trained yet."""
    folder = tmp_path / "home" / "mlruns"
    folder.mkdir(parents=True)
    shutil.copy(empty, folder / "mlflow.db")
    return tmp_path / "home"


@pytest.fixture
def jobs(make_job: MakeJob) -> list[Job]:
    return [make_job("sgd", 0.1, seeds=range(2))]


@pytest.fixture
def trained(home: Path, jobs: list[Job], train: Train) -> Sweep:
    """Return a sweep of one stack in the store at home."""
    return _train(home, jobs, train)


def test_a_renamed_folder_reads_and_writes_where_it_is(
    home: Path,
    jobs: list[Job],
    trained: Sweep,
    train: Train,
    next_command: Callable[[], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = read_sweep("study", store=_uri(home))
    there = home.with_name("there")
    home.rename(there)
    next_command()
    after = read_sweep("study", store=_uri(there))
    assert after.fits.equals(before.fits)
    assert not after.fits.empty
    new, old = there / "mlruns" / "artifacts", home / "mlruns" / "artifacts"
    assert caplog.messages == [f"the store was moved: its artifacts are now in {new}, no longer in {old}"]
    config = MlflowClient(_uri(there)).download_artifacts(trained.run_id, names.CONFIG)
    assert Path(config).read_text() == "seeds: 2\n"
    _train(there, jobs, train, asked="again", replace=True)
    assert not home.exists()
    assert len(caplog.messages) == 1  # what is repaired is not said again


def test_a_copied_folder_leaves_the_original_alone(
    home: Path, jobs: list[Job], trained: Sweep, train: Train, next_command: Callable[[], None]
) -> None:
    there = home.with_name("there")
    shutil.copytree(home, there)
    next_command()
    before = _files(home)
    sweep = _train(there, jobs, train, asked="again", replace=True)
    assert sweep.run_id == trained.run_id
    assert len(read_sweep("study", store=_uri(there)).fits) == 6
    assert _files(home) == before
    (run,) = {run.info.artifact_uri for run in _runs(home) if run.info.run_id == trained.run_id}
    assert run == f"{home}/mlruns/artifacts/study/{trained.run_id}/artifacts"


@pytest.mark.slow
def test_deleted_runs_follow_too(home: Path, trained: Sweep) -> None:
    run_id = next(run.info.run_id for run in _runs(home))
    trained.store.client.delete_run(run_id)
    there = home.with_name("there")
    home.rename(there)
    client = open_store(Location.of(_uri(there))).client
    client.restore_run(run_id)
    uris = {run.info.artifact_uri for run in _runs(there)}
    assert len(uris) == 3
    assert all(uri.startswith(f"{there}/mlruns/artifacts/study/") for uri in uris)


@pytest.mark.slow
def test_places_that_the_study_did_not_choose_stay(home: Path, trained: Sweep) -> None:
    client = trained.store.client
    own = {ui_state.TAG: ui_state.STATE}
    places = {
        "bucket": "s3://bucket/artifacts/bucket",
        "no artifacts": "/data/no artifacts",
        "another name": "/data/artifacts/other",
        "a URI": "file:///a/artifacts/a URI",
    }
    chosen = {
        client.create_experiment(name, artifact_location=place, tags=own): place
        for name, place in places.items()
    }
    foreign = client.create_experiment("foreign", artifact_location=f"{home}/mlruns/artifacts/foreign")
    run = client.create_run(foreign).info
    there = home.with_name("there")
    home.rename(there)
    client = open_store(Location.of(_uri(there))).client
    for experiment, place in chosen.items():
        assert client.get_experiment(experiment).artifact_location == place
    assert client.get_experiment(foreign).artifact_location == f"{home}/mlruns/artifacts/foreign"
    assert client.get_run(run.run_id).info.artifact_uri == run.artifact_uri


@pytest.mark.slow
def test_a_database_copied_alone_reads_the_artifacts_where_they_are(
    home: Path, trained: Sweep, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert trained.store.location.uri == _uri(home)
    shutil.copy(home / "mlruns" / "mlflow.db", tmp_path / "mlflow.db")
    assert len(read_sweep("study", store=f"sqlite:///{tmp_path}/mlflow.db").fits) == 6
    assert not caplog.messages


def test_another_way_to_the_same_folder_is_no_move(
    home: Path, trained: Sweep, caplog: pytest.LogCaptureFixture
) -> None:
    assert trained.store.location.uri == _uri(home)
    link = home.with_name("link")
    link.symlink_to(home)
    assert len(read_sweep("study", store=_uri(link)).fits) == 6
    assert not caplog.messages
    assert {Path(run.info.artifact_uri).parents[3] for run in _runs(home)} == {home / "mlruns"}


def test_a_read_only_store_is_read_as_it_is(
    home: Path, trained: Sweep, make_read_only: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    assert trained.store.location.uri == _uri(home)
    make_read_only(home)
    assert len(read_sweep("study", store=_uri(home)).fits) == 6
    assert not caplog.messages


def test_a_moved_read_only_store_is_read_and_says_what_it_cannot(
    home: Path, trained: Sweep, make_read_only: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    assert trained.store.location.uri == _uri(home)
    there = home.with_name("there")
    home.rename(there)
    make_read_only(there)
    frames = read_sweep("study", store=_uri(there))
    assert (len(frames.runs), len(frames.fits)) == (2, 0)
    assert "readonly database" in caplog.messages[0]


def test_a_store_that_cannot_be_told_is_read_without_its_curves(
    home: Path, trained: Sweep, caplog: pytest.LogCaptureFixture
) -> None:
    """A trigger refuses what a read-only file would refuse to anyone but root."""
    there = home.with_name("there")
    home.rename(there)
    with closing(sqlite3.connect(there / "mlruns" / "mlflow.db")) as raw:
        refusal = "BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END"
        raw.execute(f"CREATE TRIGGER readonly BEFORE UPDATE ON runs {refusal}")
    frames = read_sweep("study", store=_uri(there))
    assert (len(frames.runs), len(frames.fits)) == (2, 0)
    assert "which the store cannot be told: " in caplog.messages[0]
    assert "readonly database" in caplog.messages[0]
    assert "2 of 2 runs are drawn without a curve" in caplog.messages[1]
    location = MlflowClient(_uri(there)).get_experiment(trained.experiment_id).artifact_location
    assert location == f"{home}/mlruns/artifacts/study"  # all or nothing
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def _train(
    home: Path, jobs: list[Job], train: Train, *, asked: str = "first", replace: bool = False
) -> Sweep:
    tags, store = {names.USER: "me"}, open_store(Location.of(_uri(home)))
    sweep = sweeps.begin(store, "study", jobs, Request(id=asked, tags=tags, config="seeds: 2\n"))
    sweep.keep(train(jobs), lambda _: None, replace=replace)
    return sweep


def _uri(home: Path) -> str:
    return f"sqlite:///{home}/mlruns/mlflow.db"


def _runs(home: Path) -> list[Run]:
    client = MlflowClient(_uri(home))
    experiment = client.get_experiment_by_name("study")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))


def _files(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return what lies in a folder, with sizes and times of the last change."""
    stats = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}
