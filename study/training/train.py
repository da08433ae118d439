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
    advance: Callable[[float], None] = lambda _: None,
) -> Trained:
    """Train all `runs` together.

    Args:
        problem: what they train on, the same for all.
        runs: those of one job side by side; epochs and batch size are the same for all.
        device: where to train. Random numbers are drawn on the CPU, so the device does not change them.
        advance: called after every step with how many runs' training it amounts to.

    Returns:
        The loss of every step, and all else worth recording: one row per run, in the order of `runs`.
    """
    stack = Stack(problem, runs, device)
    record = Recorder(stack)
    record.evaluate()
    epochs = runs[0].job.epochs
    share = len(runs) / (epochs * stack.steps_per_epoch)
    for _ in range(epochs):
        for inputs, targets in stack.batches():
            record.step(stack.step(inputs, targets), samples=inputs.shape[1])
            advance(share)
        record.evaluate()
    return record.trained()
