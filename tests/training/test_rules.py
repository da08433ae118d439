"""Rules of any kind are trained as a plain loop trains them, or refused: nothing is believed of them."""

import logging
import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from study.errors import InvalidInput
from study.job import Job, Run
from study.problems.base import Data
from study.randomness import Source
from study.training.build import build_problem
from study.training.instance import Way
from study.training.result import Trained
from study.training.train import train
from study.training.trial import check_jobs
from study.training.ways import Ways
from tests.training import planted_rules

CONF = Path(__file__).parents[2] / "conf"
PLANTED = "tests.training.planted_rules."
SEEDS = (0, 3)
EPOCHS = 4  # 128 steps: those that change after 70 have changed
TOLERANCE = 2e-5
"""Relative, float32: a batched matrix product adds in another order than a single one."""

Rules = Callable[[list[nn.Parameter]], Any]

SHARED, OWN, DRAWS = Way(), Way(shared=False), Way(shared=False, draws=True)
CLOSURE, GRAPH = Way(shared=False, closure=True), Way(shared=False, graph=True)

RIGHT = [
    ("Descent", SHARED),
    ("Normalised", OWN),
    ("Clipped", OWN),
    ("Late", OWN),
    ("Reassigning", SHARED),
    ("Clearing", SHARED),
    ("Spoiling", SHARED),
    ("ByShape", OWN),
    ("NoisyTorch", DRAWS),
    ("NoisyNumpy", DRAWS),
    ("LateNoise", DRAWS),
    ("Meddling", DRAWS),  # it seeds the streams, as if it drew from them
    ("Searching", CLOSURE),
    ("Curved", GRAPH),
    ("Averaging", SHARED),
]
QUICK = {"Late", "Reassigning", "LateNoise", "Averaging", "Curved"}
"""One of each kind; make test trains all."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "way"),
    [one if one[0] in QUICK else pytest.param(*one, marks=pytest.mark.slow) for one in RIGHT],
)
def test_a_rule_of_two_lines_of_yaml_is_trained_as_a_plain_loop_trains_it(
    rule: str, way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # one changes the folder
    ways = Ways()
    job = _job(PLANTED + rule)
    trained = _train(job, ways)
    for row, seed in enumerate(SEEDS):
        losses, evaluated, _ = _plain_loop(getattr(planted_rules, rule), seed, way)
        np.testing.assert_allclose(trained.train_loss[row], losses, rtol=TOLERANCE)
        np.testing.assert_allclose(trained.series["eval/loss"].values[row], evaluated, rtol=TOLERANCE)
    assert ways.known(job, SEEDS) in (way, Way(shared=way.shared, closure=way.closure, draws=True))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("CountingSteps", "must do the same whenever it is given the same.*keep it in self.state"),
        ("CountingInstances", "must do the same whenever it is given the same"),
        ("Reshaping", r"must keep the shape of its parameters, got \(1, 20\) after a step from \(20, 1\)"),
    ],
)
def test_a_rule_that_no_stack_can_train_is_refused(rule: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        _train(_job(PLANTED + rule))


@pytest.mark.slow
def test_a_declaration_that_lies_is_an_error_and_the_remedy_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"optimizer.elementwise must be false .* got true.* leave it out"):
        _train(_job(PLANTED + "Normalised", elementwise=True))
    declared = _train(_job(PLANTED + "Normalised", elementwise=False))
    measured = _train(_job(PLANTED + "Normalised"))
    assert np.array_equal(declared.train_loss, measured.train_loss)


@pytest.mark.slow
def test_one_line_says_when_a_rule_is_found_to_mix(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        _train(_job(PLANTED + "Late"))
    (record,) = caplog.records
    assert "with one instance for all runs a parameter is off by" in record.getMessage()
    assert "after step 71, so each run has one of its own" in record.getMessage()


@pytest.mark.slow
def test_what_was_measured_holds_for_the_same_and_for_no_more() -> None:
    ways, job = Ways(), _job(PLANTED + "Clipped")
    _train(job, ways)
    assert ways.known(job, SEEDS) == ways.known(job, SEEDS[1:]) == OWN
    assert ways.known(job, (*SEEDS, 4)) is ways.known(job, (0, 4)) is None  # a norm over others may be larger
    for other in (
        _job(PLANTED + "Clipped", lr=0.06),
        _job(PLANTED + "Clipped", epochs=EPOCHS + 1),
        _job(PLANTED + "Normalised"),
    ):
        assert ways.known(other, SEEDS) is None
    declared = _job("torch.optim.SGD", lr=0.05, elementwise=True)
    _train(declared, ways)
    other = _job("torch.optim.SGD", lr=0.06, elementwise=True)
    assert ways.known(other, SEEDS) == ways.known(other, (7, 8)) == SHARED
    assert ways.known(other, range(3)) is None
    assert ways.known(_job("torch.optim.SGD", lr=0.06, momentum=0.9, elementwise=True), SEEDS) is None


@pytest.mark.slow
def test_a_rule_whose_mixing_begins_at_other_seeds_is_measured_at_them() -> None:
    """The store of a sweep at seeds where no gradient is clipped, and then at two of which one is clipped alone."""
    ways, job, others = Ways(), _job(PLANTED + "LooselyClipped"), (0, 4)
    _train(job, ways)
    assert ways.known(job, SEEDS) == SHARED
    trained = _train(job, ways, others)
    for row, seed in enumerate(others):
        losses, *_ = _plain_loop(planted_rules.LooselyClipped, seed, OWN)
        np.testing.assert_allclose(trained.train_loss[row], losses, rtol=TOLERANCE)
    assert ways.known(job, others) == ways.tried(job) == OWN


def test_jobs_are_checked_on_one_core_as_a_stack_begins() -> None:
    """What a problem solves for then is kept while the process lives, and on two cores its last bit is another."""
    before, seen = torch.get_num_threads(), list[int]()
    job = _job(PLANTED + "Descent")
    other = replace(job, problem={**job.problem, "name": "mine"})  # what is as shipped is not asked about
    torch.set_num_threads(2)
    try:
        assert check_jobs([other], Ways(), lambda _: seen.append(torch.get_num_threads())) == {}
        assert (seen, torch.get_num_threads()) == ([1], 2)
    finally:
        torch.set_num_threads(before)


def test_a_rule_measured_elsewhere_begins_in_the_way_that_was_right_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ways, job = Ways(), _job(PLANTED + "Normalised")
    ways.learn(job, OWN, SEEDS)
    assert check_jobs([job], ways) == {}
    _train(job, ways, (5, 6))
    assert not caplog.records
    assert ways.known(job, (5, 6)) == OWN


@pytest.mark.slow
def test_a_known_rule_is_trained_as_when_it_was_measured() -> None:
    ways = Ways()
    for rule in ("Normalised", "NoisyTorch", "Searching", "Averaging"):
        job = _job(PLANTED + rule)
        first, second = _train(job, ways), _train(job, ways)
        assert np.array_equal(first.train_loss, second.train_loss), rule
        assert all(np.array_equal(first.final[name], second.final[name]) for name in first.final), rule


@pytest.mark.slow
def test_noise_is_a_runs_own_alone_and_in_a_stack() -> None:
    problem, job, quiet = build_problem(_problem()), _job(PLANTED + "NoisyTorch"), _job(PLANTED + "Descent")
    alone = train(problem, [Run(job, 3)], device=torch.device("cpu"))
    runs = [Run(quiet, 3), Run(job, 0), Run(job, 3)]
    among = train(problem, [*runs[1:], runs[0]], device=torch.device("cpu"))
    np.testing.assert_allclose(among.train_loss[1], alone.train_loss[0], rtol=TOLERANCE)


@pytest.mark.slow
def test_nothing_of_the_process_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = (
        _state(),
        os.getcwd(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
    )
    for rule in ("Meddling", "NoisyTorch", "NoisyNumpy"):
        assert check_jobs([_job(PLANTED + rule)], Ways()) == {}
        _train(_job(PLANTED + rule))
        after = (
            _state(),
            os.getcwd(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            torch.get_num_threads(),
        )
        assert after == before


@pytest.mark.slow
def test_a_rule_is_not_disturbed_by_one_that_meddles() -> None:
    problem = build_problem(_problem())
    runs = [
        Run(_job(target), seed) for target in (PLANTED + "Meddling", "torch.optim.Adam") for seed in SEEDS
    ]
    among = train(problem, runs, device=torch.device("cpu"))
    alone = train(problem, runs[2:], device=torch.device("cpu"))
    np.testing.assert_allclose(among.train_loss[2:], alone.train_loss, rtol=TOLERANCE)


@pytest.mark.slow
def test_evaluations_are_counted_for_a_rule_that_asks_for_its_loss() -> None:
    assert _train(_job(PLANTED + "Descent")).evaluations is None
    counted = _train(_job(PLANTED + "Searching")).evaluations
    assert counted is not None
    *_, asked = _plain_loop(planted_rules.Searching, SEEDS[0], CLOSURE)
    assert counted[0] == asked > 2 * 128
    lbfgs = _train(_job("torch.optim.LBFGS", lr=0.1, max_iter=3, epochs=1)).evaluations
    assert lbfgs is not None
    assert (lbfgs > 32).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "group"), [("torch.optim.Muon", None), ("pytorch_optimizer.Muon", {"use_muon": True})]
)
def test_what_a_rule_for_matrices_does_not_take_is_another_ones(
    target: str, group: Mapping[str, object] | None
) -> None:
    rest = {"_target_": "torch.optim.AdamW", "lr": 0.01}
    job = _job(target, lr=0.02, rest=rest, group=group)
    trained = _train(job)

    def build(params: list[nn.Parameter]) -> list[torch.optim.Optimizer]:
        module, _, name = target.rpartition(".")
        muon = getattr(__import__(module, fromlist=[name]), name)
        matrices = [p for p in params if p.ndim == 2]
        first = muon([{"params": matrices, **group}] if group else matrices, lr=0.02)
        return [first, torch.optim.AdamW([p for p in params if p.ndim != 2], lr=0.01)]

    losses, *_ = _plain_loop(build, SEEDS[0], OWN)
    # an epoch: Newton-Schulz runs in bfloat16, whose rounding grows from step to step
    np.testing.assert_allclose(trained.train_loss[0, :32], losses[:32], rtol=1e-3)


def test_a_rule_for_matrices_without_a_rest_is_told_to_name_one() -> None:
    (told,) = check_jobs([_job("torch.optim.Muon", lr=0.02)], Ways()).values()
    assert "only supports 2D parameters" in told
    assert "rest: {_target_: torch.optim.AdamW, lr: 0.01}" in told


@pytest.mark.slow
def test_a_wrapper_wraps_what_its_node_says() -> None:
    inner = {"_target_": "torch.optim.Adam", "lr": 0.01}
    trained = _train(_job("pytorch_optimizer.Lookahead", optimizer=inner, k=3))

    def build(params: list[nn.Parameter]) -> list[torch.optim.Optimizer]:
        from pytorch_optimizer import Lookahead

        return [Lookahead(torch.optim.Adam(params, lr=0.01), k=3)]

    losses, *_ = _plain_loop(build, SEEDS[0], OWN)
    np.testing.assert_allclose(trained.train_loss[0], losses, rtol=TOLERANCE)


def _state() -> tuple[object, ...]:
    return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()


def _problem() -> dict[str, object]:
    node: dict[str, object] = yaml.safe_load((CONF / "problem" / "parabola.yaml").read_text())["problem"]
    return node


def _job(target: str, *, epochs: int = EPOCHS, **optimizer: object) -> Job:
    name = target.rpartition(".")[2].lower()
    return Job(_problem(), {"name": name, "_target_": target, **optimizer}, epochs, 32, range(4), name)


def _train(job: Job, ways: Ways | None = None, seeds: Sequence[int] = SEEDS) -> Trained:
    runs = [Run(job, seed) for seed in seeds]
    return train(build_problem(job.problem), runs, device=torch.device("cpu"), ways=ways)


def _plain_loop(rule: Rules, seed: int, way: Way) -> tuple[list[float], list[float], int]:
    """Train as everybody does, by `backward` and `step`, with the process's streams seeded for the run.

    Returns:
        Each step's loss, each evaluation's, and how often the rule asked for its loss.
    """
    problem, source = build_problem(_problem()), Source("parabola", seed)
    data, network = problem.data(source), problem.model()
    problem.initialise(network, source)
    params, losses, evaluated = list(network.parameters()), [], []
    threads = torch.get_num_threads()
    order = source.generator("order")
    with torch.random.fork_rng(devices=[]):
        word = source.word("rule")
        torch.manual_seed(word)
        np.random.seed(word % 2**32)
        random.seed(word)
        built = rule(params)
        optimizers = built if isinstance(built, list) else [built]
        closure = _Closure(network, data, way)
        evaluated.append(_evaluated(network, data, optimizers))
        for _ in range(EPOCHS):
            drawn = torch.randperm(1000, generator=order)
            for batch in drawn.split(32):
                closure.batch = batch
                losses.append(float(closure.loss().detach()))
                if not way.closure:
                    closure()
                for optimizer in optimizers:
                    optimizer.step(closure) if way.closure else optimizer.step()
                torch.set_num_threads(threads)
                torch.set_grad_enabled(True)
                torch.set_default_dtype(torch.float32)
            evaluated.append(_evaluated(network, data, optimizers))
    return losses, evaluated, closure.asked


class _Closure:
    """A run's loss on the batch at hand; asking for it sets the gradients."""

    batch: torch.Tensor

    def __init__(self, network: nn.Module, data: Data, way: Way) -> None:
        self.network, self.data, self.way, self.asked = network, data, way, 0

    def loss(self) -> torch.Tensor:
        error = self.network(self.data.inputs[self.batch]) - self.data.targets[self.batch]
        mean: torch.Tensor = (error**2).mean()
        return mean

    def __call__(self) -> torch.Tensor:
        self.asked += 1
        params = list(self.network.parameters())
        with torch.enable_grad():
            loss = self.loss()
            gradients = torch.autograd.grad(loss, params, create_graph=self.way.graph)
        for parameter, gradient in zip(params, gradients, strict=True):
            parameter.grad = gradient
        return loss if self.way.graph else loss.detach()


def _evaluated(network: nn.Module, data: Data, optimizers: list[Any]) -> float:
    for optimizer in optimizers:
        getattr(optimizer, "eval", lambda: None)()
    with torch.no_grad():
        loss = ((network(data.inputs) - data.eval_targets) ** 2).mean().item()
    for optimizer in optimizers:
        getattr(optimizer, "train", lambda: None)()
    return float(loss)
