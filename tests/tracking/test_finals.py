"""Each run has its own curve: by its id, whatever was trained before and after it, and whatever was lost."""

import logging
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study.config.location import Location
from study.job import Job
from study.tracking import finals, names, sweeps
from study.tracking.provenance import Request
from study.tracking.reader import read_sweep
from study.tracking.store import open_store
from study.tracking.sweeps import Sweep
from study.training.result import Trained

Train = Callable[..., Trained]
MakeJob = Callable[..., Job]

LATER = 1_800_000_000.0


@pytest.fixture(scope="module")
def jobs(make_job: MakeJob) -> list[Job]:
    return [make_job("sgd", 0.1, seeds=range(3)), make_job("adam", 0.01, seeds=range(3))]


@pytest.mark.slow
def test_a_run_trained_again_has_its_own_curve_and_no_other(uri: str, jobs: list[Job], train: Train) -> None:
    """The second training's curves are 50 higher, and are written beside the first's."""
    sweep = _begin(uri, jobs)
    _keep(sweep, train(jobs))
    _keep(sweep, train(jobs, began=LATER, offset=50.0), replace=True)
    frames = read_sweep("study", store=uri)
    assert (frames.fits.groupby(["label", "seed"], observed=True).size() == 3).all()
    level = [50 + lr + seed / 10 for lr in (0.1, 0.01) for seed in range(3)]
    np.testing.assert_allclose(_at_one(frames.fits), level, rtol=1e-15)
    assert frames.fits["label"].tolist() == ["sgd lr=0.1"] * 9 + ["adam lr=0.01"] * 9
    assert frames.runs["seed"].tolist() == [0, 1, 2] * 2


def test_a_restored_run_has_the_curve_that_it_had(uri: str, jobs: list[Job], train: Train) -> None:
    sweep = _begin(uri, jobs)
    _keep(sweep, train(jobs[:1]))
    old = _id_of(sweep, "sgd lr=0.1 seed=1")
    _keep(sweep, train(jobs[:1], began=LATER, offset=50.0), replace=True)
    sweep.store.client.delete_run(_id_of(sweep, "sgd lr=0.1 seed=1"))
    sweep.store.client.restore_run(old)
    fits = read_sweep("study", store=uri).fits.sort_values("seed", kind="stable")
    np.testing.assert_allclose(_at_one(fits), [50.1, 0.2, 50.3], rtol=1e-15)


def test_the_clock_of_a_stack_is_that_of_its_runs(uri: str, jobs: list[Job], train: Train) -> None:
    trained = train(jobs)
    _keep(_begin(uri, jobs), trained)
    frames = read_sweep("study", store=uri)
    assert set(frames.clocks) == set(frames.runs["run_id"])
    for clock in frames.clocks.values():
        np.testing.assert_array_equal(clock, trained.times - trained.times[0])


class TestOlderStores:
    """Their files name runs by job and seed alone."""

    def test_one_row_for_a_run_is_its_own(
        self, uri: str, jobs: list[Job], train: Train, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _keep(_begin(uri, jobs), train(jobs))
        with_ids = read_sweep("study", store=uri).fits
        _without_ids(monkeypatch)
        pd.testing.assert_frame_equal(read_sweep("study", store=uri).fits, with_ids)

    def test_of_two_rows_for_a_run_neither_is_taken(
        self,
        uri: str,
        jobs: list[Job],
        train: Train,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        sweep = _begin(uri, jobs)
        _keep(sweep, train(jobs))
        _keep(sweep, train(jobs[:1], began=LATER, offset=50.0), replace=True)
        _without_ids(monkeypatch)
        fits = read_sweep("study", store=uri).fits
        assert set(fits["label"]) == {"adam lr=0.01"}
        assert "3 of 6 runs are drawn without a curve" in caplog.text

    def test_a_row_of_another_sweep_is_another_runs(
        self, uri: str, jobs: list[Job], make_job: MakeJob, train: Train, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One of two sweeps holds a newer training of what the other asked for too."""
        _keep(_begin(uri, jobs), train(jobs))
        more = [make_job("sgd", 0.1, seeds=range(2))]
        _keep(_begin(uri, more, "second"), train(more, began=LATER, offset=50.0), replace=True)
        _without_ids(monkeypatch)
        fits = read_sweep("study", sweep="first", store=uri).fits
        np.testing.assert_allclose(_at_one(fits)[:3], [50.1, 50.2, 0.3], rtol=1e-15)


@pytest.fixture(scope="module")
def two_files(
    empty: Path, jobs: list[Job], train: Train, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[Path]]:
    """Return a store and the files of two stacks in it."""
    uri = f"sqlite:///{shutil.copy(empty, tmp_path_factory.mktemp('losses'))}"
    return uri, _two_files(uri, jobs, train)


class TestLosses:
    """What is damaged or gone costs curves, is said, and stops nothing."""

    @pytest.fixture
    def uri(self, two_files: tuple[str, list[Path]]) -> str:
        return two_files[0]

    @pytest.fixture
    def files(self, two_files: tuple[str, list[Path]]) -> Iterator[list[Path]]:
        """Return the files of the store that all these tests share; each finds them whole."""
        whole = {file: file.read_bytes() for file in two_files[1]}
        yield two_files[1]
        for file, content in whole.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    @pytest.mark.parametrize("damage", ["empty", "half", "text", "a bit", "other arrays"])
    def test_a_damaged_file(
        self, damage: str, uri: str, files: list[Path], caplog: pytest.LogCaptureFixture
    ) -> None:
        whole = files[0].read_bytes()
        files[0].write_bytes(
            {"empty": b"", "half": whole[: len(whole) // 2], "text": b"not an archive"}.get(damage, whole)
        )
        if damage == "a bit":
            with zipfile.ZipFile(files[0]) as archive:
                place = archive.getinfo("curve.npy").header_offset + 60
            files[0].write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        if damage == "other arrays":
            np.savez(files[0], other=np.zeros(3))
        frames = read_sweep("study", store=uri)
        assert len(frames.runs) == 6
        assert set(frames.fits["label"]) == {"adam lr=0.01"}
        assert f"the artifact final/{files[0].name} of a sweep cannot be read" in caplog.text
        assert "3 of 6 runs are drawn without a curve" in caplog.text

    def test_arrays_that_do_not_fit_together(self, uri: str, files: list[Path]) -> None:
        with np.load(files[0]) as arrays:
            shorter = {name: values[:2] if name == "curve" else values for name, values in arrays.items()}
        np.savez(files[0], **shorter)
        assert set(read_sweep("study", store=uri).fits["label"]) == {"adam lr=0.01"}

    def test_a_missing_file(self, uri: str, files: list[Path], caplog: pytest.LogCaptureFixture) -> None:
        files[0].unlink()
        assert set(read_sweep("study", store=uri).fits["label"]) == {"adam lr=0.01"}
        assert "3 of 6 runs are drawn without a curve" in caplog.text

    def test_no_file_at_all(self, uri: str, files: list[Path], caplog: pytest.LogCaptureFixture) -> None:
        shutil.rmtree(files[0].parents[2])
        frames = read_sweep("study", store=uri)
        assert (len(frames.runs), len(frames.fits), len(frames.data)) == (6, 0, 0)
        assert list(frames.fits) == ["label", "optimizer", "seed", "x", "prediction"]
        assert list(frames.data) == ["x", "y", "clean"]
        assert [record.levelno for record in caplog.records] == [logging.WARNING]

    def test_what_is_whole_is_not_said(
        self, uri: str, files: list[Path], caplog: pytest.LogCaptureFixture
    ) -> None:
        assert len(files) == 2
        read_sweep("study", store=uri)
        assert not caplog.records


@pytest.mark.slow
def test_a_parent_that_is_gone_for_good(uri: str, jobs: list[Job], train: Train) -> None:
    """The runs of a sweep may be asked for by another, after the first one's parent was purged."""
    files = _two_files(uri, jobs, train)
    second = _begin(uri, jobs[:1], "second")
    store = second.store
    (parent,) = {path.parents[2].name for path in files}
    store.client.delete_run(parent)
    assert set(read_sweep("study", store=uri).fits["label"]) == {"sgd lr=0.1"}
    store.client._tracking_client.store._hard_delete_run(parent)  # what `mlflow gc` does
    assert read_sweep("study", store=uri).fits.empty


@pytest.mark.slow
def test_the_sample_is_of_the_sweeps_first_seed(uri: str, make_job: MakeJob, train: Train) -> None:
    """A sample's height says its seed: 0.5 more than it."""
    for low, high in ((0, 5), (1, 2), (5, 7)):  # three trainings, of which some seeds are asked for
        job = make_job("sgd", 0.1, seeds=range(low, high))
        _keep(_begin(uri, [job], f"trained {low}"), train([job]), replace=low == 1)
    for first in (0, 1, 5):
        _begin(uri, [make_job("sgd", 0.1, seeds=range(first, 8))], f"wanted {first}")  # seed 7 is not there
        frames = read_sweep("study", sweep=f"wanted {first}", store=uri)
        assert frames.runs["seed"].min() == first
        assert frames.data["y"].iloc[0] == first + 0.5


def test_where_no_sample_is_of_a_seed_of_the_sweep_another_one_is_shown(
    uri: str, make_job: MakeJob, train: Train
) -> None:
    job = make_job("sgd", 0.1, seeds=range(5))
    _keep(_begin(uri, [job], "trained"), train([job]))
    _begin(uri, [make_job("sgd", 0.1, seeds=range(3, 5))], "wanted")
    frames = read_sweep("study", sweep="wanted", store=uri)
    assert (frames.runs["seed"].min(), frames.data["y"].iloc[0]) == (3, 0.5)


def _begin(uri: str, jobs: list[Job], asked: str = "first") -> Sweep:
    tags = {names.USER: "me"}
    store = open_store(Location.of(uri))
    return sweeps.begin(store, "study", jobs, Request(id=asked, tags=tags))


def _keep(sweep: Sweep, trained: Trained, *, replace: bool = False) -> None:
    sweep.keep(trained, lambda _: None, replace=replace)


def _two_files(uri: str, jobs: list[Job], train: Train) -> list[Path]:
    """Keep each of two jobs as a stack of its own, and return their files in the jobs' order."""
    sweep = _begin(uri, jobs)
    _keep(sweep, train(jobs[:1]))
    _keep(sweep, train(jobs[1:]))
    (folder,) = (Path(uri.removeprefix("sqlite:///")).parent / "artifacts").rglob(names.FINAL)
    return sorted(folder.iterdir(), key=lambda path: str(np.load(path)["job"][0]) != jobs[0].hash)


def _id_of(sweep: Sweep, name: str) -> str:
    (run,) = sweep.store.client.search_runs([sweep.experiment_id], f"attributes.run_name = '{name}'")
    return str(run.info.run_id)


def _at_one(fits: pd.DataFrame) -> list[float]:
    return fits.loc[fits["x"] == 1, "prediction"].tolist()


def _without_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read files as if they held no ids."""
    monkeypatch.setattr(finals, "_READ", tuple(name for name in finals._READ if name != "run_id"))


def test_of_very_many_runs_those_at_the_first_seeds_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two settings at three seeds: room for five runs is room for two seeds of both, and there is always one seed."""
    runs = pd.DataFrame({"seed": [2, 0, 1, 2, 0, 1]})
    for room, seeds in ((6, {0, 1, 2}), (5, {0, 1}), (1, {0})):
        monkeypatch.setattr("study.tracking.finals._DRAWN", room)
        assert finals._drawn(runs) == seeds
