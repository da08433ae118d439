"""Trial of a job: its problem and its rule for a few steps of one run, before anything is trained or written."""

from collections.abc import Iterable
from dataclasses import replace

import torch

from study.config.check import check_batch_size
from study.errors import InvalidInput, Terminated
from study.job import DECLARED, Job, Run
from study.problems.base import Problem
from study.randomness import Source
from study.training.build import build_optimizer, build_problem, build_rule
from study.training.drivers import Own
from study.training.instance import Way, undisturbed
from study.training.stack import Stack
from study.training.ways import Ways

_STEPS = 2  # the second one finds what the first one left

_WAYS = (
    Way(),
    Way(shared=False, closure=True),
    Way(shared=False, graph=True),
    Way(shared=False, closure=True, graph=True),
)
"""In which a rule is tried, in this order."""


def check_jobs(jobs: Iterable[Job], ways: Ways) -> dict[str, str]:
    """Build every problem and optimizer once, and try each rule that is not known.

    Returns:
        What cannot work, by the labels of the jobs: what must hold, and what came.
    """
    refused: dict[str, str] = {}
    problems: dict[str, tuple[Problem, int]] = {}
    with undisturbed():
        for job in jobs:
            try:
                _check(job, ways, problems)
            except InvalidInput as error:
                refused[job.label] = str(error)
    return refused


def try_out(problem: Problem, job: Job) -> Way:
    """Return the way in which a rule can be driven, as far as a few steps of one run show it.

    Raises:
        InvalidInput: there is none.
    """
    build_optimizer(job.optimizer, [torch.nn.Parameter(torch.zeros(2, 2))])  # a refusal of values comes first
    run, why = Run(job, job.seeds.start), None
    for way in _WAYS:
        try:
            drawn = _step(problem, run, replace(way, shared=False, draws=True))
        except Terminated:
            raise
        except (Exception, SystemExit) as error:  # whatever a rule from anywhere raises
            why = why or error
            continue
        single = way.evaluates or drawn or "rest" in job.optimizer or job.optimizer.get(DECLARED) is False
        return replace(way, shared=not single, draws=drawn)
    raise InvalidInput(_refusal(problem, job, why)) from why


def _step(problem: Problem, run: Run, way: Way) -> bool:
    """Step a rule a few times, and return whether it drew random numbers."""
    with undisturbed():
        stack = Stack(problem, [run], torch.device("cpu"), {run.job.hash: way})
        for _ in range(_STEPS):
            stack.step(*next(stack.batches()))
    ((_, driver),) = stack.drivers
    assert isinstance(driver, Own)  # as the way says
    return driver.drawn


def _check(job: Job, ways: Ways, problems: dict[str, tuple[Problem, int]]) -> None:
    key = repr(job.problem)
    if key not in problems:
        problem = build_problem(job.problem)
        problems[key] = problem, len(problem.data(Source(problem.name, job.seeds.start)).inputs)
    problem, points = problems[key]
    check_batch_size(job.batch_size, points)
    if ways.known(job, len(job.seeds)) is not None:
        build_rule(job.optimizer, list(problem.model().parameters()))
    elif ways.tried(job) is None:
        ways.try_first(job, try_out(problem, job))


def _refusal(problem: Problem, job: Job, why: BaseException | None) -> str:
    """Say why a rule cannot be stepped, and what to write instead."""
    target = job.optimizer["_target_"]
    told = f"{type(why).__name__}: {' '.join(str(why).split())}"
    message = f"{job.optimizer_name}: {target} cannot be stepped on {problem.name}: {told}"
    params = [torch.nn.Parameter(torch.zeros_like(parameter)) for parameter in problem.model().parameters()]
    for further in ({}, {"group": {"use_muon": True}}):
        remedy = {**job.optimizer, **further, "rest": {"_target_": "torch.optim.AdamW", "lr": 0.01}}
        try:
            build_rule(remedy, params)
        except Exception:  # whatever a class from anywhere raises: this is no remedy
            continue
        words = [
            *(f"{key}: {{use_muon: true}}" for key in further),
            "rest: {_target_: torch.optim.AdamW, lr: 0.01}",
        ]
        return f"{message}; it takes matrices only: write in its file {', '.join(words)}"
    return f"{message}; see under bring your own in README what an optimizer is given here"
