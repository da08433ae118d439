"""Every optimizer of torch and of pytorch_optimizer, by two lines of YAML: trained as a plain loop, or refused."""

import inspect
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_optimizer
import torch
import yaml
from torch import nn

from study.errors import InvalidInput
from study.job import Job, Run
from study.problems.base import Problem
from study.problems.parabola import Parabola
from study.randomness import Source
from study.training.build import build_problem
from study.training.train import train

BOWL = yaml.safe_load((Path(__file__).parents[2] / "conf" / "problem" / "bowl.yaml").read_text())["problem"]
SEEDS = (0, 3)
TOLERANCE = 1e-6
"""Relative, double precision: a batched sum adds in another order, and some rules take the sign of what is left."""

ROUNDINGS = (1e-15, -1e-15, 3e-15)
"""Relative changes of the start: what a plain loop makes of them is what rounding explains: much, for a rule that
turns to bases of eigenvectors."""


def _classes() -> Iterator[tuple[str, type[torch.optim.Optimizer]]]:
    for package in (torch.optim, pytorch_optimizer):
        for name, found in sorted(vars(package).items()):
            base = name in {"Optimizer", "BaseOptimizer"}
            if inspect.isclass(found) and issubclass(found, torch.optim.Optimizer) and not base:
                yield f"{package.__name__}.{name}", found


CLASSES = dict(_classes())
FAST = {f"torch.optim.{name}" for name in ("SGD", "Adam", "Adafactor", "Muon", "SparseAdam")}


@dataclass(frozen=True)
class Precise(Parabola):
    """The headline's problem in double precision, at 96 points."""

    name: str = "precise"
    points: int = 96
    noise: float = 0.1
    width: int = 20
    cap: float = 1e30
    dtype = torch.float64

    def data(self, source: Source) -> Any:
        drawn = super().data(source)
        return type(drawn)(drawn.inputs.double(), drawn.targets.double(), drawn.eval_targets.double())

    def curve_inputs(self) -> None:
        return None


def test_there_are_as_many_classes_as_the_packages_have() -> None:
    assert len(CLASSES) > 150


@pytest.mark.parametrize(
    "target", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in CLASSES]
)
def test_it_is_trained_as_a_plain_loop_trains_it_or_refused_with_a_remedy(target: str) -> None:
    outcomes = _outcomes(target)
    assert "wrong" not in outcomes.values(), outcomes


@pytest.mark.slow
def test_none_is_wrong_and_few_are_refused() -> None:
    counts = Counter(outcome for target in CLASSES for outcome in _outcomes(target).values())
    assert counts["wrong"] == 0
    assert counts["right"] >= 0.8 * counts.total()


@cache  # all of them are counted once each was tested
def _outcomes(target: str) -> dict[str, str]:
    return {problem.name: _outcome(target, problem, epochs) for problem, epochs in _problems()}


def _problems() -> list[tuple[Problem, int]]:
    return [(build_problem(BOWL), 20), (Precise(), 7)]


def _outcome(target: str, problem: Problem, epochs: int) -> str:
    name = target.rpartition(".")[2]
    node = {"name": problem.name, "_target_": BOWL["_target_"]}
    job = Job(node, {"name": name.lower(), "_target_": target}, epochs, 32, range(4), name)
    points = len(problem.data(Source(problem.name, 0)).targets)
    job = Job(job.problem, job.optimizer, epochs, min(32, points), range(4), name)
    try:
        trained = train(problem, [Run(job, seed) for seed in SEEDS], device=torch.device("cpu"))
    except InvalidInput as refused:
        told = str(refused)
        assert "\n" not in told
        assert any(word in told for word in ("write", "must be given", "bring your own", "install")), told
        return "refused"
    for row, seed in enumerate(SEEDS):
        expected = np.array(_plain_loop(CLASSES[target], problem, job, seed))
        sane = np.cumprod(np.isfinite(expected) & (np.abs(expected) < 1e6)).astype(bool)
        off = np.abs(trained.train_loss[row] / expected - 1)[sane]
        if (off > TOLERANCE).any():
            nudged = [_plain_loop(CLASSES[target], problem, job, seed, nudge=nudge) for nudge in ROUNDINGS]
            explained = np.abs(np.array(nudged) / expected - 1).max(axis=0)[sane]
            if (off > 10 * np.maximum.accumulate(explained)).any():
                return "wrong"
    return "right"


def _plain_loop(
    made: Callable[..., torch.optim.Optimizer], problem: Problem, job: Job, seed: int, *, nudge: float = 0.0
) -> list[float]:
    """Train as everybody does, by gradients alone if that works, else by a closure, else with the graph kept."""
    why: Exception | None = None
    for closure, graph in ((False, False), (True, False), (False, True), (True, True)):
        loop = partial(_loop, made, problem, job, seed, closure=closure, graph=graph, nudge=nudge)
        try:
            return loop()
        except Exception as error:
            why = why or error
    raise AssertionError(f"no plain loop works: {why}")


def _loop(  # all of a plain loop
    made: Callable[..., torch.optim.Optimizer],
    problem: Problem,
    job: Job,
    seed: int,
    *,
    closure: bool,
    graph: bool,
    nudge: float,
) -> list[float]:
    source = Source(problem.name, seed)
    data, network, order = problem.data(source), problem.model(), source.generator("order")
    network = network.to(problem.dtype)
    problem.initialise(network, source)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1 + nudge)
    size, points = job.batch_size or 0, len(data.targets)
    losses = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(source.word("rule"))
        np.random.seed(source.word("rule") % 2**32)
        random.seed(source.word("rule"))
        optimizer = made(list(network.parameters()))
        _mode(optimizer, "train")
        for _ in range(job.epochs):
            drawn = torch.randperm(points, generator=order) if size < points else torch.arange(points)
            for batch in drawn.split(size):
                asked = partial(_asked, problem, network, data, batch, graph=graph)
                with torch.no_grad():
                    losses.append(problem.loss(network(data.inputs[batch]), data.targets[batch]).item())
                if closure:
                    optimizer.step(asked)  # type: ignore[arg-type]  # torch wants a float, and takes a tensor
                else:
                    asked()
                    optimizer.step()
    return losses


def _asked(
    problem: Problem, network: nn.Module, data: Any, batch: torch.Tensor, *, graph: bool
) -> torch.Tensor:
    with torch.enable_grad():
        params = list(network.parameters())
        loss = problem.loss(network(data.inputs[batch]), data.targets[batch])
        for parameter, gradient in zip(
            params, torch.autograd.grad(loss, params, create_graph=graph), strict=True
        ):
            parameter.grad = gradient
    return loss if graph else loss.detach()


def _mode(optimizer: torch.optim.Optimizer, name: str) -> None:
    getattr(optimizer, name, lambda: None)()
