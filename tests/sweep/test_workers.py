"""Jobs with one instance per run, on all cores: the same numbers, the same failures, and nothing that outlives it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from typing_extensions import override

from study.config.check import Settings
from study.config.location import Location
from study.job import Job, Run
from study.sweep.execute import execute
from study.sweep.outcome import Outcome
from study.sweep.progress import Watch
from study.sweep.worker import Runs, Worker
from study.sweep.workers import Workers, apart, count_of
from study.training.instance import Way
from study.training.result import Trained
from study.training.ways import Ways
from tests.sweep.memory import Memory
from tests.sweep.processes import serving

WORKER = "study.sweep.worker"

CONF = Path(__file__).parents[2] / "conf"
SETTINGS = Settings("now", Location.of(None), "test", "cpu", max_runs=100, threads=1, workers=1, force=False)
OWN = Way(shared=False)
BROUGHT = """
import os, signal, torch
class Crashing(torch.optim.SGD):
    def step(self):
        super().step()
        raise ArithmeticError("the third wheel came off")
class Killed(torch.optim.SGD):
    def step(self):
        assert os.getpid() != {pid}
        os.kill(os.getpid(), signal.SIGKILL)
"""


class Patient(Workers):
    """Leaves all to the workers."""

    @override
    def stacks(self) -> Iterator[Runs]:
        for taking in self._taking:
            taking.result()
        yield from super().stacks()


class Counts(Watch):
    """A `Watch` that adds up what it is told."""

    done = 0.0

    @override
    def trained(self, runs: float) -> None:
        self.done += runs


def test_only_several_jobs_with_one_instance_per_run_and_work_enough_are_trained_apart() -> None:
    """2 jobs x 2 runs x 1 epoch x 32 steps of 150 us are 19 ms."""
    one, other, shared = _job(0.1), _job(0.2), _job(0.3)
    ways = Ways()
    ways.try_first(one, OWN)
    ways.try_first(shared, Way())
    assert apart(_runs(one, shared, other), ways, pays=0.0) == []
    ways.learn(other, OWN, range(2))
    runs = _runs(one, shared, other)
    assert apart(runs, ways, pays=0.0191) == [runs[:2], runs[4:]]
    assert apart(runs, ways, pays=0.0193) == []
    assert apart(_runs(one, replace(other, batch_size=None)), ways, pays=0.0191) == []


def test_there_is_one_process_on_each_core_unless_another_number_is_asked_for() -> None:
    cores = len(os.sched_getaffinity(0))
    assert [count_of(None, 1), count_of(None, cores), count_of(None, cores + 1)] == [cores, 1, 1]
    assert [count_of(1, 4), count_of(7, 4)] == [1, 7]


@pytest.mark.slow
def test_jobs_that_turn_out_to_need_one_instance_per_run_are_then_trained_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Adafactor, of which nobody says that it mixes the elements of a tensor."""
    monkeypatch.setattr("study.sweep.stacks.PAYS", 0.0)
    jobs = [_job(0.1), _adafactor(0.1), _job(0.2), _adafactor(0.2)]
    sweep, watch = Memory(), Counts()
    execute(jobs, SETTINGS, sweep, watch, Ways())
    stacks = [{name.partition(" seed")[0] for name in stack} for stack in sweep.stacks]
    assert stacks == [{"lr=0.1", "lr=0.2"}, {"adafactor 0.1"}, {"adafactor 0.2"}]
    assert watch.done == pytest.approx(8)


@pytest.mark.parametrize("rules", ["elementwise", "little"])
def test_no_process_is_started_where_it_does_not_pay(rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    if rules == "elementwise":
        monkeypatch.setattr("study.sweep.stacks.PAYS", 0.0)
    jobs = [_job(lr) if rules == "elementwise" else _adafactor(lr) for lr in (0.1, 0.2)]
    sweep = Memory()
    execute(jobs, replace(SETTINGS, workers=2), sweep, Watch(), Ways())
    assert [len(stack) for stack in sweep.stacks] == [4]


@pytest.mark.slow
def test_workers_change_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside one stack of a shared instance; one job is known, and one has random numbers drawn for it."""
    monkeypatch.setattr("study.sweep.stacks.PAYS", 0.0)
    monkeypatch.setattr("study.sweep.stacks.Workers", Patient)
    elsewhere, alone = list[str](), Worker.train

    def train(worker: Worker, runs: Runs, ways: Ways, advance: Callable[[float], None]) -> Trained | None:
        elsewhere.append(runs[0].job.label)
        return alone(worker, runs, ways, advance)

    monkeypatch.setattr(Worker, "train", train)
    jobs = [_job(0.3), _adafactor(0.1), _adafactor(0.2), _adafactor(0.3)]
    here, there, watch = Memory(), Memory(), Counts()
    for sweep, workers in ((here, 1), (there, 3)):
        ways = Ways()
        for job in jobs[1:3]:
            ways.try_first(job, OWN)
        ways.learn(jobs[3], replace(OWN, draws=True), range(2))
        execute(jobs, replace(SETTINGS, workers=workers), sweep, watch, ways)
        assert [ways.known(job, range(2)) for job in jobs] == [Way(), OWN, OWN, replace(OWN, draws=True)]
    assert sorted(elsewhere) == [job.label for job in jobs[1:]]
    assert sorted(here.stacks) == sorted(there.stacks)
    assert watch.done == pytest.approx(16)
    for one, other in zip(*(sorted(s.records, key=lambda r: r.name) for s in (here, there)), strict=True):
        assert (one.name, one.params, one.tags) == (other.name, other.params, other.tags)
        assert one.metrics.keys() == other.metrics.keys()
        for key, points in one.metrics.items():
            assert np.array_equal(points.values, other.metrics[key].values), key


@pytest.mark.slow
def test_a_crash_and_a_kill_take_no_other_job_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("study.sweep.stacks.PAYS", 0.0)
    monkeypatch.setattr("study.sweep.stacks.Workers", Patient)
    (tmp_path / "brought.py").write_text(BROUGHT.format(pid=os.getpid()))
    monkeypatch.syspath_prepend(tmp_path)
    jobs = [_adafactor(0.1), _brought("Killed"), _brought("Crashing"), _adafactor(0.2)]
    ways, sweep = Ways(), Memory()
    for job in jobs:
        ways.try_first(job, OWN)
    outcome: Outcome = execute(jobs, replace(SETTINGS, workers=2), sweep, Watch(), ways)
    assert sorted({name.partition(" seed")[0] for stack in sweep.stacks for name in stack}) == [
        "adafactor 0.1",
        "adafactor 0.2",
    ]
    killed = "its process was ended by signal 9, as where memory is full, before it was trained"
    assert dict(sweep.failed) == {
        "Crashing": "ArithmeticError: the third wheel came off",
        "Killed": f"Killed: {killed}",
    }
    assert outcome.failures.keys() == {jobs[1].hash, jobs[2].hash}
    told = {record.getMessage(): bool(record.exc_info) for record in caplog.records}
    assert told == {
        "Crashing crashed: ArithmeticError: the third wheel came off (brought.py, line 6)": False,
        f"Killed crashed: {killed}": False,
    }
    assert not serving(WORKER, os.getpid())


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_no_worker_outlives_the_sweep(number: signal.Signals, code: int, tmp_path: Path) -> None:
    """The whole group is told, as by Ctrl-C on a terminal."""
    words = [
        "-m",
        "optimizer=adafactor",
        "optimizer.lr=0.1,0.2,0.3",
        "seeds=25",
        "epochs=300",
        "stack.workers=3",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "study.train", *words, f"tracking.uri=sqlite:///{tmp_path}/store/mlflow.db"],
        cwd=tmp_path,
        env={**os.environ, "STUDY_HYDRA_DIR": str(tmp_path / "hydra")},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )
    deadline = time.monotonic() + 90
    while len(serving(WORKER, process.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    workers = serving(WORKER, process.pid)
    assert len(workers) == 2
    time.sleep(4)  # one is at work, or about to be
    os.killpg(process.pid, number)
    began = time.monotonic()
    _, said = process.communicate(timeout=60)
    most = 30 if number == signal.SIGKILL else 5  # a worker that is yet to import may do so after a SIGKILL
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < began + most:
        time.sleep(0.1)
    assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]
    assert "Traceback" not in said
    assert "crashed" not in said
    assert process.returncode == code


def _runs(*jobs: Job) -> list[Run]:
    return [Run(job, seed) for job in jobs for seed in job.seeds]


def _adafactor(lr: float) -> Job:
    return replace(_brought("Adafactor", lr=lr), label=f"adafactor {lr}")


def _brought(name: str, lr: float = 0.1) -> Job:
    home = "torch.optim" if name == "Adafactor" else "brought"
    return replace(_job(lr), optimizer={"name": "own", "_target_": f"{home}.{name}", "lr": lr}, label=name)


def _job(lr: float) -> Job:
    problem = yaml.safe_load((CONF / "problem" / "parabola.yaml").read_text())["problem"]
    rule = {"name": "sgd", "_target_": "torch.optim.SGD", "lr": lr}
    return Job(problem, rule, epochs=1, batch_size=32, seeds=range(2), label=f"lr={lr}")
