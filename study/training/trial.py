"""Trial of a job: its problem and its rule for a few steps of one run, before anything is trained or written."""

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch

from study import interrupts
from study.config.check import check_batch_size
from study.config.choices import as_shipped
from study.errors import CRASHES, ORDERS, InvalidInput, TooLong
from study.job import DECLARED, Job, Run
from study.problems.base import Problem
from study.randomness import Source
from study.training.build import MATRIX, build_optimizer, build_problem, build_rule
from study.training.drivers import Own
from study.training.instance import RuleError, Way, undisturbed
from study.training.memory import bounded
from study.training.needs import Needs, needs_of
from study.training.schedule import check_schedule
from study.training.stack import Stack
from study.training.ways import Ways

_STEPS = 2  # the second one finds what the first one left

_POINTER = "study/README.md says under bring your own what an optimizer is given here"

_WAYS = (
    Way(),
    Way(shared=False, closure=True),
    Way(shared=False, graph=True),
    Way(shared=False, closure=True, graph=True),
)
"""In which a rule is tried, in this order."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a step takes: so many seconds for one run alone; `shared` where one rule steps all runs of a job."""

    seconds: float
    shared: bool


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the trials of rules may take, and what they took.

    Attributes:
        seconds: that a rule may take to be made and for a few steps; None is however long.
        paces: is told how long a step took, by the job's hash.
    """

    seconds: float | int | None = None
    paces: dict[str, Pace] = field(default_factory=dict)


def check_jobs(
    jobs: Iterable[Job],
    ways: Ways,
    require_problem: Callable[[Problem], None] = lambda _: None,
    require_room: Callable[[Job, Needs], None] = lambda *_: None,
    patience: Patience | None = None,
) -> dict[str, str]:
    """Build every problem and optimizer once, try each rule that is not known, and go through each schedule.

    Args:
        jobs: to be trained.
        ways: what is known of rules.
        require_problem: refuses a problem that training cannot rely on; what is as shipped has a certificate.
        require_room: refuses a job of which not even one run finds room.
        patience: with rules that take long; None is all there is.

    Returns:
        What cannot work, by the labels of the jobs: what must hold, and what came.
    """
    refused: dict[str, str] = {}
    problems: dict[str, tuple[Problem, int] | InvalidInput] = {}
    needs: dict[str, Needs | InvalidInput | None] = {}
    patience = patience or Patience()
    with undisturbed(), bounded(), _one_thread():
        for job in jobs:
            try:
                problem = build_problem(job.problem)
                with _in_time(job, patience):
                    _require_values(problem, job)
                key = repr(job.problem)
                if key not in needs:
                    needs[key] = _needs(problem, job)
                of = needs[key]
                if isinstance(of, InvalidInput):
                    raise of
                if of is not None:
                    require_room(job, of)
                of_job = _problem(job, problems, require_problem)
                with _in_time(job, patience):
                    _check(job, ways, of_job, patience)
            except InvalidInput as error:
                refused[job.label] = str(error)
    return refused


@contextmanager
def _in_time(job: Job, patience: Patience) -> Iterator[None]:
    """Refuse a rule that goes on and on inside: its sweep would too."""
    try:
        with interrupts.limited(patience.seconds):
            yield
    except TooLong as error:
        raise InvalidInput(
            f"{job.optimizer_name}: {job.optimizer['_target_']} must make {_STEPS} steps within "
            f"{patience.seconds:g} s, got no end of them; stack.trial_seconds=null waits however long"
        ) from error


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one core inside, as at the start of a stack: a floor that is solved for here is kept for there."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _needs(problem: Problem, job: Job) -> Needs | InvalidInput | None:
    """Return how large a run is; what its data lack here; None of a problem that fails, as its trial tells."""
    try:
        return needs_of(problem, job.seeds.start)
    except InvalidInput as error:
        return error
    except ORDERS:
        raise
    except CRASHES as error:
        asked = re.search(r"tried to allocate (\d+) bytes|Unable to allocate (.+) for an array", str(error))
        if asked is None and not isinstance(error, MemoryError):
            return None
        much = " ".join(filter(None, asked.groups())) if asked else "more than there is"
        return InvalidInput(
            f"{problem.name}: the memory must hold its data and its model, which ask for {much} bytes at once; "
            "write a smaller problem"
        )


def try_out(problem: Problem, job: Job, patience: Patience | None = None) -> Way:
    """Return the way in which a rule can be driven, as far as a few steps of one run at a constant rate show it.

    Args:
        problem: of the job.
        job: whose rule is tried.
        patience: is told how long a step took.

    Raises:
        InvalidInput: there is none.
    """
    _require_values(problem, job)
    why, asked, job = "", job, replace(job, schedule=None)
    for way in _WAYS:
        try:
            drawn, seconds = _step(problem, job, replace(way, shared=False, draws=True))
        except (InvalidInput, RuleError) as error:
            why = why or str(error)
            continue
        single = way.evaluates or drawn or "rest" in job.optimizer or job.optimizer.get(DECLARED) is False
        if patience is not None:
            patience.paces[asked.hash] = Pace(seconds, shared=not single)
        return replace(way, shared=not single, draws=drawn)
    target = job.optimizer["_target_"]
    remedy = _remedy(problem, job) or _POINTER
    raise InvalidInput(
        f"{job.optimizer_name}: {target} must step from gradients, or by a closure; got {why}; {remedy}"
    )


def _require_values(problem: Problem, job: Job) -> None:
    """Refuse a rule that its class does not build over a matrix: for a name or a value of a hyperparameter."""
    try:
        with undisturbed():
            build_optimizer(job.optimizer, [torch.nn.Parameter(torch.zeros(2, 2))])
    except InvalidInput as error:
        remedy = _remedy(problem, job) or (_POINTER if "cannot be made" in str(error) else "")
        raise InvalidInput(f"{error}; {remedy}") if remedy else error from error


def _step(problem: Problem, job: Job, way: Way) -> tuple[bool, float]:
    """Step a rule a few times; return whether it drew random numbers, and the seconds of the last step."""
    with undisturbed():
        stack = Stack(problem, [Run(job, job.seeds.start)], torch.device("cpu"), {job.hash: way})
        for _ in range(_STEPS):
            batch, began = next(stack.batches()), time.perf_counter()
            stack.step(*batch)
            seconds = time.perf_counter() - began  # the first step imports what it needs
    ((_, driver),) = stack.drivers
    assert isinstance(driver, Own)  # as the way says
    return driver.drawn, seconds


def _problem(
    job: Job,
    problems: dict[str, tuple[Problem, int] | InvalidInput],
    require_problem: Callable[[Problem], None],
) -> tuple[Problem, int]:
    """Return a job's problem and the number of its points, or refuse it: each distinct one is tried once."""
    key = repr(job.problem)
    if key not in problems:
        try:
            problem = build_problem(job.problem)
            if not as_shipped("problem", job.problem):
                require_problem(problem)
            problems[key] = problem, len(problem.data(Source(problem.name, job.seeds.start)).targets)
        except InvalidInput as error:
            problems[key] = error
    found = problems[key]
    if isinstance(found, InvalidInput):
        raise found
    return found


def _check(job: Job, ways: Ways, of: tuple[Problem, int], patience: Patience) -> None:
    problem, points = of
    check_batch_size(job.batch_size, points)
    params = list(problem.model().parameters())
    with undisturbed():
        if ways.tried(job) is None:
            ways.try_first(job, try_out(problem, job, patience))
        else:
            build_rule(job.optimizer, params)
    with undisturbed():
        check_schedule(job, params, job.epochs * math.ceil(points / (job.batch_size or points)))


def _remedy(problem: Problem, job: Job) -> str:
    """Return what to write for a rule that takes matrices only, where that is seen to work; else nothing."""
    matrices = any(parameter.ndim == MATRIX for parameter in problem.model().parameters())
    for group, words in (({}, ""), ({"group": {"use_muon": True}}, "group: {use_muon: true}, ")):
        rule = {**job.optimizer, **group}
        try:
            if not matrices:
                build_optimizer(rule, [torch.nn.Parameter(torch.zeros(2, 2))])
                return f"it takes matrices, and {problem.name} has none: write another problem"
            rule["rest"] = {"_target_": "torch.optim.AdamW", "lr": 0.01}
            _step(problem, replace(job, optimizer=rule), Way(shared=False, draws=True))
        except (InvalidInput, RuleError):
            continue
        return f"it takes matrices only: write in its file {words}rest: {{_target_: torch.optim.AdamW, lr: 0.01}}"
    return ""
