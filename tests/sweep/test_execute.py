"""What is trained, in which stacks, and what becomes of a crash: over a store kept in a list."""

import math
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
import yaml
from typing_extensions import override

from study.config.check import Settings
from study.config.location import Location
from study.job import Job
from study.sweep import execute as module
from study.sweep.execute import Outcome, execute
from study.tracking.records import Record
from study.tracking.sweeps import Sweep
from study.training.result import Trained
from study.training.train import train

CONF = Path(__file__).parents[2] / "conf"
SETTINGS = Settings("now", Location.of(None), "test", "cpu", max_runs=100, threads=1, force=False)


class Crashing(torch.optim.SGD):
    """Steps twice."""

    @override
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # asks for no second loss
        self.steps = getattr(self, "steps", 0) + 1
        if self.steps > 2:
            raise ArithmeticError("the third wheel came off")
        super().step()


@dataclass(frozen=True)
class Memory(Sweep):
    """A sweep whose store is a list."""

    there: Mapping[tuple[str, int], float] = field(default_factory=dict)
    declared: list[Job] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    replaced: list[bool] = field(default_factory=list)
    stacks: list[list[str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def declare(self, jobs: Sequence[Job]) -> list[Job]:
        self.declared.extend(jobs)
        return list(jobs)

    def finished(self, jobs: Iterable[Job]) -> dict[tuple[str, int], float]:
        hashes = {job.hash for job in jobs}
        return {key: loss for key, loss in self.there.items() if key[0] in hashes}

    def write(
        self, records: Iterable[Record], written: Callable[[int], None], *, replace: bool = False
    ) -> list[str]:
        kept = list(records)
        self.records.extend(kept)
        self.replaced.extend([replace] * len(kept))
        written(len(kept))
        return [f"id of {record.run.name}" for record in kept]

    def keep_final(self, trained: Trained, run_ids: Sequence[str]) -> None:
        assert run_ids == [f"id of {run.name}" for run in trained.runs]
        self.stacks.append([run.name for run in trained.runs])

    def fail(self, job: Job, error: Exception) -> None:
        self.failed.append((job.label, repr(error)))


class Counts:
    """A `Watch` that adds up what it is told."""

    def __init__(self) -> None:
        self.runs = self.steps = self.done = self.stored = 0
        self.lines: list[tuple[str, int, int]] = []

    def expect(self, *, runs: int, steps: int) -> None:
        self.runs += runs
        self.steps += steps

    def trained(self, steps: int) -> None:
        self.done += steps

    def written(self, runs: int) -> None:
        self.stored += runs

    def finished(self, label: str, runs: int, diverged: int) -> None:
        self.lines.append((label, runs, diverged))


def test_all_jobs_of_one_shape_are_one_stack_jobs_side_by_side() -> None:
    sweep, watch = _memory(), Counts()
    outcome = execute([_job(0.1), _job(0.2)], SETTINGS, sweep, watch)
    assert sweep.replaced == [False] * 4
    assert sweep.stacks == [["lr=0.1 seed=0", "lr=0.1 seed=1", "lr=0.2 seed=0", "lr=0.2 seed=1"]]
    assert [record.run.name for record in sweep.records] == sweep.stacks[0]
    assert (watch.runs, watch.stored, watch.steps, watch.done) == (4, 4, 4 * 32, 4 * 32)
    assert watch.lines == [("lr=0.1", 2, 0), ("lr=0.2", 2, 0)]
    assert outcome.found == 0
    assert outcome.training > 0


def test_jobs_of_other_shapes_are_other_stacks() -> None:
    jobs = [_job(0.1), replace(_job(0.1), batch_size=None), replace(_job(0.1), epochs=2), _job(0.2)]
    sweep, watch = _memory(), Counts()
    execute(jobs, SETTINGS, sweep, watch)
    assert [len(names) for names in sweep.stacks] == [4, 2, 2]
    assert watch.steps == watch.done == 4 * 32 + 2 * 1 + 2 * 64


@pytest.mark.parametrize(
    ("max_runs", "sizes"), [(4, [3, 3, 3]), (5, [5, 4]), (9, [9]), (8, [5, 4]), (100, [9])]
)
def test_a_stack_has_at_most_so_many_runs_and_stacks_are_alike(max_runs: int, sizes: list[int]) -> None:
    sweep = _memory()
    jobs = [_job(lr, seeds=3) for lr in (0.1, 0.2, 0.3)]
    execute(jobs, replace(SETTINGS, max_runs=max_runs), sweep, Counts())
    assert [len(names) for names in sweep.stacks] == sizes


def test_the_size_of_a_stack_changes_no_number() -> None:
    jobs = [_job(0.1, seeds=3), _job(0.2, seeds=3)]
    one, many = _memory(), _memory()
    whole = execute(jobs, SETTINGS, one, Counts())
    parts = execute(jobs, replace(SETTINGS, max_runs=1), many, Counts())
    assert whole.losses.keys() == parts.losses.keys()
    for key, loss in whole.losses.items():
        assert parts.losses[key] == pytest.approx(loss, rel=2e-5)  # order of summation


def test_what_is_there_is_not_trained_again() -> None:
    job = _job(0.1, seeds=4)
    sweep = _memory(there={(job.hash, 0): 5.0, (job.hash, 2): math.inf, ("other", 1): 1.0})
    outcome = execute([job], SETTINGS, sweep, Counts())
    assert sweep.stacks == [["lr=0.1 seed=1", "lr=0.1 seed=3"]]
    assert outcome.found == 2
    assert outcome.losses[job.hash, 0] == 5.0
    assert outcome.losses[job.hash, 2] == math.inf


def test_seeds_that_are_there_but_not_asked_for_do_not_count() -> None:
    job = _job(0.1, seeds=1)
    sweep = _memory(there={(job.hash, seed): 5.0 for seed in range(5)})
    outcome = execute([job], SETTINGS, sweep, Counts())
    assert (outcome.found, outcome.losses, sweep.stacks) == (1, {(job.hash, 0): 5.0}, [])


def test_force_trains_what_is_there() -> None:
    job = _job(0.1)
    sweep = _memory(there={(job.hash, 0): 5.0, (job.hash, 1): 6.0})
    outcome = execute([job], replace(SETTINGS, force=True), sweep, Counts())
    assert sweep.replaced == [True] * 2
    assert len(sweep.records) == 2
    assert outcome.found == 0
    assert outcome.losses[job.hash, 0] < 5.0


def test_a_job_asked_for_twice_is_trained_once() -> None:
    sweep = _memory()
    execute([_job(0.1), replace(_job(0.1, seeds=3), label="again")], SETTINGS, sweep, Counts())
    assert sorted(record.run.seed for record in sweep.records) == [0, 1, 2]


def test_a_crash_takes_no_other_job_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    somebodys = ModuleType("somebodys")
    somebodys.Crashing = Crashing  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "somebodys", somebodys)
    crashing = replace(_job(0.1), optimizer=_sgd("somebodys.Crashing"), label="crashing")
    sweep, watch = _memory(), Counts()
    outcome = execute([_job(0.1), crashing, _job(0.2)], SETTINGS, sweep, watch)
    assert sweep.stacks == [["lr=0.1 seed=0", "lr=0.1 seed=1"], ["lr=0.2 seed=0", "lr=0.2 seed=1"]]
    assert sweep.failed == [("crashing", "ArithmeticError('the third wheel came off')")]
    assert list(outcome.failures) == [crashing.hash]
    assert watch.stored == 4
    assert np.isfinite(outcome.objective(_job(0.2)))


def test_a_store_that_cannot_be_written_ends_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Memory, "write", full)
    with pytest.raises(OSError, match="no space left"):
        execute([_job(0.1)], SETTINGS, _memory(), Counts())


def test_the_next_stack_is_trained_while_the_last_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no further: one stack in training and one in writing bound the memory."""
    write, second_began = Memory.write, threading.Event()
    seeds, unwritten = [0, 1, 2, 3], list[int]()
    began = done = 0

    def noted_train(*args: object, **kwargs: object) -> Trained:
        nonlocal began
        unwritten.append(began - done)
        began += 1
        if began == 2:
            second_began.set()
        return train(*args, **kwargs)  # type: ignore[arg-type]

    def noted_write(self: Memory, *args: object, **kwargs: object) -> list[str]:
        nonlocal done
        assert second_began.wait(timeout=20), "the second stack waits for the first to be written"
        ids = write(self, *args, **kwargs)  # type: ignore[arg-type]
        if began < len(seeds):
            time.sleep(0.4)  # time enough to train all the others
        done += 1
        return ids

    monkeypatch.setattr(module, "train", noted_train)
    monkeypatch.setattr(Memory, "write", noted_write)
    sweep = _memory()
    execute([_job(0.1, seeds=len(seeds))], replace(SETTINGS, max_runs=1), sweep, Counts())
    assert [record.run.seed for record in sweep.records] == seeds
    assert unwritten[:2] == [0, 1]
    assert max(unwritten) == 1


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


def _memory(there: Mapping[tuple[str, int], float] | None = None) -> Memory:
    return Memory(None, "1", "parent", "now", {}, there or {})  # type: ignore[arg-type]
