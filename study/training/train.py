"""Train many runs of one problem together: the loop over epochs and minibatches."""

from collections.abc import Callable, Sequence

import torch

from study.job import Run
from study.problems.base import Problem
from study.training.recorder import Recorder
from study.training.result import Trained
from study.training.stack import Stack


def train(
    problem: Problem,
    runs: Sequence[Run],
    *,
    device: torch.device,
    advance: Callable[[int], None] = lambda _: None,
) -> Trained:
    """Train all `runs` together.

    Args:
        problem: what they train on, the same for all.
        runs: those of one job side by side; epochs and batch size are the same for all.
        device: where to train. Random numbers are drawn on the CPU, so the device does not change them.
        advance: called after every step with the number of run-steps it did.

    Returns:
        The loss of every step, and all else worth recording: one row per run, in the order of `runs`.
    """
    stack = Stack(problem, runs, device)
    record = Recorder(stack)
    record.evaluate()
    for _ in range(runs[0].job.epochs):
        for inputs, targets in stack.batches():
            record.step(stack.step(inputs, targets), samples=inputs.shape[1])
            advance(len(runs))
        record.evaluate()
    return record.trained()
