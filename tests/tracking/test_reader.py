"""From the store to frames: what a sweep asked for, by whichever way it was written and is read."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any  # a fixture that serves

import numpy as np
import pandas as pd
import pytest

from study.config.location import Location
from study.errors import InvalidInput
from study.frames import SweepFrames
from study.job import Job
from study.tracking import store as store_module
from study.tracking import sweeps
from study.tracking.provenance import Request
from study.tracking.reader import read_sweep
from study.tracking.store import open_store
from study.tracking.sweeps import Sweep
from study.training.result import Series, Trained

TAGS = {
    "mlflow.user": "me",
    "study.git_commit": "abc",
    "study.versions": '{"torch": "2"}',
    "study.device": "cpu",
}

Train = Callable[..., Trained]


@pytest.fixture
def jobs(make_job: Callable[..., Job]) -> list[Job]:
    return [
        make_job("sgd", 0.1, seeds=range(2)),
        make_job("adam", 0.01, seeds=range(1, 3)),
        make_job("adam", 100.0, seeds=range(1)),
    ]


def _begin(uri: str, jobs: list[Job], asked: str) -> Sweep:
    request = Request(id=asked, tags=TAGS, command="python -m study.train", config="a: 1\n")
    return sweeps.begin(open_store(Location.of(uri)), "study", jobs, request)


def _write(sweep: Sweep, trained: Trained, *, replace: bool = False) -> None:
    sweep.keep(trained, lambda _: None, replace=replace)


def test_frames_hold_what_was_trained(uri: str, jobs: list[Job], train: Train) -> None:
    _write(_begin(uri, jobs, "2024-01-01"), train(jobs))
    _holds_what_was_trained(read_sweep("study", store=uri), jobs)


def test_what_is_too_much_to_be_held_is_read_in_parts(
    uri: str, jobs: list[Job], train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole settings, and each value once; all of them at once are what they are where they are held."""
    _write(_begin(uri, jobs, "2024-01-01"), train(jobs))
    held = read_sweep("study", store=uri)
    monkeypatch.setattr("study.tracking.reader._HELD", 1)
    frames = read_sweep("study", store=uri)
    assert (held.is_large, frames.is_large) == (False, True)
    assert sorted(frames.recorded.metrics) == sorted(held.recorded.metrics)
    by_label = held.runs.groupby("label", observed=True)["run_id"].apply(list)
    assert list(frames.recorded.parts) == by_label.tolist()
    pd.testing.assert_frame_equal(frames.points, held.points, check_exact=True)
    for metric in held.recorded.metrics:
        whole = held.curves(metric)
        found = pd.concat(frames.parts(metric), ignore_index=True)
        for one in (found, frames.curves(metric)):
            pd.testing.assert_frame_equal(
                one.astype({"run_id": str}), whole.astype({"run_id": str}), check_exact=True
            )


@pytest.mark.slow
def test_frames_are_the_same_through_mlflows_client(
    uri: str, jobs: list[Job], train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(_begin(uri, jobs, "2024-01-01"), train(jobs))
    fast = read_sweep("study", store=uri)
    monkeypatch.setattr(store_module, "KNOWN_REVISIONS", frozenset({"of another mlflow"}))
    with pytest.warns(UserWarning, match="slower"):
        _are_same(read_sweep("study", store=uri), fast)


@pytest.mark.parametrize("known", [True, False])
def test_a_schedule_is_a_setting_and_its_rates_are_a_curve(
    known: bool, uri: str, jobs: list[Job], train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside runs of a constant rate, by SQL and by MLflow's client."""
    cosine = replace(jobs[0], schedule={"name": "cosine", "_target_": "C", "T_max": "steps"}, label="cosine")
    both = [jobs[0], cosine]
    trained = train(both)
    nothing = [np.nan] * 4
    rates = np.array([nothing, nothing, [0.1, 0.075, 0.05, 0.025], [0.1, 0.075, 0.05, 0.025]])
    trained = replace(trained, series={**trained.series, "lr": Series(np.arange(4), rates)})
    if not known:
        monkeypatch.setattr(store_module, "KNOWN_REVISIONS", frozenset({"of another mlflow"}))
    with nullcontext() if known else pytest.warns(UserWarning, match="slower"):
        _write(_begin(uri, both, "2024-01-01"), trained)
        frames = read_sweep("study", store=uri)
    assert list(frames.runs["schedule.name"]) == ["constant"] * 2 + ["cosine"] * 2
    assert list(frames.runs["schedule.T_max"].dropna()) == ["steps"] * 2
    curves = frames.curves("lr")
    assert list(curves["label"].unique()) == ["cosine"]
    assert curves["value"].tolist() == [0.1, 0.075, 0.05, 0.025] * 2
    assert curves["step"].tolist() == [0, 1, 2, 3] * 2


@pytest.mark.slow
def test_frames_are_the_same_through_a_server(
    uri: str, jobs: list[Job], train: Train, serve: Any, tmp_path: Path
) -> None:
    _write(_begin(uri, jobs, "2024-01-01"), train(jobs))
    with serve(uri, tmp_path / "served") as url:
        _are_same(read_sweep("study", store=url), read_sweep("study", store=uri))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["postgresql", "server"])
def test_frames_come_back_from_every_store(
    kind: str, uri: str, jobs: list[Job], train: Train, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        if kind == "server":
            elsewhere = stack.enter_context(request.getfixturevalue("serve")(uri, tmp_path / "served"))
        else:
            elsewhere = request.getfixturevalue("postgresql")()
        sweep = _begin(elsewhere, jobs, "2024-01-01")
        _write(sweep, train(jobs))
        assert sweep.endings(jobs, "last_epoch_loss").keys() == {
            (job.hash, seed) for job in jobs for seed in job.seeds
        }
        _holds_what_was_trained(read_sweep("study", store=elsewhere), jobs)


def _holds_what_was_trained(frames: SweepFrames, jobs: list[Job]) -> None:
    """Compare with the formula of the stand-in for the trainer, worked out by hand."""
    runs = frames.runs
    assert list(runs["label"].cat.categories) == ["sgd lr=0.1", "adam lr=0.01", "adam lr=100.0"]
    assert list(runs["label"]) == ["sgd lr=0.1"] * 2 + ["adam lr=0.01"] * 2 + ["adam lr=100.0"]
    assert list(runs["job"]) == [job.hash for job in jobs for _ in job.seeds]
    assert list(runs["seed"]) == [0, 1, 1, 2, 0]
    assert list(runs["optimizer"]) == ["sgd"] * 2 + ["adam"] * 3
    assert list(runs["optimizer.lr"]) == [0.1, 0.1, 0.01, 0.01, 100.0]
    assert list(runs["problem.noise"]) == [0.1] * 5
    assert list(runs["epochs"]) == list(runs["batch_size"]) == [2] * 5
    assert list(runs["optimizer.betas"]) == ["[0.9, 0.99]"] * 5
    assert list(runs["status"]) == ["ok"] * 4 + ["diverged"]
    assert list(runs["data_sha"]) == [f"data_sha {seed}" for seed in (0, 1, 1, 2, 0)]
    level = np.array([0.1, 0.2, 0.11, 0.21])
    np.testing.assert_allclose(runs["last_epoch_loss"], [*(level + 1.5), np.inf], rtol=1e-7)  # float32
    np.testing.assert_allclose(runs["final_eval_loss"], [*(level + 1), np.inf], rtol=1e-15)
    np.testing.assert_allclose(runs["eval_last_epoch"], [*(level + 1.25), np.inf], rtol=1e-15)
    np.testing.assert_allclose(runs["excess"], [*(level + 0.75), np.inf], rtol=1e-15)
    np.testing.assert_allclose(runs["initial_eval_loss"], [*(level + 3), 103], rtol=1e-15)
    np.testing.assert_array_equal(runs["diverged_step"], [np.nan] * 4 + [2])
    np.testing.assert_array_equal(runs["floor"], [0.5] * 5)
    losses = frames.curves("train/loss").groupby("run_id", sort=False)["value"].apply(list)
    assert list(losses.index) == list(runs["run_id"])
    single = [
        [float(np.float32(a + 4 - step)) for step in range(4)]
        for a in (0 + 0.1, 0.1 + 0.1, 0.01 + 0.1, 0.01 + 0.2)
    ]
    assert list(losses) == [*single, [104.0, 103.0]]
    assert list(frames.points["metric"].unique()) == ["eval/loss", "train/loss"]
    place = {run_id: index for index, run_id in enumerate(runs["run_id"])}
    rows = list(zip(*(frames.points[column] for column in ("run_id", "metric", "step")), strict=True))
    assert rows == sorted(rows, key=lambda row: (place[row[0]], *row[1:]))
    last = frames.points[frames.points["run_id"] == runs["run_id"].iloc[4]]
    assert list(last["step"]) == [0, 2, 0, 1]
    np.testing.assert_allclose(
        frames.fits.loc[frames.fits["x"] == 1, "prediction"], [*level, 100], rtol=1e-15
    )
    assert list(frames.fits.loc[frames.fits["x"] == 1, "seed"]) == [0, 1, 1, 2, 0]
    assert frames.data.to_numpy().tolist() == [[0.0, 0.5, 0.25], [1.0, 1.5, 1.25]]
    info = dict(frames.info)
    assert (info["sweep"], info["command"]) == ("2024-01-01", "python -m study.train")
    assert (info["git_commit"], info["versions"], info["device"]) == ("abc", "torch 2", "cpu")
    assert info["sources"] == "unknown"  # the jobs name a class that nobody imported
    assert info["status"] == "RUNNING"
    assert frames.overrides == ()
    assert list(frames.asked["asked"]) == list(frames.asked["present"]) == [2, 2, 1]


def _are_same(got: SweepFrames, wanted: SweepFrames) -> None:
    for name in ("asked", "runs", "points", "fits", "data"):
        pd.testing.assert_frame_equal(
            getattr(got, name), getattr(wanted, name), check_exact=True, check_like=True
        )
    assert {**got.info, "store": ""} == {**wanted.info, "store": ""}


def _write_beside(sweep: sweeps.Sweep, trained: Trained) -> None:
    """Write runs in the place of others, and restore those: older stores may hold a run twice."""
    client, where = sweep.store.client, [sweep.experiment_id]
    before = [run.info.run_id for run in client.search_runs(where)]
    sweep.keep(trained, lambda _: None, replace=True)
    left = {run.info.run_id for run in client.search_runs(where)}
    for run_id in set(before) - left:
        client.restore_run(run_id)


def test_the_newest_run_wins(uri: str, jobs: list[Job], train: Train) -> None:
    sweep = _begin(uri, jobs, "2024-01-01")
    _write(sweep, train(jobs))
    _write_beside(sweep, train(jobs[:1], began=1_800_000_000.0, offset=50.0))
    _write_beside(sweep, train(jobs[1:2], began=1_600_000_000.0, offset=70.0))
    frames = read_sweep("study", store=uri)
    np.testing.assert_allclose(frames.runs["last_epoch_loss"][:4], [51.6, 51.7, 1.61, 1.71], rtol=1e-6)
    assert len(frames.curves("train/loss")) == 4 * 4 + 2
    assert sweep.endings(jobs, "last_epoch_loss") == {
        (job, seed): (status, loss)
        for job, seed, status, loss in frames.runs[["job", "seed", "status", "last_epoch_loss"]].itertuples(
            index=False
        )
    }


def test_an_excess_that_the_loss_does_not_resolve_counts_as_the_least_that_it_does(
    uri: str, jobs: list[Job], train: Train
) -> None:
    """A floor as low as the criterion itself leaves nothing: page and terminal say what is resolved."""
    sweep = _begin(uri, jobs, "2024-01-01")
    trained = train(jobs)
    _write(sweep, replace(trained, floor=trained.last_epoch.values.mean(axis=1)))
    runs = read_sweep("study", store=uri).runs.set_index(["job", "seed"])
    ended = runs[runs["status"] != "diverged"]
    eps = float(np.finfo(trained.last_epoch.values.dtype).eps)
    expected = np.maximum(8 * eps * ended["floor"], eps**2 * ended["initial_eval_loss"])
    np.testing.assert_allclose(ended["excess"], expected, rtol=1e-12)
    told = sweep.endings(jobs, "excess")
    assert {key: told[key].loss for key in ended.index} == ended["excess"].to_dict()


@pytest.mark.slow
def test_a_sweep_takes_the_runs_that_others_trained(
    uri: str, jobs: list[Job], make_job: Callable[..., Job], train: Train
) -> None:
    _write(_begin(uri, jobs, "2024-01-01"), train(jobs))
    more = make_job("sgd", 0.1, seeds=range(4), note=" again")
    second = _begin(uri, [more], "2024-01-02")
    _write(second, train([make_job("sgd", 0.1, seeds=range(2, 4))]))
    assert set(second.endings([more], "last_epoch_loss")) >= {(more.hash, seed) for seed in range(4)}
    frames = read_sweep("study", store=uri)
    assert list(frames.runs["seed"]) == [0, 1, 2, 3]
    assert set(frames.runs["label"]) == {"sgd lr=0.1 again"}
    assert sorted(frames.fits["seed"].unique()) == [0, 1, 2, 3]
    assert frames.data["y"].iloc[0] == 0.5  # of seed 0, which the first sweep trained


def test_what_was_asked_what_is_there_and_what_crashed(
    uri: str, jobs: list[Job], make_job: Callable[..., Job], train: Train
) -> None:
    more = make_job("sgd", 0.1, seeds=range(10, 15))  # seeds of a label that is there already
    request = Request(id="x", tags=TAGS, overrides=["seeds=5"])
    sweep = sweeps.begin(open_store(Location.of(uri)), "study", [*jobs, more], request)
    _write(sweep, train([jobs[0], make_job("sgd", 0.1, seeds=range(12, 14))]))
    sweep.fail(jobs[1], "ArithmeticError: the third wheel\ncame off")
    sweep.finish("KILLED", {})
    frames = read_sweep("study", store=uri)
    assert frames.asked.to_dict("records") == [
        {"label": "sgd lr=0.1", "asked": 7, "present": 4, "failed": ""},
        {
            "label": "adam lr=0.01",
            "asked": 2,
            "present": 0,
            "failed": "ArithmeticError: the third wheel\ncame off",
        },
        {"label": "adam lr=100.0", "asked": 1, "present": 0, "failed": ""},
    ]
    assert (frames.overrides, frames.info["status"]) == (("seeds=5",), "KILLED")


@pytest.mark.slow
def test_a_sweep_is_chosen_by_its_id_and_is_else_the_one_asked_for_last(
    uri: str, jobs: list[Job], train: Train
) -> None:
    _write(_begin(uri, jobs, "2024-01-01"), train(jobs))
    _begin(uri, jobs[:1], "2024-01-02")
    assert set(read_sweep("study", store=uri).runs["optimizer"]) == {"sgd"}
    assert len(read_sweep("study", sweep="2024-01-01", store=uri).runs) == 5
    _begin(uri, jobs[::-1], "2024-01-03")  # the jobs of the first one: asked for again
    assert read_sweep("study", store=uri).info["sweep"] == "2024-01-01"
    with pytest.raises(InvalidInput, match=r"sweep must be one of 2024-01-01, 2024-01-02; got '2024-01-04'"):
        read_sweep("study", sweep="2024-01-04", store=uri)


class TestNothingToRead:
    """Each: one message that says what to do."""

    def test_no_store(self, tmp_path: Path) -> None:
        self._refused(
            f"sqlite:///{tmp_path}/mlflow.db",
            r"the store must hold runs, got none at sqlite:///.*mlflow.db; run .* tracking.experiment=study "
            r"tracking.uri=sqlite:///.*mlflow.db first",
        )
        assert not list(tmp_path.iterdir())

    def test_no_experiment(self, uri: str) -> None:
        open_store(Location.of(uri)).experiment_id("other")
        self._refused(
            uri,
            "experiment study must be in the store, which holds other; run .* tracking.experiment=study .* first",
        )

    def test_no_sweep(self, uri: str) -> None:
        open_store(Location.of(uri)).experiment_id("study")
        self._refused(
            uri, "experiment study must hold a sweep, got none; run .* tracking.experiment=study .* first"
        )

    def test_no_finished_run(self, uri: str, jobs: list[Job]) -> None:
        sweep = _begin(uri, jobs, "2024-01-01")
        self._refused(
            uri,
            "sweep 2024-01-01 of study must hold finished runs, got none; run .*study.train again",
        )
        sweep.fail(jobs[0], "ArithmeticError: the third wheel came off")
        self._refused(
            uri, r"got none \(sgd lr=0.1: ArithmeticError: the third wheel came off\); run .*study.train"
        )

    def _refused(self, uri: str, message: str) -> None:
        with pytest.raises(InvalidInput, match=message):
            read_sweep("study", store=uri)


WITHOUT_TORCH = """
import runpy, sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("this machine has no torch")

sys.meta_path.insert(0, NoTorch())
"""

READS = """
from study import read_sweep
print(len(read_sweep("study", store=sys.argv[1]).points))
assert "torch" not in sys.modules
"""

REPORTS = """
runpy.run_module("study.report", run_name="__main__")
"""


@pytest.mark.slow
def test_reading_needs_no_torch(uri: str, jobs: list[Job], train: Train) -> None:
    _write(_begin(uri, jobs, "2024-01-01"), train(jobs))
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH + READS, uri], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 4 * (4 + 3) + 2 + 2


@pytest.mark.slow
def test_a_report_needs_no_torch(uri: str, jobs: list[Job], train: Train, tmp_path: Path) -> None:
    _write(_begin(uri, jobs[:2], "2024-01-01"), train(jobs))
    told = [f"tracking.uri={uri}", "tracking.experiment=study", f"report.out={tmp_path}/report"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH + REPORTS, *told], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report" / "index.html").exists()
