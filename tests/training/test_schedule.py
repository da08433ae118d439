"""Schedules against plain loops with torch's own schedulers, and the rates against their closed forms."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import nn
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from study.config.check import job_from_config
from study.config.choices import choices
from study.config.compose import compose
from study.errors import InvalidInput
from study.job import Job, Run
from study.problems.bowl import Bowl
from study.problems.polynomial import Polynomial
from study.tracking.records import records
from study.training.build import build_rule
from study.training.instance import Instance, Way
from study.training.result import Trained
from study.training.schedule import build_schedules, check_schedule
from study.training.train import train
from study.training.trial import check_jobs
from study.training.ways import Ways

CONF = Path(__file__).parents[2] / "conf"
NAMES = sorted(file.stem for file in (CONF / "schedule").glob("*.yaml"))
LR, STEPS = 0.2, 40
BOWL: dict[str, Any] = {
    "name": "bowl", "_target_": "study.problems.bowl.Bowl", "coefficients": [0.1, 2.0], "start": [-5.0, -2.0],
    "rotation": 0.0, "cap": 1e12,
}  # fmt: skip
RULES: Mapping[str, dict[str, Any]] = {
    "sgd": {"_target_": "torch.optim.SGD", "lr": LR, "elementwise": True},
    "adam": {"_target_": "torch.optim.Adam", "lr": LR, "betas": [0.9, 0.99], "elementwise": True},
    "sgd of each": {"_target_": "torch.optim.SGD", "lr": LR, "elementwise": False},
    "adam of each": {"_target_": "torch.optim.Adam", "lr": LR, "betas": [0.9, 0.99], "elementwise": False},
    "adam unknown": {"_target_": "torch.optim.Adam", "lr": LR, "betas": [0.9, 0.99]},
    "adafactor unknown": {"_target_": "torch.optim.Adafactor", "lr": LR},
}


def _warmup_cosine(optimizer: torch.optim.Optimizer) -> LRScheduler:
    return lr_scheduler.SequentialLR(
        optimizer,
        [
            lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=4),
            lr_scheduler.CosineAnnealingLR(optimizer, T_max=36),
        ],
        milestones=[4],
    )


TORCH: Mapping[str, Callable[[torch.optim.Optimizer], LRScheduler | None]] = {
    "constant": lambda _: None,
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=40),
    "linear": lambda o: lr_scheduler.LinearLR(o, start_factor=1.0, end_factor=0.0, total_iters=40),
    "step": lambda o: lr_scheduler.MultiStepLR(o, milestones=[20, 30], gamma=0.1),
    "one_cycle": lambda o: lr_scheduler.OneCycleLR(o, max_lr=LR, total_steps=40, cycle_momentum=False),
    "warmup_cosine": _warmup_cosine,
}
"""What one would write by hand for 40 steps."""


def _half_cosine(done: float) -> float:
    return (1 + math.cos(math.pi * done)) / 2


def _one_cycle(step: int) -> float:
    """Up from 1/25 in the first 30% of the steps, down to 1/250,000 at the last one, both along half a cosine."""
    top, last = 0.3 * STEPS - 1, STEPS - 1
    if step <= top:
        return 1 + (1 / 25 - 1) * _half_cosine(step / top)
    return 4e-6 + (1 - 4e-6) * _half_cosine((step - top) / (last - top))


CLOSED: Mapping[str, Callable[[int], float]] = {
    "cosine": lambda t: _half_cosine(t / STEPS),
    "linear": lambda t: 1 - t / STEPS,
    "step": lambda t: 1.0 if t < 20 else 0.1 if t < 30 else 0.01,
    "one_cycle": _one_cycle,
    "warmup_cosine": lambda t: 0.01 + 0.99 * t / 4 if t < 4 else _half_cosine((t - 4) / 36),
}
"""The share of the optimizer's rate at each of the steps, by hand."""


Curves = Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def together() -> Curves:
    """Train every rule under every schedule in one stack, and return the losses and the rates of each."""
    trained = _train(*(_job(rule, name) for rule, name in product(RULES, NAMES)))
    assert trained.series["lr"].steps.tolist() == list(range(STEPS))
    rows = zip(trained.runs, trained.train_loss, trained.series["lr"].values, strict=True)
    return {(run.job.optimizer_name, run.job.label): (losses, rates) for run, losses, rates in rows}


@pytest.mark.parametrize(("rule", "name"), list(product(RULES, NAMES)))
def test_each_step_is_a_plain_loops(rule: str, name: str, together: Curves) -> None:
    losses, rates = together[rule, name]
    expected = _plain_loop(rule, name)
    np.testing.assert_allclose(losses, expected[0], rtol=1e-12)  # in double precision
    assert rates.tolist() == expected[1] if name != "constant" else np.isnan(rates).all()


@pytest.mark.parametrize("name", CLOSED)
def test_the_rate_of_each_step_is_recorded(name: str, together: Curves) -> None:
    # torch multiplies a cosine's rates from step to step: the small ones at its end keep an error of the large ones
    expected = [LR * CLOSED[name](t) for t in range(STEPS)]
    np.testing.assert_allclose(together["sgd", name][1], expected, rtol=1e-10, atol=1e-15)


def test_every_shipped_schedule_is_held_against_torch() -> None:
    assert NAMES == sorted(TORCH) == sorted([*CLOSED, "constant"])


@pytest.mark.parametrize("name", NAMES)
def test_its_name_is_its_files_and_its_first_line_a_command_with_it(name: str) -> None:
    assert yaml.safe_load(_file(name).read_text())["name"] == name
    assert _first_line(name).startswith("# study train ")
    assert f" schedule={name}" in _first_line(name)


def test_a_file_of_ones_own_is_a_schedule_too(tmp_path: Path) -> None:
    (tmp_path / "schedule").mkdir()
    mine = "name: mine\n_target_: torch.optim.lr_scheduler.ExponentialLR\ngamma: 0.5\n"
    (tmp_path / "schedule" / "mine.yaml").write_text(mine)
    job = job_from_config(compose("config", ["schedule=mine"], tmp_path), [])
    assert job.schedule == {
        "name": "mine",
        "_target_": "torch.optim.lr_scheduler.ExponentialLR",
        "gamma": 0.5,
    }
    assert choices("schedule", tmp_path) == sorted([*NAMES, "mine"])


def test_steps_are_those_of_all_epochs_and_the_last_smaller_batch_is_one() -> None:
    """32 of 100 points: four steps an epoch, twelve in three; `lr` falls by a twelfth at each."""
    problem = Polynomial(
        "polynomial", points=100, coefficients=[2.0, 3.0, 4.0], noise=0.5, cap=1e6, gradient_scale=1
    )
    job = Job({"name": "polynomial"}, _rule("sgd") | {"lr": 1e-4}, 3, 32, range(2), "", _node("linear"))
    trained = train(problem, [Run(job, seed) for seed in job.seeds], device=torch.device("cpu"))
    np.testing.assert_allclose(
        trained.series["lr"].values, [[1e-4 * (1 - t / 12) for t in range(12)]] * 2, rtol=1e-12
    )


@pytest.mark.slow
def test_only_scheduled_runs_have_rates_in_the_store() -> None:
    both = list(records(_train(_job("sgd", "constant"), _job("sgd", "cosine")), {}))
    assert ["lr" in record.metrics for record in both] == [False, False, True, True]
    assert [len(record.metrics["lr"].steps) for record in both[2:]] == [STEPS] * 2
    assert "lr" not in _train(_job("sgd", "constant")).series


def test_the_rule_of_what_is_left_has_its_own_scheduler() -> None:
    rest = {"_target_": "torch.optim.Adam", "lr": 0.5}
    job = replace(_job("sgd", "one_cycle"), optimizer=_rule("sgd") | {"rest": rest})
    params = [nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2))]
    instance = Instance(job, params, Way(shared=False), None, steps=STEPS)
    for step in range(STEPS):
        share = _one_cycle(step)
        rates = [rule.param_groups[0]["lr"] for rule in instance.optimizers]
        assert rates == pytest.approx([LR * share, 0.5 * share], rel=1e-10)
        assert instance.rate == rates[0]
        instance.step([torch.zeros(2, 2), torch.zeros(2)])


@pytest.mark.parametrize(
    ("words", "steps", "filled"),
    [("steps", 7, 7), ("0.5 * steps", 8, 4), ("0.1*steps", 3, 1), ("2*steps", 5, 10), (".3 *steps", 9, 3), (9, 3, 9)],
)  # fmt: skip
def test_words_stand_for_a_share_of_the_steps(words: object, steps: int, filled: int) -> None:
    node = {"name": "mine", "_target_": "torch.optim.lr_scheduler.StepLR", "step_size": words}
    (scheduler,) = build_schedules(node, _adam(), steps)
    assert isinstance(scheduler, lr_scheduler.StepLR)
    assert (scheduler.step_size, type(scheduler.step_size)) == (filled, int)


def test_a_scheduler_that_holds_others_and_asks_for_no_optimizer_is_made() -> None:
    inner = {"_target_": "torch.optim.lr_scheduler.ConstantLR", "factor": 0.5, "total_iters": "0.5 * steps"}
    chained = {
        "name": "mine",
        "_target_": "torch.optim.lr_scheduler.ChainedScheduler",
        "schedulers": [inner, inner],
    }
    (optimizer,) = rule = _adam()
    (scheduler,) = build_schedules(chained, rule, 4)
    rates = []
    for _ in range(4):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates == [LR / 4, LR / 4, LR, LR]


def test_words_that_are_no_share_come_to_the_class() -> None:
    node = _node("one_cycle") | {"anneal_strategy": "linear", "max_lr": "10 * lr"}
    (scheduler,) = build_schedules(node, _adam(), STEPS)
    assert scheduler.optimizer.param_groups[0]["max_lr"] == 10 * LR


IN = "torch.optim.lr_scheduler"


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("cosine", {"T_maxx": 3}, "^cosine: schedule.T_maxx is not known .* takes T_max, eta_min, last_epoch; "),
        ("cosine", {"_target_": f"{IN}.CosineAnealingLR"}, "did you mean CosineAnnealingLR.$"),
        ("cosine", {"_target_": "torch.optim.SGD"}, f"_target_ must be a {IN}.LRScheduler, got torch.optim.SGD$"),
        ("cosine", {"_target_": f"{IN}.ReduceLROnPlateau"}, "step needs no argument, got .*, which needs metrics$"),
        ("cosine", {"T_max": "steps / 3"}, "^schedule.T_max must be .* as in `0.1 . steps` or .*, got 'steps / 3'"),
        ("cosine", {"T_max": "step"}, "^schedule.T_max must be a number, or a share .*, got 'step'; did you mean"),
        ("one_cycle", {"pct_start": None}, "^one_cycle: .*OneCycleLR cannot be made: TypeError: "),
        ("cosine", {"T_max": None}, "must hold for all 40 steps, got after step 0 TypeError: "),
        ("one_cycle", {"total_steps": "0.5 * steps"}, "all 40 steps, got after step 20 ValueError: Tried to step 21"),
        ("one_cycle", {"cycle_momentum": True}, "`cycle_momentum` .*; write schedule.cycle_momentum=false$"),
        ("linear", {"end_factor": -1}, "^linear: .*LinearLR cannot be made: ValueError: "),
        ("step", {"gamma": -1}, "^schedule step: the learning rate of step 20 must be a finite .* >= 0, got -0.2$"),
        ("warmup_cosine", {"milestones": [1, 2]}, "^warmup_cosine: .*SequentialLR cannot be made: ValueError: "),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_in_one_line_before_anything_is_trained(
    name: str, changes: dict[str, object], message: str
) -> None:
    rule = {"_target_": "torch.optim.Adagrad", "lr": LR} if name == "one_cycle" else {}
    job = replace(_job("sgd", name), optimizer=_rule("sgd") | rule, schedule=_node(name) | changes)
    told = check_jobs([job], Ways())[job.label]
    with pytest.raises(InvalidInput, match=message):
        raise InvalidInput(told)
    assert "\n" not in told


def test_what_is_shipped_is_not_refused_and_leaves_the_parameters_where_they_are() -> None:
    for name, steps in product(NAMES, (1, 2, 3, 10, 1000)):
        parameter = nn.Parameter(torch.ones(2, 2))
        check_schedule(_job("adam", name), [parameter], steps)
        assert torch.equal(parameter, torch.ones(2, 2))
    assert check_jobs([_job("adam", name) for name in NAMES], Ways()) == {}


def test_a_rule_without_a_rate_has_no_schedule() -> None:
    class Still(torch.optim.Optimizer):
        """Has no lr."""

    with pytest.raises(InvalidInput, match=r"^schedule must be constant for a rule without lr, got cosine$"):
        build_schedules(_node("cosine"), [Still([nn.Parameter(torch.ones(1))], {})], STEPS)


def test_what_is_measured_of_a_rule_holds_under_its_schedule_alone() -> None:
    constant, cosine = (Ways().key(_job("adam unknown", name)) for name in ("constant", "cosine"))
    assert constant != cosine == Ways().key(_job("adam unknown", "cosine"))
    assert constant == Ways().key(replace(_job("adam unknown", "cosine"), schedule=None))


@pytest.mark.slow
def test_rmsprop_hops_half_a_rate_off_its_optimum_and_lands_where_the_rate_falls() -> None:
    """Against the least squares of NumPy: the tutorial's own data, at the last of 2000 steps."""
    x = np.linspace(-3, 3, 100)
    y = 2 * x**2 + 3 * x + 4 + np.random.RandomState(0).normal(0, 0.5, 100)
    best = np.polyfit(x, y, 2)
    node: dict[str, Any] = yaml.safe_load((CONF / "problem" / "polynomial.yaml").read_text())["problem"]
    rule: dict[str, Any] = yaml.safe_load((CONF / "optimizer" / "rmsprop.yaml").read_text())
    schedules = {"constant": None, "step": _node("step"), "linear": _node("linear")}
    jobs = [Job(node, rule, 2000, None, range(1), name, schedule) for name, schedule in schedules.items()]
    problem = Polynomial(**{key: value for key, value in node.items() if key != "_target_"})
    trained = train(problem, [Run(job, 0) for job in jobs], device=torch.device("cpu"))
    coefficients = np.stack([trained.final[name].ravel() for name in "abc"], axis=1)
    constant, step, linear = np.abs(coefficients - best)
    assert constant == pytest.approx([0.005] * 3, rel=1e-3)
    assert step == pytest.approx([0.005 / 100] * 3, rel=1e-2)
    assert (linear < 1e-8).all()


def _file(name: str) -> Path:
    return CONF / "schedule" / f"{name}.yaml"


def _first_line(name: str) -> str:
    return _file(name).read_text().partition("\n")[0]


def _node(name: str) -> dict[str, Any]:
    node: dict[str, Any] = yaml.safe_load(_file(name).read_text())
    return node


def _rule(name: str) -> dict[str, Any]:
    return {"name": name, **RULES[name]}


def _job(rule: str, name: str) -> Job:
    schedule = None if name == "constant" else _node(name)
    return Job(BOWL, _rule(rule), STEPS, None, range(2), name, schedule)


def _adam() -> list[torch.optim.Optimizer]:
    return build_rule(_rule("adam"), [nn.Parameter(torch.ones(1))])


def _train(*jobs: Job) -> Trained:
    problem = Bowl(**{key: value for key, value in BOWL.items() if key != "_target_"})
    return train(problem, [Run(job, seed) for job in jobs for seed in job.seeds], device=torch.device("cpu"))


def _plain_loop(rule: str, name: str) -> tuple[list[float], list[float]]:
    """Return the loss of each step, f = 0.1 x1² + 2 x2², and the learning rate."""
    x1, x2 = (nn.Parameter(torch.tensor(value, dtype=torch.float64)) for value in BOWL["start"])
    values = {key: value for key, value in RULES[rule].items() if key not in ("_target_", "elementwise")}
    optimizer = getattr(torch.optim, RULES[rule]["_target_"].rpartition(".")[2])([x1, x2], **values)
    scheduler = TORCH[name](optimizer)
    losses, rates = [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = 0.1 * x1**2 + 2 * x2**2
        loss.backward()
        losses.append(loss.item())
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return losses, rates
