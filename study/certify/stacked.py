"""Compare a stack with plain loops: do runs that train together go where each goes alone?"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.certify.check import Broken, finding
from study.certify.rule import difference
from study.errors import InvalidInput
from study.job import Job, Run
from study.problems.base import Data, Problem
from study.problems.parabola import Parabola
from study.randomness import Source
from study.tracking import names
from study.training.build import build_optimizer
from study.training.train import train

SEEDS = (0, 3)


def stack_difference(problem: Problem, optimizer: Mapping[str, object], *, epochs: int) -> float:
    """Return how far losses of a stack of two seeds are from those of two plain loops, relative to the largest.

    There are four batches to an epoch, drawn in the seed's order; the last one may be smaller.

    Raises:
        Broken: one of the two fails.
    """
    points = len(problem.data(Source(problem.name, SEEDS[0])).targets)
    job = Job({"name": problem.name}, optimizer, epochs, -(-points // 4), range(4), str(optimizer["name"]))
    runs = [Run(job, seed) for seed in SEEDS]
    with finding("training alone"):
        alone = torch.stack([_alone(problem, run, points) for run in runs])
    with finding("training in a stack"):
        try:
            trained = train(problem, runs, device=torch.device("cpu"))
        except InvalidInput as error:  # the rule is not what it declares, or no stack can train it
            raise Broken(str(error)) from error
    losses = [trained.train_loss, trained.series[names.EVAL_LOSS].values]
    together, finite = torch.cat(list(map(torch.from_numpy, losses)), dim=1), alone.isfinite()
    if not torch.equal(together.isfinite(), finite):
        return float("inf")
    return difference(together[finite], alone[finite])


def _alone(problem: Problem, run: Run, points: int) -> Float[Tensor, " loss"]:
    """Return the losses of one run: of each step, and on all data before and after each epoch."""
    source, size = Source(problem.name, run.seed), run.job.batch_size or points
    model, data, order = problem.model().to(problem.dtype), problem.data(source), source.generator("order")
    problem.initialise(model, source)
    rule = build_optimizer(run.job.optimizer, model.parameters())

    losses: list[Tensor] = []

    def evaluate() -> Tensor:
        targets = problem.eval_targets_at(data.eval_targets[None], len(losses))[0]
        return problem.loss(model(*data.arguments), targets).detach()

    evaluated = [evaluate()]
    for _ in range(run.job.epochs):
        samples = torch.randperm(points, generator=order) if size < points else torch.arange(points)
        for batch in samples.split(size):
            rule.zero_grad()
            given = tuple(tensor[batch] for tensor in data.arguments)
            inputs, targets = problem.minibatch(given, data.targets[batch], len(losses), source)
            loss = problem.loss(model(*inputs), targets)
            (problem.gradient_scale * loss).backward()
            rule.step()
            losses.append(loss.detach())
        evaluated.append(evaluate())
    return torch.stack([*losses, *evaluated])


@dataclass(frozen=True)
class Bend(Parabola):
    """The parabola at few points, in double precision, with tanh for ReLU: what optimizers are tried on.

    Parameters of several shapes, gradients that are nowhere exactly zero.
    """

    name: str = "bend"
    points: int = 22
    noise: float = 0.1
    width: int = 5
    cap: float = 1e9
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        data = super().data(source)
        return Data(data.inputs.double(), data.targets.double(), data.eval_targets.double())

    @override
    def model(self) -> nn.Module:
        return nn.Sequential(nn.Linear(1, self.width), nn.Tanh(), nn.Linear(self.width, 1))

    @override
    def curve_inputs(self) -> Tensor | None:
        return None
