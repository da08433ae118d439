"""A sweep's parent in the store: what was asked for, found again, and how it ended."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from study.config.location import Location
from study.errors import NotKept
from study.job import Job
from study.tracking import names, sweeps
from study.tracking.claim import claim_of
from study.tracking.provenance import Request
from study.tracking.store import Store, open_store
from study.tracking.sweeps import JobRow, Sweep, job_rows
from study.training.result import Trained

MakeJob = Callable[..., Job]


@pytest.fixture
def store(uri: str) -> Store:
    return open_store(Location.of(uri))


@pytest.fixture
def jobs(make_job: MakeJob) -> list[Job]:
    return [make_job("sgd", 0.1, seeds=range(2)), make_job("adam", 0.01, seeds=range(3, 5))]


def _begin(
    store: Store, jobs: list[Job] | None, asked: str = "first", command: str = "typed", config: str = ""
) -> Sweep:
    tags = {names.USER: "me", names.GIT_COMMIT: "abc"}
    return sweeps.begin(store, "study", jobs, Request(id=asked, tags=tags, command=command, config=config))


def _parent_tags(sweep: Sweep) -> dict[str, str]:
    tags: dict[str, str] = sweep.store.client.get_run(sweep.run_id).data.tags
    return tags


def test_a_parent_says_what_was_asked_for(store: Store, jobs: list[Job]) -> None:
    sweep = _begin(store, jobs, config="seeds: 2\n")
    tags = _parent_tags(sweep)
    assert job_rows(tags) == [
        JobRow(0, jobs[0].hash, range(2), "sgd lr=0.1"),
        JobRow(1, jobs[1].hash, range(3, 5), "adam lr=0.01"),
    ]
    assert (tags[names.SWEEP], tags[names.ASKED], tags[names.COMMAND]) == ("first", "first", "typed")
    assert "| sgd lr=0.1 | 0 to 1 |" in tags[names.NOTE]
    assert "| adam lr=0.01 | 3 to 4 |" in tags[names.NOTE]
    path = store.client.download_artifacts(sweep.run_id, names.CONFIG)
    assert Path(path).read_text() == "seeds: 2\n"


def test_neither_command_nor_config_keeps_a_password(store: Store, jobs: list[Job]) -> None:
    sweep = _begin(store, jobs, command="x uri=http://me:secret@host", config="uri: http://me:secret@host\n")
    assert _parent_tags(sweep)[names.COMMAND] == "x uri=http://me:***@host"
    assert not [key for key, value in _parent_tags(sweep).items() if "secret" in value]
    path = store.client.download_artifacts(sweep.run_id, names.CONFIG)
    assert Path(path).read_text() == "uri: http://me:***@host\n"


def test_the_same_jobs_in_any_order_are_the_same_sweep(store: Store, jobs: list[Job]) -> None:
    first = _begin(store, jobs)
    first.finish("KILLED", {})
    again = _begin(store, jobs[::-1], asked="second")
    assert (again.run_id, again.id) == (first.run_id, "first")
    assert [row.label for row in job_rows(_parent_tags(again))] == ["sgd lr=0.1", "adam lr=0.01"]
    assert _parent_tags(again)[names.ASKED] == "second"
    assert store.client.get_run(first.run_id).info.status == "RUNNING"


def test_other_jobs_other_seeds_and_other_experiments_are_other_sweeps(
    store: Store, jobs: list[Job], make_job: MakeJob
) -> None:
    ids = {_begin(store, asked).run_id for asked in (jobs, jobs[:1], [make_job("sgd", 0.1, seeds=range(3))])}
    elsewhere = sweeps.begin(store, "other", jobs, Request(id="x", tags={}))
    assert len(ids | {elsewhere.run_id}) == 4


def test_jobs_that_the_sweeper_decides_are_added_in_their_order(store: Store, jobs: list[Job]) -> None:
    sweep = _begin(store, None)
    sweep.declare(jobs[1:])
    sweep.declare(jobs)  # one of them again
    assert [row.label for row in job_rows(_parent_tags(sweep))] == ["adam lr=0.01", "sgd lr=0.1"]
    assert _begin(store, None, asked="second").run_id != sweep.run_id


def test_another_process_calls_jobs_as_the_parent_does(store: Store, jobs: list[Job]) -> None:
    _begin(store, [replace(job, label=job.optimizer_name) for job in jobs])
    elsewhere = sweeps.find(store, "study", "first", {})
    assert [job.label for job in elsewhere.declare(jobs[1:])] == ["adam"]
    unknown = replace(jobs[0], epochs=7, label="sgd lr=0.1 epochs=7")
    assert [job.label for job in elsewhere.declare([unknown, jobs[0]])] == ["sgd lr=0.1 epochs=7", "sgd"]


def test_a_job_asked_for_twice_in_one_sweep_is_one(store: Store, jobs: list[Job]) -> None:
    assert [row.label for row in job_rows(_parent_tags(_begin(store, [*jobs, jobs[0]])))].count(
        "sgd lr=0.1"
    ) == 1


def test_more_jobs_than_mlflow_takes_tags_at_once(store: Store, make_job: MakeJob) -> None:
    many = [make_job("sgd", lr / 1000, seeds=range(1)) for lr in range(1, 251)]
    sweep = _begin(store, many)
    assert [row.hash for row in job_rows(_parent_tags(sweep))] == [job.hash for job in many]
    assert len(_parent_tags(sweep)[names.NOTE]) <= 8000


def test_another_process_finds_the_sweep_by_what_it_was_asked_for(store: Store, jobs: list[Job]) -> None:
    sweep = _begin(store, jobs)
    _begin(store, jobs, asked="second")
    assert sweeps.find(store, "study", "second", {}).run_id == sweep.run_id
    with pytest.raises(NotKept, match="this sweep of study is another command's by now"):
        sweeps.find(store, "study", "third", {})


def test_what_a_kill_left_running_is_ended_by_who_has_the_claim(store: Store, jobs: list[Job]) -> None:
    """A run that is half written is deleted; a sweep of another machine, and what is not the study's, may live."""
    sweep, client = _begin(store, jobs), store.client
    below = {names.KIND: "run", names.PARENT: sweep.run_id, names.HOLDER: "this machine"}
    half = client.create_run(sweep.experiment_id, tags=below).info.run_id
    theirs = client.create_run(sweep.experiment_id, tags={**below, names.HOLDER: "another"}).info.run_id
    foreign = client.create_run(sweep.experiment_id).info.run_id
    sweeps.end_abandoned(store, sweep.experiment_id, "this machine")
    assert _ends(store, sweep.run_id, half) == [("RUNNING", "active")] * 2
    client.set_tag(sweep.run_id, names.HOLDER, "this machine")
    sweeps.end_abandoned(store, sweep.experiment_id, "this machine")
    assert _ends(store, sweep.run_id, half, theirs, foreign) == [
        ("KILLED", "active"),
        ("KILLED", "deleted"),
        ("RUNNING", "active"),
        ("RUNNING", "active"),
    ]


def test_tidying_leaves_the_sweeps_of_living_processes_alone(store: Store, jobs: list[Job]) -> None:
    sweep, claim = _begin(store, jobs), claim_of(store.location, "study")
    assert claim.taken()
    sweeps.tidy(store)
    assert _ends(store, sweep.run_id) == [("RUNNING", "active")]
    claim.release()
    sweeps.tidy(store)
    assert _ends(store, sweep.run_id) == [("KILLED", "active")]


def test_tidying_ends_what_was_half_written_when_its_sweep_ended(store: Store, jobs: list[Job]) -> None:
    """As where a server is gone for a while: the sweep says that it failed, and cannot say so of the run."""
    ended, goes_on = _begin(store, jobs), _begin(store, jobs[:1], asked="second")
    below = [{names.KIND: "run", names.PARENT: sweep.run_id} for sweep in (ended, goes_on)]
    half, other = (store.client.create_run(ended.experiment_id, tags=tags).info.run_id for tags in below)
    ended.finish("FAILED", {})
    claim = claim_of(store.location, "study")
    assert claim.taken()
    sweeps.tidy(store)
    assert _ends(store, half, other) == [("RUNNING", "active")] * 2
    claim.release()
    sweeps.tidy(store)
    assert _ends(store, ended.run_id, half) == [("FAILED", "active"), ("KILLED", "deleted")]
    assert _ends(store, goes_on.run_id, other) == [("KILLED", "active"), ("KILLED", "deleted")]


def _ends(store: Store, *run_ids: str) -> list[tuple[str, str]]:
    infos = [store.client.get_run(run_id).info for run_id in run_ids]
    return [(info.status, info.lifecycle_stage) for info in infos]


def test_finished_runs_are_those_of_the_jobs_in_this_experiment(
    store: Store, jobs: list[Job], train: Callable[..., Trained], make_job: MakeJob
) -> None:
    sweep = _begin(store, jobs)
    assert sweep.endings(jobs, "last_epoch_loss") == {}
    wild = make_job("sgd", 100.0, seeds=range(1))
    sweep.keep(train([*jobs, wild]), lambda _: None)
    got = sweep.endings([jobs[0], wild], "last_epoch_loss")
    assert got == {
        (jobs[0].hash, 0): ("ok", pytest.approx(1.6, rel=1e-7)),
        (jobs[0].hash, 1): ("ok", pytest.approx(1.7, rel=1e-7)),
        (wild.hash, 0): ("diverged", np.inf),
    }
    elsewhere = sweeps.begin(store, "other", jobs, Request(id="x", tags={}))
    assert elsewhere.endings(jobs, "last_epoch_loss") == {}


def test_runs_carry_what_the_design_promises(
    store: Store, jobs: list[Job], train: Callable[..., Trained]
) -> None:
    sweep = _begin(store, jobs)
    sweep.keep(train(jobs), lambda _: None)
    query = f"tags.`{names.PARENT}` = '{sweep.run_id}' and attributes.run_name = 'adam lr=0.01 seed=3'"
    (run,) = store.client.search_runs([sweep.experiment_id], query)
    assert run.data.params == {
        "problem.name": "parabola",
        "problem._target_": "some.where",
        "problem.noise": "0.1",
        "optimizer._target_": "some.where",
        "optimizer.name": "adam",
        "optimizer.lr": "0.01",
        "optimizer.betas": "[0.9, 0.99]",
        "epochs": "2",
        "batch_size": "2",
        "seed": "3",
    }
    told = {
        "study.sweep": "first",
        "study.job_hash": jobs[1].hash,
        "study.label": "adam lr=0.01",
        "study.status": "ok",
        "study.git_commit": "abc",
    }
    receipts = {f"study.{name}": f"{name} 3" for name in ("data_sha", "init_sha", "order_sha")}
    assert run.data.tags.items() >= (told | receipts).items()
    history = store.client.get_metric_history(run.info.run_id, "train/loss")
    assert [(point.step, point.timestamp) for point in history] == [
        (s, 1_700_000_000_000 + 10 * s) for s in range(4)
    ]
    assert (run.info.start_time, run.info.end_time) == (1_700_000_000_000, 1_700_000_000_040)


def test_the_end_and_what_crashed_are_told(store: Store, jobs: list[Job]) -> None:
    sweep = _begin(store, jobs)
    sweep.fail(jobs[1], "ZeroDivisionError: " + "x" * 9000)
    sweep.finish("FAILED", {"runs": 2.0, "wall_seconds": 1.5})
    run = store.client.get_run(sweep.run_id)
    assert run.info.status == "FAILED"
    assert run.data.metrics == {"summary/runs": 2.0, "summary/wall_seconds": 1.5}
    told = run.data.tags[f"study.failed.{jobs[1].hash}.3"]
    assert told.startswith("ZeroDivisionError: xxx")
    assert len(told) == 8000


def test_a_sweep_that_goes_on_has_not_crashed(store: Store, jobs: list[Job]) -> None:
    _begin(store, jobs).fail(jobs[1], "ZeroDivisionError: x")
    again = _begin(store, jobs, asked="second")
    assert not [key for key in _parent_tags(again) if key.startswith("study.failed.")]
    assert len(job_rows(_parent_tags(again))) == 2


def test_a_parent_says_what_was_asked_beside_the_experiment_the_last_time(
    store: Store, jobs: list[Job]
) -> None:
    for asked in (["optimizer.lr=100", "seeds=2"], []):
        sweep = sweeps.begin(store, "study", jobs, Request(id="x", tags={}, overrides=asked))
        assert json.loads(_parent_tags(sweep)["study.overrides"]) == asked
    long = [f"+optimizer.note={'x' * 5000}", f"+problem.note={'y' * 5000}"]
    sweep = sweeps.begin(store, "study", jobs, Request(id="x", tags={}, overrides=long))
    told = json.loads(_parent_tags(sweep)["study.overrides"])
    assert [(word[:20], word[-5:]) for word in told] == [(word[:20], f"{word[-1]} ...") for word in long]


def test_a_parent_is_named_after_its_experiment_and_its_time(store: Store) -> None:
    for asked, name in (("2024-01-31_23-59-58-123", "study 2024-01-31 23:59"), ("mine", "study mine")):
        sweep = _begin(store, None, asked=asked)
        assert store.client.get_run(sweep.run_id).info.run_name == name


@pytest.mark.parametrize("label", ["adam", "adam lr=0.01", "größe a.b=1 2  x", '{"a": "b"}'])
def test_a_job_is_told_by_one_tag_and_comes_back_from_it(label: str, store: Store, make_job: MakeJob) -> None:
    job = replace(make_job("adam", 0.01, seeds=range(40, 65)), label=label)
    tags = _parent_tags(_begin(store, [job]))
    assert json.loads(tags[f"study.job.{job.hash}.40"]) == {"position": 0, "seeds": 25, "label": label}
    assert job_rows(tags) == [JobRow(0, job.hash, range(40, 65), label)]


def test_a_job_of_an_older_store_is_read() -> None:
    old = {"study.job.abc123.40": "17 25 adam lr=0.01", "study.failed.abc123.40": "out of memory"}
    assert job_rows(old) == [JobRow(17, "abc123", range(40, 65), "adam lr=0.01", "out of memory")]


def test_a_parent_tells_how_its_settings_stand(store: Store, jobs: list[Job]) -> None:
    sweep = _begin(store, jobs)
    row = {"runs": 25, "diverged": 0, "low": 0.25, "high": 0.75, "field": ""}
    rows = [
        row | {"label": "adam lr=0.01", "rank": 1, "median": 0.5},
        row | {"label": "scratch/sgd", "rank": 2, "median": np.inf, "high": np.inf},
    ]
    for _ in range(2):
        sweep.stand(rows, "excess")
    told = store.client.get_run(sweep.run_id).data
    assert told.metrics == {"median/adam lr:0.01": 0.5, "rank/adam lr:0.01": 1, "rank/scratch/sgd": 2}
    note = told.tags[names.NOTE]
    assert note.startswith("`typed`\n\nloss of the last epoch above the floor\n\n| rank | setting |")
    assert "| 1 | adam lr=0.01 | 25 | 0 | 0.5 [0.25, 0.75] |" in note
    assert told.tags["study.machine.threads"].isdigit()


def test_a_parent_lasts_as_long_as_its_last_asking(store: Store, jobs: list[Job]) -> None:
    _begin(store, jobs).finish("FINISHED", {"wall_seconds": 4.0})
    sweep = _begin(store, jobs, asked="next")
    sweep.finish("FINISHED", {"wall_seconds": 2.5})
    info = store.client.get_run(sweep.run_id).info
    assert (info.status, info.end_time - info.start_time) == ("FINISHED", 2500)


def test_a_long_table_of_settings_is_cut_at_a_line(store: Store, jobs: list[Job]) -> None:
    sweep = _begin(store, jobs)
    row = {"runs": 1, "diverged": 0, "rank": 1, "median": 0.5}
    sweep.stand([row | {"label": f"sgd lr={index}"} for index in range(600)], "excess")
    note = _parent_tags(sweep)[names.NOTE]
    shown = note.count("| sgd lr=")
    assert 100 < shown < 600
    assert note.endswith(f"\n\n... and {600 - shown} more")
    assert len(store.client.get_run(sweep.run_id).data.metrics) == 1200


def test_runs_name_the_data_that_they_met(
    store: Store, jobs: list[Job], make_job: MakeJob, train: Callable[..., Trained]
) -> None:
    sweep = _begin(store, jobs)
    for stack in ([jobs[0]], [jobs[1], make_job("adam", 0.5, seeds=range(1, 2))]):  # seeds 0, 1 and 3, 4, 1
        sweep.keep(train(stack), lambda _: None)
    runs = store.client.search_runs([sweep.experiment_id], f"tags.`{names.KIND}` = 'run'")
    met = {run.info.run_name: run.inputs.dataset_inputs for run in runs if run.inputs}
    assert {name: [(i.dataset.name, i.dataset.digest) for i in inputs] for name, inputs in met.items()} == {
        f"{label} seed={seed}": [("parabola", f"data_sha {seed}")]
        for label, seed in (
            ("sgd lr=0.1", 0), ("sgd lr=0.1", 1), ("adam lr=0.01", 3), ("adam lr=0.01", 4), ("adam lr=0.5", 1),
        )
    }  # fmt: skip
    (met_first,) = met["sgd lr=0.1 seed=0"]
    assert json.loads(met_first.dataset.source)["tags"]["problem.noise"] == "0.1"
    assert [(tag.key, tag.value) for tag in met_first.tags] == [("mlflow.data.context", "train")]
