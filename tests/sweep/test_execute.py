"""What is trained, in which stacks, and what becomes of a crash: over a store kept in a list."""

import math
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from typing_extensions import override

from study.config.check import Settings
from study.config.location import Location
from study.errors import NotKept
from study.job import Job, Run
from study.sweep.execute import execute
from study.sweep.outcome import Outcome
from study.sweep.progress import Watch
from study.sweep.stacks import blocks
from study.sweep.threads import Threads
from study.tracking.records import Ended
from study.training.instance import Way
from study.training.ways import Ways
from study.training.witness import Witness
from tests.sweep.memory import Memory

CONF = Path(__file__).parents[2] / "conf"
SETTINGS = Settings("now", Location.of(None), "test", "cpu", max_runs=100, threads=1, workers=1, force=False)


class Crashing(torch.optim.SGD):
    """Steps twice."""

    @override
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # asks for no second loss
        self.steps = getattr(self, "steps", 0) + 1
        if self.steps > 2:
            raise ArithmeticError("the third wheel came off")
        super().step()


class Counts(Watch):
    """A `Watch` that adds up what it is told."""

    def __init__(self) -> None:
        self.runs = self.stored = 0
        self.done = 0.0
        self.lines: list[tuple[str, int, int]] = []

    @override
    def expect(self, runs: int) -> None:
        self.runs += runs

    @override
    def trained(self, runs: float) -> None:
        self.done += runs

    @override
    def written(self, runs: int) -> None:
        self.stored += runs

    @override
    def finished(self, name: str, statuses: Sequence[str]) -> None:
        self.lines.append((name, len(statuses), statuses.count("diverged")))


def test_all_jobs_of_one_shape_are_one_stack_jobs_side_by_side() -> None:
    sweep, watch = Memory(), Counts()
    outcome = execute([_job(0.1), _job(0.2)], SETTINGS, sweep, watch, Ways())
    assert sweep.replaced == [False] * 4
    assert sweep.stacks == [["lr=0.1 seed=0", "lr=0.1 seed=1", "lr=0.2 seed=0", "lr=0.2 seed=1"]]
    assert [record.name for record in sweep.records] == sweep.stacks[0]
    assert watch.done == pytest.approx(watch.runs) == watch.stored == 4
    assert watch.lines == [("2 settings", 4, 0)]
    assert outcome.found == 0
    assert outcome.training > 0


def test_jobs_of_other_shapes_are_other_stacks() -> None:
    job = _job(0.1)
    others = [replace(job, batch_size=None), replace(job, epochs=2), replace(job, eval_moments=1)]
    sweep, watch = Memory(), Counts()
    execute([job, *others, _job(0.2)], SETTINGS, sweep, watch, Ways())
    assert [len(names) for names in sweep.stacks] == [2, 4, 2, 2]  # that of two epochs first
    assert watch.done == pytest.approx(watch.runs) == 10
    assert watch.lines == [("lr=0.1", 2, 0), ("2 settings", 4, 0), *[("lr=0.1", 2, 0)] * 2]


@pytest.mark.parametrize(("elementwise", "ever_more"), [(True, True), (False, False)])
def test_a_stack_with_an_instance_for_each_run_steps_on_one_thread(
    elementwise: bool, ever_more: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A QR decomposition of what one run's rule keeps is rounded otherwise on several."""
    said: list[bool] = []
    monkeypatch.setattr(Threads, "share", lambda _, *, busy: said.append(busy))
    plain = _job(0.1)
    declared = replace(plain, optimizer={**plain.optimizer, "elementwise": elementwise})
    ways = Ways()
    ways.try_first(declared, Way(shared=elementwise))  # as its check found before
    execute([declared], SETTINGS, Memory(), Watch(), ways)
    assert len(said) > 1
    assert (not all(said)) == ever_more


@pytest.mark.slow
@pytest.mark.parametrize(("slow", "waits"), [("training", "idle"), ("writing", "waiting")])
def test_who_waits_for_whom_is_counted(slow: str, waits: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three stacks, each half a second longer in training or in writing: what is beside it waits for most of that."""
    where = {"training": "study.sweep.stacks.train_once", "writing": "tests.sweep.memory.Memory.keep"}[slow]
    module, _, name = where.rpartition(".")
    holder = Memory if slow == "writing" else sys.modules[module]
    real = getattr(holder, name)

    def slower(*arguments: object, **words: object) -> object:
        time.sleep(0.5)
        return real(*arguments, **words)

    execute([_job(0.1)], SETTINGS, Memory(), Watch(), Ways())  # what is imported once
    monkeypatch.setattr(holder, name, slower)
    jobs = [replace(_job(0.1), epochs=epochs) for epochs in (1, 2, 3)]
    outcome = execute(jobs, SETTINGS, Memory(), Watch(), Ways())
    spent = {"idle": outcome.idle, "waiting": outcome.waiting}
    waited = spent.pop(waits)
    assert waited > 0.2
    assert 0 <= spent.popitem()[1] < waited
    assert outcome.first < outcome.last < time.perf_counter()


def test_seeds_come_in_blocks_of_which_every_job_has_all() -> None:
    """What is trained when a sweep is interrupted after any stack: no job is ahead by more than one block.

    Nothing is trained while the last one is written: 100 seeds are three and a half times 29, but for one.
    """
    jobs = [_job(lr, seeds=100) for lr in (0.1, 0.2, 0.3, 0.4)]
    stacks = list(blocks([Run(job, seed) for job in jobs for seed in job.seeds], 120))
    assert [len(stack) for stack in stacks] == [4 * 29] * 3 + [4 * 13]
    for index, stack in enumerate(stacks):
        seeds = range(29 * index, min(29 * index + 29, 100))
        assert [(run.job.label, run.seed) for run in stack] == [
            (job.label, seed) for job in jobs for seed in seeds
        ]


@pytest.mark.slow
def test_a_block_that_is_too_large_is_cut_into_stacks_of_one_size() -> None:
    """Many jobs: ten seeds of each are then a block, since a stack of one seed takes as long."""
    runs = [Run(_job(lr / 100), seed) for lr in range(1, 31) for seed in range(20)]
    stacks = list(blocks(runs, 120))
    assert [len(stack) for stack in stacks] == [100] * 6
    assert [{run.seed for run in stack} for stack in stacks] == [set(range(10))] * 3 + [
        set(range(10, 20))
    ] * 3
    assert [run.job.label for run in stacks[1]] == [
        f"lr={lr / 100}" for lr in range(11, 21) for _ in range(10)
    ]


@pytest.mark.parametrize("max_runs", [1, 4, 7, 12, 100])
def test_every_run_is_in_one_stack_and_jobs_stand_side_by_side(max_runs: int) -> None:
    lacking = {("lr=0.1", 3), ("lr=0.2", 0), ("lr=0.2", 1)}
    runs = [Run(_job(lr), seed) for lr in (0.1, 0.2, 0.3) for seed in range(17)]
    runs = [run for run in runs if (run.job.label, run.seed) not in lacking]
    stacks = list(blocks(runs, max_runs))
    assert sorted(run.name for stack in stacks for run in stack) == sorted(run.name for run in runs)
    for stack in stacks:
        assert 1 <= len(stack) <= max_runs
        labels = [run.job.label for run in stack]
        assert len(list(groupby(labels))) == len(set(labels))


@pytest.mark.slow
def test_the_size_of_a_stack_changes_no_number() -> None:
    jobs = [_job(0.1, seeds=3), _job(0.2, seeds=3)]
    one, many = Memory(), Memory()
    whole = execute(jobs, SETTINGS, one, Counts(), Ways())
    parts = execute(jobs, replace(SETTINGS, max_runs=1), many, Counts(), Ways())
    assert whole.losses.keys() == parts.losses.keys()
    for key, loss in whole.losses.items():
        assert parts.losses[key] == pytest.approx(loss, rel=2e-5)  # order of summation


def test_the_longest_jobs_are_trained_first_so_that_a_rule_is_measured_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    witnessed = list[int]()

    class Noting(Witness):
        def __init__(self, job: Job, *rest: Any) -> None:
            witnessed.append(job.epochs)
            super().__init__(job, *rest)

    monkeypatch.setattr("study.training.stack.Witness", Noting)
    jobs = [replace(_job(0.1), epochs=epochs, label=f"epochs={epochs}") for epochs in (1, 3, 2)]
    sweep = Memory()
    execute(jobs, SETTINGS, sweep, Counts(), Ways())
    assert [stack[0] for stack in sweep.stacks] == [f"epochs={epochs} seed=0" for epochs in (3, 2, 1)]
    assert witnessed == [3]


def test_what_is_there_is_not_trained_again() -> None:
    job = _job(0.1, seeds=4)
    sweep = Memory(there={(job.hash, 0): 5.0, (job.hash, 2): math.inf, ("other", 1): 1.0})
    outcome = execute([job], SETTINGS, sweep, Counts(), Ways())
    assert sweep.stacks == [["lr=0.1 seed=1", "lr=0.1 seed=3"]]
    assert outcome.found == 2
    assert outcome.losses[job.hash, 0] == 5.0
    assert outcome.losses[job.hash, 2] == math.inf


def test_seeds_that_are_there_but_not_asked_for_do_not_count() -> None:
    job = _job(0.1, seeds=1)
    sweep = Memory(there={(job.hash, seed): 5.0 for seed in range(5)})
    outcome = execute([job], SETTINGS, sweep, Counts(), Ways())
    assert (outcome.found, outcome.losses, sweep.stacks) == (1, {(job.hash, 0): 5.0}, [])


def test_force_trains_what_is_there() -> None:
    job = _job(0.1)
    sweep = Memory(there={(job.hash, 0): 5.0, (job.hash, 1): 6.0})
    outcome = execute([job], replace(SETTINGS, force=True), sweep, Counts(), Ways())
    assert sweep.replaced == [True] * 2
    assert len(sweep.records) == 2
    assert outcome.found == 0
    assert outcome.losses[job.hash, 0] < 5.0


def test_a_job_asked_for_twice_is_trained_once() -> None:
    sweep = Memory()
    execute([_job(0.1), replace(_job(0.1, seeds=3), label="again")], SETTINGS, sweep, Counts(), Ways())
    assert sorted(int(record.params["seed"]) for record in sweep.records) == [0, 1, 2]


@pytest.fixture
def somebodys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a module `somebodys` that has the optimizer above."""
    module = ModuleType("somebodys")
    module.Crashing = Crashing  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "somebodys", module)


@pytest.mark.usefixtures("somebodys")
def test_a_crash_takes_no_other_job_with_it() -> None:
    crashing = replace(_job(0.1), optimizer=_sgd("somebodys.Crashing"), label="crashing")
    sweep, watch = Memory(), Counts()
    outcome = execute([_job(0.1), crashing, _job(0.2)], SETTINGS, sweep, watch, Ways())
    assert sweep.stacks == [["lr=0.1 seed=0", "lr=0.1 seed=1"], ["lr=0.2 seed=0", "lr=0.2 seed=1"]]
    assert sweep.failed == [("crashing", "ArithmeticError: the third wheel came off")]
    assert list(outcome.failures) == [crashing.hash]
    assert watch.stored == 4
    assert np.isfinite(outcome.objective(_job(0.2)))


@pytest.mark.slow
@pytest.mark.usefixtures("somebodys")
def test_a_job_that_crashed_is_not_tried_at_other_seeds(caplog: pytest.LogCaptureFixture) -> None:
    crashing = replace(_job(0.1, seeds=30), optimizer=_sgd("somebodys.Crashing"), label="crashing")
    sweep = Memory()
    execute([crashing, _job(0.2, seeds=30)], replace(SETTINGS, max_runs=20), sweep, Counts(), Ways())
    assert [message.partition(" crashed")[0] for message in caplog.messages] == ["crashing"]
    assert [len(stack) for stack in sweep.stacks] == [10, 10, 10]


def test_a_store_that_cannot_be_written_ends_the_sweep() -> None:
    class Full(Memory):
        @override
        def keep(self, *_: object, **__: object) -> list[Ended]:
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        execute([_job(0.1)], SETTINGS, Full(), Counts(), Ways())


def test_a_sweep_that_nobody_can_keep_any_more_ends_in_the_middle_of_a_stack() -> None:
    """After any step: the process that writes may have been killed. No job is to blame."""

    class Lost(Memory):
        steps = 0

        @override
        def require(self) -> None:
            self.steps += 1
            if self.steps > 5:
                raise NotKept("the process that writes was killed")

    sweep = Lost()
    with pytest.raises(NotKept, match="was killed"):
        execute([_job(0.1), _job(0.2)], SETTINGS, sweep, Counts(), Ways())
    assert (sweep.steps, sweep.stacks, sweep.failed) == (6, [], [])


def test_a_stack_is_trained_while_the_last_is_written() -> None:
    second_began = threading.Event()

    class Waiting(Memory):
        @override
        def keep(self, *args: Any, **kwargs: Any) -> list[Ended]:
            assert second_began.wait(timeout=20), "the second stack waits for the first to be written"
            return super().keep(*args, **kwargs)

    class Announcing(Counts):
        def trained(self, runs: float) -> None:
            super().trained(runs)
            if self.done > 1:
                second_began.set()

    sweep = Waiting()
    execute([_job(0.1, seeds=3)], replace(SETTINGS, max_runs=1), sweep, Announcing(), Ways())
    assert [int(record.params["seed"]) for record in sweep.records] == [0, 1, 2]


def test_one_stack_in_training_and_one_in_writing_bound_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing as late as it may happen: when somebody waits for it."""
    events = []

    class Noting(Memory):
        @override
        def keep(self, *args: Any, **kwargs: Any) -> list[Ended]:
            events.append(f"{len(self.records)} written")
            return super().keep(*args, **kwargs)

    class Starting(Counts):
        def trained(self, runs: float) -> None:
            super().trained(runs)
            if math.isclose(self.done, round(self.done)):
                events.append(f"{round(self.done) - 1} trained")

    monkeypatch.setattr("study.sweep.execute.ThreadPoolExecutor", Late)
    execute([_job(0.1, seeds=4)], replace(SETTINGS, max_runs=1), Noting(), Starting(), Ways())
    assert events == [
        *("0 trained", "1 trained", "0 written", "2 trained", "1 written", "3 trained", "2 written"),
        "3 written",
    ]


class Late(ThreadPoolExecutor):
    """Does what it is handed when its result is asked for."""

    def submit(self, do: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        future: Future[Any] = Future()
        future.result = lambda timeout=None: do(*args, **kwargs)  # type: ignore[method-assign]  # noqa: ARG005
        return future


def test_the_objective_is_the_median_over_seeds() -> None:
    job = _job(0.1, seeds=4)
    losses = dict(zip(((job.hash, seed) for seed in range(4)), [4.0, 1.0, 2.0, 100.0], strict=True))
    assert Outcome(losses).objective(job) == 3.0
    assert Outcome(losses | {(job.hash, 1): math.inf}).objective(job) == 52.0
    assert Outcome(dict.fromkeys(losses, math.inf)).objective(job) == math.inf


def _sgd(target: str = "torch.optim.SGD", lr: float = 0.1) -> dict[str, object]:
    return {"name": "sgd", "_target_": target, "lr": lr}


def _job(lr: float, *, seeds: int = 2) -> Job:
    problem = yaml.safe_load((CONF / "problem" / "parabola.yaml").read_text())["problem"]
    return Job(problem, _sgd(lr=lr), epochs=1, batch_size=32, seeds=range(seeds), label=f"lr={lr}")
