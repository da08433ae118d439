"""Sweeps as a person runs them: real processes, a real store, read back by MLflow's public client."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import torch
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

from study.config.check import Settings
from study.config.location import Location
from study.job import Job, Run
from study.stats.comparison import Comparison
from study.sweep.open import OpenSweep
from study.tracking.names import SUMMARIES
from study.tracking.reader import read_sweep
from study.training.build import build_problem
from study.training.train import train
from study.training.ways import Ways
from tests.sweep.memory import Memory
from tests.sweep.processes import heed_interrupts, serving

ROOT = Path(__file__).parents[2]
TOLERANCE = 2e-5
"""Relative, float32: stacks of other sizes add in another order."""

Command = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True, slots=True)
class Stage:
    """What a command said, and what was in the store after it."""

    done: subprocess.CompletedProcess[str]
    runs: Sequence[MlflowRun]
    parents: Sequence[MlflowRun]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep")


@pytest.fixture(scope="module")
def stages(folder: Path, command: Command) -> dict[str, Stage]:
    """Ask for the smoke experiment, for the same again, for one more seed, and for two by force."""
    asked = {"first": [], "again": [], "more": ["seeds=3"], "forced": ["force=true"]}
    return {name: _train(folder, command, "experiment=smoke", *words) for name, words in asked.items()}


@pytest.mark.slow
class TestSmoke:
    """A sweep of four jobs at two seeds, and the same asked for again."""

    def test_eight_runs_end_well(self, stages: dict[str, Stage]) -> None:
        stage = stages["first"]
        assert stage.done.returncode == 0, stage.done.stderr
        assert [run.info.status for run in stage.runs] == ["FINISHED"] * 8
        assert {run.info.run_name for run in stage.runs} == {
            f"{name} seed={seed}" for name in ("sgd", "momentum", "rmsprop", "adam") for seed in (0, 1)
        }

    def test_every_loss_of_every_step_is_there(self, stages: dict[str, Stage], folder: Path) -> None:
        for run in stages["first"].runs:
            losses = _history(folder, run, "train/loss")
            assert list(losses) == list(range(64))
            assert all(0 < loss < 10 for loss in losses.values())
            assert list(_history(folder, run, "eval/loss")) == [0, 32, 64]

    def test_losses_are_those_that_the_stack_gives(self, stages: dict[str, Stage], folder: Path) -> None:
        for run in stages["first"].runs:
            seed = int(run.data.params["seed"])
            job = _job(run.data.params["optimizer.name"])
            expected = train(build_problem(job.problem), [Run(job, seed)], device=torch.device("cpu"))
            losses = list(_history(folder, run, "train/loss").values())
            np.testing.assert_allclose(losses, expected.train_loss[0], rtol=TOLERANCE)
            assert run.data.tags["study.job_hash"] == job.hash
            assert run.data.tags["study.order_sha"] == expected.receipts["order_sha"][0]

    def test_runs_say_what_they_are(self, stages: dict[str, Stage]) -> None:
        (adam,) = (run for run in stages["first"].runs if run.info.run_name == "adam seed=1")
        assert adam.data.params == {
            "problem.name": "parabola",
            "problem._target_": "study.problems.parabola.Parabola",
            "problem.points": "1000",
            "problem.noise": "0.1",
            "problem.width": "20",
            "problem.cap": "1000.0",
            "optimizer.name": "adam",
            "optimizer._target_": "torch.optim.Adam",
            "optimizer.lr": "0.01",
            "optimizer.betas": "[0.9, 0.99]",
            "epochs": "2",
            "batch_size": "32",
            "seed": "1",
        }
        assert adam.data.tags["study.status"] == "ok"
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        assert adam.data.tags["study.git_commit"].startswith(head.stdout.strip() or "unknown")

    def test_summaries_are_taken_from_the_curves(self, stages: dict[str, Stage], folder: Path) -> None:
        for run in stages["first"].runs:
            train, evaluated = (list(_history(folder, run, f"{k}/loss").values()) for k in ("train", "eval"))
            of_samples = (32 * sum(train[32:63]) + 8 * train[63]) / 1000
            assert run.data.metrics["summary/last_epoch_loss"] == pytest.approx(of_samples, rel=1e-12)
            assert run.data.metrics["summary/final_eval_loss"] == evaluated[-1]
            whole = run.data.metrics["summary/eval_last_epoch"]
            assert run.data.metrics["summary/excess"] == whole  # the floor is 0
            constant = float(np.var(np.linspace(-1, 1, 1000) ** 2))
            came_down = whole < min(evaluated[0], constant)
            assert run.data.tags["study.status"] == ("ok" if came_down else "no_progress")
            assert "summary/diverged_step" not in run.data.metrics

    def test_receipts_are_equal_at_a_seed_and_differ_between_seeds(self, stages: dict[str, Stage]) -> None:
        for key in ("study.data_sha", "study.init_sha", "study.order_sha"):
            found = {(run.data.params["seed"], run.data.tags[key]) for run in stages["first"].runs}
            assert {seed for seed, _ in found} == {"0", "1"}
            assert len(found) == len({sha for _, sha in found}) == 2

    def test_one_parent_has_all_runs(self, stages: dict[str, Stage], folder: Path) -> None:
        stage = stages["first"]
        (parent,) = stage.parents
        assert parent.info.status == "FINISHED"
        assert {run.data.tags["mlflow.parentRunId"] for run in stage.runs} == {parent.info.run_id}
        assert {run.data.tags["study.sweep"] for run in stage.runs} == {parent.data.tags["study.sweep"]}
        assert parent.data.tags["study.command"].startswith("python -m study.train experiment=smoke")
        assert {"config.yaml", "final"} == {
            artifact.path for artifact in _client(folder).list_artifacts(parent.info.run_id)
        }
        jobs = [value for key, value in parent.data.tags.items() if key.startswith("study.job.")]
        told = [(job["position"], job["seeds"], job["label"]) for job in map(json.loads, jobs)]
        assert sorted(told) == [(0, 2, "sgd"), (1, 2, "momentum"), (2, 2, "rmsprop"), (3, 2, "adam")]

    def test_the_end_says_what_came_of_it_and_what_is_next(self, stages: dict[str, Stage]) -> None:
        stage = stages["first"]
        said = stage.done.stdout
        assert "smoke: 8/8 runs in the store" in said
        assert "make report EXPERIMENT=smoke" in said
        assert "make ui" in said
        values: dict[str, list[float]] = {}
        for run in stage.runs:
            name = run.data.params["optimizer.name"]
            values.setdefault(name, []).append(run.data.metrics["summary/eval_last_epoch"])
        for name, losses in values.items():
            row = next(line for line in said.splitlines() if name in line.split())
            assert f"{median(losses):.4g}" in row
            assert stage.parents[0].data.metrics[f"median/{name}"] == median(losses)  # in MLflow likewise

    def test_what_a_sweep_took_is_its_parents_alone(self, stages: dict[str, Stage]) -> None:
        for stage in stages.values():
            (info, wall), *_ = [(p.info, p.data.metrics["summary/wall_seconds"]) for p in stage.parents]
            assert info.end_time - info.start_time == round(1000 * wall)
            kept = {"train/loss", "eval/loss", *(f"summary/{name}" for name in SUMMARIES)}
            assert all(set(run.data.metrics) <= kept for run in stage.runs)

    @pytest.mark.usefixtures("stages")
    def test_nothing_is_left_in_the_folder_of_the_caller(self, folder: Path) -> None:
        assert {path.name for path in folder.iterdir()} <= {"store", "hydra"}

    def test_again_trains_nothing_and_says_so(self, stages: dict[str, Stage]) -> None:
        first, again = stages["first"], stages["again"]
        assert again.done.returncode == 0
        assert "nothing to train: all 8 runs were in the store already" in again.done.stdout
        assert _ids(again) == _ids(first)
        assert [p.info.run_id for p in again.parents] == [p.info.run_id for p in first.parents]
        assert again.parents[0].info.status == "FINISHED"

    def test_one_more_seed_trains_one_more_each(self, stages: dict[str, Stage]) -> None:
        before, after = stages["again"], stages["more"]
        assert "8 of them were there already" in after.done.stdout
        assert "smoke: 12/12 runs in the store" in after.done.stdout
        assert _ids(before) < _ids(after)
        new = [run for run in after.runs if run.info.run_id not in _ids(before)]
        assert sorted(run.info.run_name for run in new) == [
            f"{name} seed=2" for name in ("adam", "momentum", "rmsprop", "sgd")
        ]

    def test_force_trains_again_and_gives_the_same_numbers(
        self, stages: dict[str, Stage], folder: Path
    ) -> None:
        before, after = stages["more"], stages["forced"]
        new = [run for run in after.runs if run.info.run_id not in _ids(before)]
        assert sorted(run.info.run_name for run in new) == sorted(
            run.info.run_name for run in stages["first"].runs
        )
        old = {run.info.run_name: run for run in stages["first"].runs}
        for run in new:
            once, twice = (_history(folder, r, "train/loss") for r in (old[run.info.run_name], run))
            assert once == twice  # bitwise: the same stack on the same machine

    def test_force_replaces_what_was_trained_before(self, stages: dict[str, Stage], folder: Path) -> None:
        before, after = stages["more"], stages["forced"]
        replaced = _ids(before) - _ids(after)
        assert replaced == {run.info.run_id for run in stages["first"].runs}
        assert len(after.runs) == len(before.runs) == 12
        stages_of = {_client(folder).get_run(run_id).info.lifecycle_stage for run_id in replaced}
        assert stages_of == {"deleted"}

    def test_a_forced_sweep_has_one_curve_for_each_run(self, stages: dict[str, Stage], folder: Path) -> None:
        frames = read_sweep("smoke", store=_uri(folder))
        assert set(frames.runs["run_id"]) <= _ids(stages["forced"])
        curves = frames.fits.groupby(["label", "seed"], observed=True)["x"].agg(["size", "nunique"])
        assert curves.to_numpy().tolist() == [[201, 201]] * 8


@pytest.mark.slow
def test_a_learning_rate_of_a_hundred_diverges_and_is_counted(tmp_path: Path, command: Command) -> None:
    stage = _train(
        tmp_path, command, "-m", "optimizer=sgd,adam", "optimizer.lr=0.01,100", "seeds=3", "epochs=2"
    )
    assert stage.done.returncode == 0, stage.done.stderr
    broken = [run for run in stage.runs if run.info.run_name.startswith("sgd lr=100")]
    assert len(broken) == 3
    assert len(stage.runs) == 12
    for run in broken:
        assert run.data.tags["study.status"] == "diverged"
        assert run.info.status == "FINISHED"
        losses = _history(tmp_path, run, "train/loss")
        step = run.data.metrics["summary/diverged_step"]
        assert list(losses) == list(range(len(losses)))
        assert np.isfinite(list(losses.values())).all()
        assert step in (len(losses) - 1, len(losses))  # passed the cap at its last loss, or broke after it
        assert all(loss <= 1e3 for loss in list(losses.values())[:-1])
        assert "summary/last_epoch_loss" not in run.data.metrics
    row = next(line for line in stage.done.stdout.splitlines() if "sgd lr=100" in line)
    assert row.split() == ["3", "sgd", "lr=100", "3", "3", "inf", "inf", "to", "inf"]


@pytest.mark.slow
def test_a_job_that_crashes_takes_no_other_with_it(tmp_path: Path, command: Command) -> None:
    (tmp_path / "broken.py").write_text(
        "import torch\n"
        "class Broken(torch.optim.SGD):\n"
        "    steps = 0\n"
        "    def step(self, closure=None):\n"
        "        self.steps += 1  # a trial of two is made before anything is written\n"
        "        if self.steps > 2:\n"
        "            raise ArithmeticError('the third wheel came off')\n"
    )
    optimizers = tmp_path / "own" / "optimizer"
    optimizers.mkdir(parents=True)
    (optimizers / "broken.yaml").write_text("name: broken\n_target_: broken.Broken\nlr: 0.01\n")
    words = ["--config-dir", str(tmp_path / "own"), "-m", "optimizer=sgd,broken,adam", "seeds=2", "epochs=1"]
    stage = _train(tmp_path, command, *words)
    assert stage.done.returncode != 0
    assert sorted(run.info.run_name for run in stage.runs) == [
        f"{name} seed={seed}" for name in ("adam", "sgd") for seed in (0, 1)
    ]
    (parent,) = stage.parents
    (failed,) = (value for key, value in parent.data.tags.items() if key.startswith("study.failed."))
    assert failed == "ArithmeticError: the third wheel came off"
    assert parent.info.status == "FAILED"
    assert "failed: broken: the third wheel came off" in stage.done.stdout
    assert "4/6 runs in the store" in stage.done.stdout


RUNS = 16
WORDS = ["-m", "optimizer=sgd,adam", f"seeds={RUNS // 2}", "stack.max_runs=1"]
SOON = 10
"""Seconds for both processes to end once one of them is killed: five on an idle machine, but tests share theirs."""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_kill_leaves_whole_runs_alone_and_asking_again_finishes_the_rest(
    number: signal.Signals, code: int, tmp_path: Path, command: Command
) -> None:
    """After a SIGKILL it is the tracker, in a process of its own, that tells the store."""
    process = _begun(tmp_path)
    process.send_signal(number)
    told, said = _ended(process)
    assert process.returncode == code
    assert "Traceback" not in said
    killed = _killed(tmp_path, status="KILLED")
    kept = f"interrupted: {len(killed.runs)} of {RUNS} runs are kept; the same command trains the other"
    assert (kept in told) == (number != signal.SIGKILL)
    _goes_on(tmp_path, command, killed)


@pytest.mark.slow
def test_a_sweep_whose_tracker_is_killed_ends_and_the_store_says_so(tmp_path: Path, command: Command) -> None:
    process = _begun(tmp_path)
    (tracker,) = serving("study.tracking.process", process.pid)
    os.kill(tracker, signal.SIGKILL)
    told, said = _ended(process)
    assert process.returncode == 1
    assert "Traceback" not in said
    why = "the process that writes to the store was ended by signal 9, as where memory is full; "
    assert said.splitlines()[-1] == f"{why}what was written before is kept, and the same command goes on"
    killed = _killed(tmp_path, status="FAILED")
    assert f"{len(killed.runs)}/{RUNS} runs in the store" in told
    _goes_on(tmp_path, command, killed)


def _begun(folder: Path) -> subprocess.Popen[str]:
    """Begin a sweep of one stack for each run, and wait until some of them are written."""
    process = subprocess.Popen(
        [sys.executable, "-m", "study.train", *WORDS, f"tracking.uri={_uri(folder)}"],
        cwd=folder,
        env={**os.environ, "STUDY_HYDRA_DIR": str(folder / "hydra")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    _wait_for_runs(folder, at_least=3)
    return process


def _ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Return what a killed sweep said, once no process is left that could say more: soon."""
    began = time.monotonic()
    told, said = process.communicate(timeout=60)
    assert time.monotonic() - began < SOON
    return told, said


def _killed(folder: Path, *, status: str) -> Stage:
    """Return what is in the store, after checking that it is whole runs under a parent that says how it ended."""
    killed = _stage(_client(folder), subprocess.CompletedProcess([], 1))
    assert 3 <= len(killed.runs) < RUNS
    assert {run.info.status for run in killed.runs} == {"FINISHED"}
    for run in killed.runs:
        assert list(_history(folder, run, "train/loss")) == list(range(384))
    assert [parent.info.status for parent in killed.parents] == [status]
    return killed


def _goes_on(folder: Path, command: Command, killed: Stage) -> None:
    """Ask for a killed sweep again: it trains just what is missing, and is finished."""
    again = _train(folder, command, *WORDS)
    assert again.done.returncode == 0, again.done.stderr
    assert f"{len(killed.runs)} of them were there already" in again.done.stdout
    assert _ids(killed) < _ids(again)
    names = [run.info.run_name for run in again.runs]
    assert len(names) == len(set(names)) == RUNS
    assert [(p.info.run_id, p.info.status) for p in again.parents] == [
        (killed.parents[0].info.run_id, "FINISHED")
    ]


@pytest.mark.slow
def test_a_single_job_is_a_sweep_of_one(tmp_path: Path, command: Command) -> None:
    stage = _train(tmp_path, command, "optimizer=adam", "optimizer.lr=0.02", "seeds=1", "epochs=1")
    assert stage.done.returncode == 0, stage.done.stderr
    assert [run.info.run_name for run in stage.runs] == ["adam seed=0"]
    assert len(stage.parents) == 1


@pytest.mark.slow
def test_a_sweeper_of_another_kind_is_given_median_losses(tmp_path: Path, command: Command) -> None:
    """It asks for one job after another, each chosen by what the last one returned."""
    plugins = tmp_path / "hydra_plugins"
    plugins.mkdir()
    (plugins / "halving.py").write_text(
        "from dataclasses import dataclass\n"
        "from pathlib import Path\n"
        "from hydra.core.config_store import ConfigStore\n"
        "from hydra.core.plugins import Plugins\n"
        "from hydra.plugins.sweeper import Sweeper\n"
        "@dataclass\n"
        "class Conf:\n"
        "    _target_: str = 'hydra_plugins.halving.Halving'\n"
        "ConfigStore.instance().store(group='hydra/sweeper', name='halving', node=Conf)\n"
        "class Halving(Sweeper):\n"
        "    def setup(self, *, hydra_context, task_function, config):\n"
        "        self.launcher = Plugins.instance().instantiate_launcher(\n"
        "            config=config, hydra_context=hydra_context, task_function=task_function)\n"
        "    def sweep(self, arguments):\n"
        "        lines = []\n"
        "        for lr in ('0.1', '0.05'):\n"
        "            (done,) = self.launcher.launch([[*arguments, f'optimizer.lr={lr}']], len(lines))\n"
        "            lines.append(f'{lr} {done.return_value!r}')\n"
        "        Path('returned').write_text('\\n'.join(lines))\n"
    )
    stage = _train(tmp_path, command, "-m", "hydra/sweeper=halving", "seeds=3", "epochs=1")
    assert stage.done.returncode == 0, stage.done.stderr
    for line in (tmp_path / "returned").read_text().splitlines():
        lr, value = line.split()
        losses = [
            run.data.metrics["summary/eval_last_epoch"]
            for run in stage.runs
            if run.data.params["optimizer.lr"] == lr
        ]
        assert len(losses) == 3
        assert float(value) == pytest.approx(median(losses), rel=1e-12)
    (parent,) = stage.parents
    assert {run.data.tags["mlflow.parentRunId"] for run in stage.runs} == {parent.info.run_id}


def test_the_end_counts_each_run_once_and_ranks_by_the_reports_value(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "argv", ["train", "experiment=smoke", "seeds=2", "report.value=excess"])
    parent = Memory()
    settings = Settings(
        "now", Location.of(None), "smoke", "cpu", max_runs=9, threads=1, workers=1, force=False
    )
    comparison = Comparison("excess", 0.95)
    sweep = OpenSweep(parent, settings, comparison, Ways(), overrides=["seeds=2"])
    sweep.jobs += [_job("adam"), _job("sgd"), _job("adam")]  # one twice, as by optimizer.lr=1,1.0
    sweep.run([_job("adam")])
    sweep.end("KILLED", seconds=1.5)
    ((status, summary),) = parent.ended
    assert status == "KILLED"
    assert (summary["runs"], summary["runs_wanted"], summary["wall_seconds"]) == (2, 4, 1.5)
    assert summary["first_written_seconds"] < 1.5
    assert summary["trainer_waiting_seconds"] + summary["tracker_idle_seconds"] < 0.1  # one stack
    losses = [float(record.metrics["summary/excess"].values[0]) for record in parent.records]
    title, _, _, row, *lines = capsys.readouterr().out.splitlines()
    assert title == "loss of the last epoch above the floor"
    assert row.split()[:5] == ["1", "adam", "2", "0", f"{sum(losses) / 2:.4g}"]
    assert lines[0].startswith("smoke: 2/4 runs in the store, 1.5 s in all (")
    assert lines[1:] == [
        "asked beside the experiment's own file: seeds=2",
        "interrupted: 2 of 4 runs are kept; the same command trains the other 2",
        "next: make report EXPERIMENT=smoke ARGS=report.value=excess",
        "      make ui",
    ]


def _train(folder: Path, command: Command, *words: str) -> Stage:
    done = command(folder, "study.train", *words, f"tracking.uri={_uri(folder)}")
    return _stage(_client(folder), done)


def _uri(folder: Path) -> str:
    return f"sqlite:///{folder}/store/mlflow.db"


def _client(folder: Path) -> MlflowClient:
    return MlflowClient(_uri(folder))


def _stage(client: MlflowClient, done: subprocess.CompletedProcess[str]) -> Stage:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs, parents = (
        list(client.search_runs(experiments, f"tags.`study.kind` = '{kind}'")) for kind in ("run", "sweep")
    )
    return Stage(done, runs, parents)


def _ids(stage: Stage) -> set[str]:
    return {run.info.run_id for run in stage.runs}


def _history(folder: Path, run: MlflowRun, key: str) -> dict[int, float]:
    points = _client(folder).get_metric_history(run.info.run_id, key)
    losses = {point.step: point.value for point in sorted(points, key=lambda point: point.step)}
    assert len(losses) == len(points)
    return losses


def _job(optimizer: str) -> Job:
    """Describe a job of the smoke experiment without the help of Hydra."""
    problem, rule = (
        yaml.safe_load((ROOT / "conf" / f"{name}.yaml").read_text())
        for name in ("problem/parabola", f"optimizer/{optimizer}")
    )
    return Job(problem["problem"], rule, epochs=2, batch_size=32, seeds=range(2), label=optimizer)


def _wait_for_runs(folder: Path, *, at_least: int) -> None:
    """Look into the store's file until so many children are there."""
    query = "SELECT count(*) FROM tags WHERE key = 'study.kind' AND value = 'run'"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with sqlite3.connect(f"file:{folder}/store/mlflow.db?mode=ro", uri=True, timeout=10) as store:
                (count,) = store.execute(query).fetchone()
        except sqlite3.OperationalError:  # not there yet
            count = 0
        if count >= at_least:
            return
        time.sleep(0.05)
    pytest.fail("the sweep did not write its first runs within a minute")
