"""Train many runs of one problem together: the loop over epochs and minibatches."""

from collections.abc import Callable, Sequence
from itertools import groupby

import torch

from study.job import Run
from study.problems.base import Problem
from study.training.instance import Way, undisturbed
from study.training.recorder import Recorder
from study.training.result import Trained
from study.training.stack import Stack
from study.training.trial import try_out
from study.training.ways import Ways


def train(
    problem: Problem,
    runs: Sequence[Run],
    *,
    device: torch.device,
    advance: Callable[[float], None] = lambda _: None,
    ways: Ways | None = None,
) -> Trained:
    """Train all `runs` together.

    Args:
        problem: what they train on, the same for all.
        runs: those of one job side by side; epochs and batch size are the same for all.
        device: where to train. Random numbers are drawn on the CPU, so the device does not change them.
        advance: called after every step with how many runs' training it amounts to; with a negative number where
            it was for nothing.
        ways: what is known of rules, and is to be remembered of them. A job whose rule is not known has a witness,
            and is trained again in another way where that one saw otherwise.

    Returns:
        The loss of every step, and all else worth recording: one row per run, in the order of `runs`.

    Raises:
        InvalidInput: a rule cannot be driven, or is not what its YAML declares.
    """
    ways = ways or Ways()
    while True:
        trained = train_once(problem, runs, device=device, advance=advance, ways=ways)
        if trained is not None:
            return trained


def train_once(
    problem: Problem,
    runs: Sequence[Run],
    *,
    device: torch.device,
    advance: Callable[[float], None],
    ways: Ways,
) -> Trained | None:
    """Train all `runs` together, as `train` does, or until a witness sees otherwise: then `ways` has another way."""
    with undisturbed():
        drive, unknown = _ways(problem, runs, ways)
        stack = Stack(problem, runs, device, drive, witnessed=unknown)
        trained = _train(stack, advance)
        if trained is not None:
            for job, rows in stack.jobs():
                if job.hash in unknown:
                    ways.learn(job, drive[job.hash], [run.seed for run in stack.runs[rows]])
        for finding in stack.findings:
            ways.correct(finding)
        return trained


def _ways(problem: Problem, runs: Sequence[Run], ways: Ways) -> tuple[dict[str, Way], set[str]]:
    """Return how each rule is driven, by its job's hash, and of which jobs that is yet to be seen as right."""
    drive: dict[str, Way] = {}
    unknown: dict[tuple[str, tuple[int, ...]], str] = {}
    for _, members in groupby(runs, key=lambda run: run.job.hash):
        (job, *_), seeds = zip(*((run.job, run.seed) for run in members), strict=True)
        way = ways.known(job, seeds)
        if way is None:
            unknown.setdefault((ways.key(job), seeds), job.hash)
            way = ways.tried(job)
        if way is None:
            way = try_out(problem, job)
            ways.try_first(job, way)
        drive[job.hash] = way
    return drive, set(unknown.values())


def _train(stack: Stack, advance: Callable[[float], None]) -> Trained | None:
    """Train a stack, to the end or to the first finding of a witness: then there is no result."""
    record = Recorder(stack)
    record.evaluate()
    epochs, done = stack.runs[0].job.epochs, 0.0
    share = len(stack.runs) / (epochs * stack.steps_per_epoch)
    for _ in range(epochs):
        for inputs, targets in stack.batches():
            record.step(stack.step(inputs, targets), samples=targets.shape[1])
            advance(share)
            done += share
            if stack.findings:
                advance(-done)
                return None
        record.evaluate()
    stack.look()
    if stack.findings:
        advance(-done)
        return None
    return record.trained()
