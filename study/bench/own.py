"""Print, as JSON, what a step of rules with one instance for each run takes, over the same step of a plain loop.

python -m study.bench.own
"""

import json
import sys
from statistics import median

import torch

from study.bench.steps import timed
from study.job import Job, Run
from study.problems.parabola import Parabola
from study.training.instance import Way
from study.training.stack import Stack

_RUNS, _STEPS, _TURNS = 20, 20, 9


def main() -> None:
    """Measure three rules of torch, on one core."""
    torch.set_num_threads(1)
    rules = (torch.optim.SGD, torch.optim.Adam, torch.optim.Adafactor)
    sys.stdout.write(f"{json.dumps({rule.__name__: _ratio(rule) for rule in rules})}\n")


def _ratio(rule: type[torch.optim.Optimizer]) -> float:
    """Return the median ratio of some turns, in each of which both meet whatever else the machine does."""
    problem = Parabola(name="parabola", points=1000, noise=0.1, width=20, cap=1e3)
    node = {"name": problem.name, "_target_": "study.problems.parabola.Parabola"}
    own = {"name": "own", "_target_": f"torch.optim.{rule.__name__}", "lr": 0.001}
    job = Job(node, own, 1, 32, range(_RUNS), "own")
    runs = [Run(job, seed) for seed in job.seeds]
    stack = Stack(problem, runs, torch.device("cpu"), {job.hash: Way(shared=False)})
    inputs, targets = next(stack.batches())
    stack.step(inputs, targets)
    ((_, driver),) = stack.drivers
    loop = [_plain(rule, problem) for _ in runs]
    ratios = []
    for _ in range(_TURNS):
        spent: dict[str, float] = {}
        with timed(spent, "stack"):
            for _ in range(_STEPS):
                driver.step(inputs, targets)
        with timed(spent, "loop"):
            for _ in range(_STEPS):
                for optimizer in loop:
                    optimizer.step()
        ratios.append(spent["stack"] / spent["loop"])
    return median(ratios)


def _plain(rule: type[torch.optim.Optimizer], problem: Parabola) -> torch.optim.Optimizer:
    """Return the rule over a model of its own, whose gradients are there, after its first step."""
    parameters = list(problem.model().parameters())
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter)
    optimizer = rule(parameters, lr=0.001)  # type: ignore[call-arg]  # each of these takes it
    optimizer.step()
    return optimizer


if __name__ == "__main__":
    main()
