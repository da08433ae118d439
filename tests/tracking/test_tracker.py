"""The tracker: a process that keeps a sweep as this one would, refuses as this one would, and outlives nobody."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

from study.config.location import Location
from study.errors import InvalidInput, NotKept
from study.job import Job
from study.tracking import names, sweeps
from study.tracking.beside import receive, send
from study.tracking.process import _Process
from study.tracking.provenance import Request
from study.tracking.store import open_store
from study.tracking.tracker import Tracker
from study.training.result import Trained

MakeJob = Callable[..., Job]
Train = Callable[..., Trained]
REQUEST = Request(id="first", tags={names.USER: "me"}, command="typed")


@pytest.fixture
def jobs(make_job: MakeJob) -> list[Job]:
    return [make_job("sgd", 100.0, seeds=range(2)), make_job("adam", 0.01, seeds=range(3, 5))]


@pytest.fixture
def tracker(uri: str) -> Iterator[Tracker]:
    tracker = _prepared(Location.of(uri))
    yield tracker
    tracker.close()


@pytest.mark.slow
def test_what_a_tracker_keeps_is_what_this_process_would(
    tracker: Tracker, uri: str, jobs: list[Job], train: Train
) -> None:
    written = list[int]()
    tracker.begin("study", "what it is about", jobs, REQUEST)
    assert tracker.id == "first"
    assert [job.label for job in tracker.declare(jobs)] == [job.label for job in jobs]
    kept = tracker.keep(train(jobs), written.append)
    assert written == [4]
    here = sweeps.begin(open_store(Location.of(uri)), "here", jobs, REQUEST)
    assert here.keep(train(jobs), lambda _: None) == kept
    assert tracker.endings(jobs, names.CRITERION) == here.endings(jobs, names.CRITERION)
    assert len(tracker.runs()) == 4
    tracker.fail(jobs[0], "ArithmeticError: it broke")
    tracker.finish("FINISHED", {"runs": 4.0})
    there, ours = ({run.info.run_name: run for run in _runs(uri, name)} for name in ("study", "here"))
    for run in ours.values():
        if run.data.tags[names.KIND] == "run":
            other = there[run.info.run_name]
            assert (run.data.params, run.data.metrics) == (other.data.params, other.data.metrics)
            assert run.data.tags.keys() == other.data.tags.keys()
    (parent,) = (run for run in there.values() if run.data.tags[names.KIND] == "sweep")
    assert parent.info.status == "FINISHED"
    assert parent.data.tags[names.FAILED + f"{jobs[0].hash}.0"] == "ArithmeticError: it broke"


@pytest.mark.slow
def test_nothing_is_written_before_a_sweep_begins(tmp_path: Path) -> None:
    location = Location.of(f"sqlite:///{tmp_path}/new/mlflow.db")
    tracker = _prepared(location)
    tracker._prepared.result()
    tracker.close()
    assert list(tmp_path.iterdir()) == []
    assert not Path(tracker._folder.name).exists()


@pytest.mark.slow
def test_two_that_made_a_fresh_store_aside_share_it(tmp_path: Path, make_job: MakeJob) -> None:
    location = Location.of(f"sqlite:///{tmp_path}/new/mlflow.db")
    trackers = [_prepared(location) for _ in range(2)]
    for number, tracker in enumerate(trackers):
        tracker._prepared.result()
        tracker.begin(f"study{number}", "", [make_job("sgd", 0.1, seeds=range(1))], REQUEST)
    for tracker in trackers:
        tracker.finish("FINISHED", {})
        tracker.close()
    parents = [*_runs(location.uri, "study0"), *_runs(location.uri, "study1")]
    assert [run.info.status for run in parents] == ["FINISHED"] * 2
    assert {str(run.info.artifact_uri).rpartition("/study")[0] for run in parents} == {
        f"{tmp_path}/new/artifacts"
    }
    left = {path.name for path in (tmp_path / "new").iterdir()}
    assert left == {"mlflow.db", "mlflow.lock", "mlflow.locks", "artifacts"}


@pytest.mark.slow
def test_a_second_sweep_of_an_experiment_waits_until_the_first_is_no_more(
    tracker: Tracker, uri: str, jobs: list[Job], train: Train
) -> None:
    """That one is killed, so that nobody else says in the store that it is."""
    tracker.begin("study", "", jobs[:1], REQUEST)
    tracker.keep(train(jobs[:1]), lambda _: None)
    waiting, told = Event(), list[str]()

    def waits(experiment: str) -> None:
        told.append(experiment)
        waiting.set()

    with closing(_prepared(Location.of(uri))) as second:
        again = replace(REQUEST, id="second")
        begun = Thread(target=lambda: second.begin("study", "", jobs, again, waits=waits))
        begun.start()
        assert waiting.wait(timeout=60)
        begun.join(timeout=0.5)
        assert begun.is_alive()
        os.kill(tracker._process.pid, signal.SIGKILL)
        begun.join(timeout=60)
        parents = {run.data.tags.get(names.ASKED): run.info.status for run in _runs(uri) if _is_parent(run)}
        assert parents == {"first": "KILLED", "second": "RUNNING"}
    assert told == ["study"]


@pytest.mark.slow
def test_a_killed_tracker_is_told_at_once_and_the_sweep_can_still_be_ended(
    tracker: Tracker, uri: str, jobs: list[Job], train: Train
) -> None:
    tracker.begin("study", "", jobs, REQUEST)
    tracker.keep(train(jobs[:1]), lambda _: None)
    os.kill(tracker._process.pid, signal.SIGKILL)
    tracker._process.wait()
    for call in (tracker.require, lambda: tracker.keep(train(jobs[1:]), lambda _: None)):
        with pytest.raises(
            NotKept, match=r"the process that writes to the store was ended by signal 9.*goes on"
        ):
            call()
    assert len(tracker.endings(jobs, names.CRITERION)) == 2
    tracker.finish("FAILED", {})
    assert [run.info.status for run in _runs(uri) if run.data.tags[names.KIND] == "sweep"] == ["FAILED"]


@pytest.mark.slow
def test_a_store_that_cannot_be_written_is_told_in_one_line(
    tracker: Tracker, tmp_path: Path, jobs: list[Job], train: Train
) -> None:
    tracker.begin("study", "", jobs, REQUEST)
    with sqlite3.connect(tmp_path / "mlflow.db") as raw:
        raw.execute(
            "CREATE TRIGGER full BEFORE INSERT ON metrics BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    raw.close()
    with pytest.raises(NotKept, match=r"the store at sqlite:.* failed: .*disk is full.*goes on") as error:
        tracker.keep(train(jobs), lambda _: None)
    assert "\n" not in str(error.value)
    assert tracker.endings(jobs, names.CRITERION) == {}
    tracker.require()


@pytest.mark.slow
def test_a_store_that_is_none_is_refused(tmp_path: Path, jobs: list[Job]) -> None:
    (tmp_path / "mlflow.db").write_text("not a database, but long enough to be taken for one" * 100)
    tracker = _prepared(Location.of(f"sqlite:///{tmp_path}/mlflow.db"))
    with pytest.raises(InvalidInput, match=r"must name a store that answers, got .*not a database"):
        tracker.begin("study", "", jobs, REQUEST)
    tracker.close()


def test_where_the_trainer_is_no_more_the_store_says_so(uri: str, jobs: list[Job], train: Train) -> None:
    process, (ours, _) = _answering(uri, jobs)
    ours.close()
    kind, _ = process.answer("keep", (train(jobs), {job.hash: {} for job in jobs}, False))
    assert kind != "done"  # whoever asks again must not meet what was written only now
    assert process.answer("endings", (jobs, names.CRITERION)) == ("done", {})
    process.leave()
    assert _status(uri) == "KILLED"


def test_a_sweep_that_was_asked_for_again_is_left_to_who_asked(uri: str, jobs: list[Job]) -> None:
    process, _ = _answering(uri, jobs)
    again = Request(id="second", tags=REQUEST.tags)
    sweeps.begin(open_store(Location.of(uri)), "study", jobs, again)
    process.leave()
    assert _status(uri) == "RUNNING"


def test_a_finished_sweep_is_left_as_it_is(uri: str, jobs: list[Job]) -> None:
    process, _ = _answering(uri, jobs)
    assert process.answer("finish", ("FINISHED", {}))[0] == "done"
    process.leave()
    assert _status(uri) == "FINISHED"


def test_a_mistake_is_told_with_its_traceback(uri: str, jobs: list[Job]) -> None:
    process, _ = _answering(uri, jobs)
    kind, told = process.answer("declare", (None,))
    assert kind == "broken"
    assert "Traceback" in str(told)


def test_each_kind_of_answer_becomes_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """Of a process that is played here."""
    tracker, written = Tracker.__new__(Tracker), list[int]()
    tracker._location = Location.of("postgresql://me:secret@host/runs")
    tracker._pipe, theirs = Pipe()
    answers = [("written", 3), ("logged", ("mlflow", logging.WARNING, "slow")), ("done", 5)]
    for answer in (*answers, ("refused", "no"), ("failed", "disk is full"), ("broken", "Traceback")):
        send(theirs, answer)
    assert tracker._answer("keep", (1, 2), written.append) == 5
    assert receive(theirs) == ("keep", (1, 2))
    assert (written, caplog.messages) == ([3], ["slow"])
    with pytest.raises(InvalidInput, match=r"^no$"):
        tracker._answer("x", (), written.append)
    with pytest.raises(
        NotKept, match=r"me:\*\*\*@host/runs failed: disk is full; what was written before is kept"
    ):
        tracker._answer("x", (), written.append)
    with pytest.raises(RuntimeError, match="Traceback"):
        tracker._answer("x", (), written.append)


@pytest.mark.slow
def test_a_tracker_never_imports_torch() -> None:
    code = "import sys, study.tracking.process, study.tracking.reader; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _is_parent(run: MlflowRun) -> bool:
    return bool(run.data.tags[names.KIND] == "sweep")


def _prepared(location: Location) -> Tracker:
    tracker = Tracker()
    tracker.prepare(location)
    return tracker


def _answering(uri: str, jobs: list[Job]) -> tuple[_Process, tuple[Connection, Connection]]:
    """Return what a tracker's process does, in this one, after it began a sweep; and both ends of its pipe."""
    ours, theirs = Pipe()
    process = _Process(theirs)
    assert process.answer("begin", (Location.of(uri), "study", "", jobs, REQUEST)) == ("done", "first")
    return process, (ours, theirs)


def _status(uri: str) -> str:
    (parent,) = _runs(uri)
    return str(parent.info.status)


def _runs(uri: str, experiment: str = "study") -> list[MlflowRun]:
    """Return all runs of an experiment, the parents too."""
    client = MlflowClient(uri)
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return list(client.search_runs([found.experiment_id]))
