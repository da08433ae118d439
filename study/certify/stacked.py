"""Compare a stack with plain loops: do runs that train together go where each goes alone?"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
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
from study.training.build import build_rule
from study.training.instance import Way, undisturbed
from study.training.train import train
from study.training.trial import try_out
from study.training.ways import Ways

SEEDS = (0, 3)

_PLAIN = Way()


def stack_difference(
    problem: Problem, optimizer: Mapping[str, object], *, epochs: int, way: Way = _PLAIN
) -> float:
    """Return how far losses of a stack of two seeds are from those of two plain loops, relative to the largest.

    There are four batches to an epoch, drawn in the seed's order; the last one may be smaller. `way` is how the
    rule is driven as far as it is known.

    Raises:
        Broken: one of the two fails.
    """
    job = _job(problem, optimizer, epochs)
    runs, ways = [Run(job, seed) for seed in SEEDS], Ways()
    ways.try_first(job, way)
    with finding("training alone"):
        alone = torch.stack([_alone(problem, run, way) for run in runs])
    with finding("training in a stack"):
        try:
            trained = train(problem, runs, device=torch.device("cpu"), ways=ways)
        except InvalidInput as error:  # the rule is not what it declares, or no stack can train it
            raise Broken(str(error)) from error
    losses = [trained.train_loss, trained.series[names.EVAL_LOSS].values]
    together, finite = torch.cat(list(map(torch.from_numpy, losses)), dim=1), alone.isfinite()
    if not torch.equal(together.isfinite(), finite):
        return float("inf")
    return difference(together[finite], alone[finite])


def way_of(optimizer: Mapping[str, object]) -> Way:
    """Return the way in which a rule is driven on the small network.

    Raises:
        InvalidInput: there is none.
    """
    return try_out(Bend(), _job(Bend(), optimizer, 1))


def _job(problem: Problem, optimizer: Mapping[str, object], epochs: int) -> Job:
    points = len(problem.data(Source(problem.name, SEEDS[0])).targets)
    return Job({"name": problem.name}, optimizer, epochs, -(-points // 4), range(4), str(optimizer["name"]))


def _alone(problem: Problem, run: Run, way: Way) -> Float[Tensor, " loss"]:
    """Return the losses of one run: of each step, and on all data before and after each epoch."""
    source = Source(problem.name, run.seed)
    model, data, order = problem.model().to(problem.dtype), problem.data(source), source.generator("order")
    problem.initialise(model, source)
    parameters, losses, evaluated = list(model.parameters()), list[Tensor](), list[Tensor]()
    with undisturbed():
        torch.manual_seed(word := source.word("rule"))
        np.random.seed(word % 2**32)
        random.seed(word)
        first, *rest = build_rule(run.job.optimizer, parameters)
        for epoch in range(run.job.epochs + 1):
            _turn([first, *rest], "eval")
            targets = problem.eval_targets_at(data.eval_targets[None], len(losses))[0]
            evaluated.append(problem.loss(model(*data.arguments), targets).detach())
            _turn([first, *rest], "train")
            samples = torch.randperm(len(data.targets), generator=order)
            for batch in samples.split(run.job.batch_size or len(samples)) if epoch < run.job.epochs else ():
                given = tuple(tensor[batch] for tensor in data.arguments)
                met = problem.minibatch(given, data.targets[batch], len(losses), source)
                loss = partial(_loss, problem, model, *met)
                objective = partial(_objective, loss, parameters, problem.gradient_scale, graph=way.graph)
                losses.append(loss().detach())
                if way.closure:
                    first.step(objective)  # type: ignore[arg-type]  # torch's wants a float, and takes a tensor
                else:
                    objective()
                    first.step()
                for rule in rest:
                    rule.step()
    return torch.stack([*losses, *evaluated])


def _loss(problem: Problem, model: nn.Module, inputs: Sequence[Tensor], targets: Tensor) -> Tensor:
    return problem.loss(model(*inputs), targets)


def _objective(
    loss: Callable[[], Tensor], parameters: Sequence[nn.Parameter], scale: float, *, graph: bool
) -> Tensor:
    """Set the gradients of the loss, times its scale, and return it."""
    with torch.enable_grad():
        scaled = scale * loss()
        gradients = torch.autograd.grad(scaled, parameters, create_graph=graph, materialize_grads=True)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    return scaled


def _turn(rules: Sequence[torch.optim.Optimizer], mode: str) -> None:
    """Turn the parameters into those that are trained, or into those that are meant (schedule-free rules)."""
    for rule in rules:
        getattr(rule, mode, lambda: None)()


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
