"""Costs of rules: states counted by hand, a ratio by a clock that is turned by hand; no test waits for a real one."""

import math
import random
from collections import deque
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import count, cycle
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import Tensor, nn
from typing_extensions import override

from study.compare import cost
from study.compare.cost import Cost, cost_of
from study.errors import InvalidInput

OPTIMIZERS = Path(__file__).parents[2] / "conf/optimizer"
MATRICES = {"first": (16, 64), "second": (10, 16)}
BIASES = {"first": 16, "second": 10}
PARAMETERS = 1210


class Stepping(torch.optim.Optimizer):
    """A rule that only calls what it is given, once in each step."""

    def __init__(self, params: list[nn.Parameter], lr: float = 1.0) -> None:
        super().__init__(params, {"lr": lr})

    @override
    def step(self, closure: Callable[[], Tensor] | None = None) -> None:  # type: ignore[override]
        self.tell(self.param_groups[0]["params"])

    def tell(self, params: list[nn.Parameter]) -> None:
        """Do what a test asks for."""


class Small(Stepping):
    """A rule that takes 100 numbers of a tensor, as those of what rules are first tried on."""

    @override
    def tell(self, params: list[nn.Parameter]) -> None:
        if any(parameter.numel() > 100 for parameter in params):
            raise RuntimeError("too large")


class Meddling(Stepping):
    """A rule that draws from each global stream, and sets threads."""

    @override
    def tell(self, params: list[nn.Parameter]) -> None:
        torch.rand(1), np.random.rand(), random.random()
        torch.set_num_threads(3)


class Hoarding(Stepping):
    """A rule that keeps two numbers per parameter, under names of many kinds, and more that are not its own."""

    @override
    def tell(self, params: list[nn.Parameter]) -> None:
        for parameter in params:
            state = self.state[parameter]
            first = state.setdefault("first", {"list": [torch.zeros_like(parameter)]})["list"][0]
            state.setdefault("second", deque([{Box(torch.ones_like(parameter))}]))
            state |= {"again": (first, first[:5]), "loop": self, "name": "some"}
            state |= {"parameter": parameter.data, "gradient": parameter.grad}
            state |= {"step": torch.tensor(1.0), "rate": torch.ones(1)}


class Modal(Stepping):
    """A rule that must be told that it is in training."""

    mode = ""

    def train(self) -> None:
        self.mode = "train"

    def eval(self) -> None:
        self.mode = "eval"

    @override
    def tell(self, params: list[nn.Parameter]) -> None:
        if self.mode != "train":
            raise RuntimeError("not in training")


class Box:
    """An object with a tensor in it."""

    def __init__(self, inside: Tensor) -> None:
        self.inside = inside


class Watching(Stepping):
    """A rule that notes what it meets, then adds 1 to each parameter and halves its gradient."""

    met: list[tuple[list[Tensor], list[Tensor], int]] = []  # noqa: RUF012  # of all instances, as a test wants it

    @override
    def tell(self, params: list[nn.Parameter]) -> None:
        gradients = [parameter.grad for parameter in params if parameter.grad is not None]
        values = [parameter.detach() for parameter in params]
        noted = [tensor.clone() for tensor in values], [tensor.clone() for tensor in gradients]
        type(self).met.append((*noted, torch.get_num_threads()))
        for value, gradient in zip(values, gradients, strict=True):
            value.add_(1)
            gradient.mul_(0.5)


@pytest.fixture(autouse=True)
def _own_rules_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Have the process use two threads, until the test ends."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _own(name: str) -> dict[str, object]:
    return {"name": name.lower(), "_target_": f"{Path(__file__).stem}.{name}", "lr": 1.0}


def _measured(optimizer: dict[str, object]) -> Cost:
    found = cost_of(optimizer, seconds=0.0)
    assert math.isfinite(found.step)
    assert found.step > 0
    return found


def _factored() -> int:
    """Return what Adafactor keeps: of a matrix a number for each row and for each column, of a bias all."""
    return sum(rows + columns for rows, columns in MATRICES.values()) + sum(BIASES.values())


def test_the_network_has_1210_parameters() -> None:
    assert sum(rows * columns for rows, columns in MATRICES.values()) + sum(BIASES.values()) == PARAMETERS


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("sgd", 0.0),
        ("momentum", 1.0),
        ("adam", 2.0),
        ("lion", 1.0),
        ("adafactor", _factored() / PARAMETERS),
        ("scratch/adam", 2.0),
    ],
)
def test_numbers_that_shipped_rules_keep(name: str, state: float) -> None:
    found = _measured(yaml.safe_load((OPTIMIZERS / f"{name}.yaml").read_text()))
    assert found.state == state
    assert not found.with_loss


def test_adafactor_keeps_132_numbers() -> None:
    """16 + 64 and 10 + 16 of the two matrices, 16 and 10 of the biases."""
    assert _factored() == 80 + 26 + 26


def test_what_a_rule_and_its_rest_keep() -> None:
    """Muon has a momentum of each matrix, 1,184 numbers; AdamW two numbers for each of 26 biases."""
    rest = {"_target_": "torch.optim.AdamW", "lr": 0.01}
    found = _measured({"name": "muon", "_target_": "torch.optim.Muon", "lr": 0.01, "rest": rest})
    assert found.state == (1024 + 160 + 2 * 26) / PARAMETERS


def test_what_a_wrapper_and_the_rule_in_it_keep() -> None:
    """Lookahead has slow parameters beside Adam's two."""
    adam = {"_target_": "torch.optim.Adam", "lr": 0.01}
    found = _measured({"name": "lookahead", "_target_": "pytorch_optimizer.Lookahead", "optimizer": adam})
    assert found.state == 3.0


def test_what_a_rule_with_a_closure_keeps() -> None:
    """LBFGS with three pairs of differences has those, its direction and its last gradient."""
    found = _measured(
        {"name": "lbfgs", "_target_": "torch.optim.LBFGS", "lr": 0.1, "history_size": 3, "max_iter": 4}
    )
    assert found.state == 2 * 3 + 2
    assert found.with_loss


def test_a_rule_that_differentiates_the_gradient_is_measured_with_its_loss() -> None:
    hessian = {"name": "adahessian", "_target_": "pytorch_optimizer.AdaHessian", "lr": 0.01}
    assert _measured(hessian).with_loss


def test_a_schedule_free_rule_is_driven_in_training() -> None:
    node = {"name": "free", "_target_": "pytorch_optimizer.ScheduleFreeAdamW", "lr": 0.01}
    assert _measured(node).state == 2.0  # z and the second moment
    assert _measured(_own("Modal")).state == 0.0


def test_each_tensor_is_counted_once_wherever_it_lies() -> None:
    """In lists, objects, under two names or in part; parameters, gradients and single numbers are not counted."""
    assert _measured(_own("Hoarding")).state == 2.0


@pytest.mark.usefixtures("two_threads")
def test_gradients_are_given_and_each_row_begins_anew() -> None:
    """On one thread, the same normal draws in each row of 20, whatever the rule did to them and to the parameters."""
    _measured(_own("Watching"))
    watching = import_module(Path(__file__).stem).Watching
    met, watching.met = watching.met[2:], []  # on the network that it was tried on it met two
    start, given, _ = met[0]
    assert [tuple(value.shape) for value in start] == [(16, 64), (16,), (10, 16), (10,)]
    assert {value.dtype for value in start} == {torch.float32}
    drawn = torch.cat([gradient.flatten() for gradient in given])
    assert abs(float(drawn.mean())) < 0.1
    assert float(drawn.std()) == pytest.approx(1, abs=0.1)
    for place, (values, gradients, threads) in enumerate(met):
        done = place % 20
        assert all(map(torch.equal, gradients, [0.5**done * gradient for gradient in given]))
        assert torch.allclose(values[0], start[0] + done, atol=1e-3)
        assert threads == 1
    assert len(met) == 4 * 20  # one row of which the state is counted, three to measure


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(
    "node", [_own("Meddling"), {"name": "sgd", "_target_": "torch.optim.SGD", "lr": 0.1}]
)
def test_the_process_is_left_as_it_was(node: dict[str, object]) -> None:
    before = torch.get_rng_state(), np.random.get_state(legacy=False), random.getstate()
    _measured(node)
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.get_rng_state(), before[0])
    assert str(np.random.get_state(legacy=False)) == str(before[1])
    assert random.getstate() == before[2]


def test_the_quickest_times_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that only steps move: one of the rule takes 3 times one of SGD, but for a while each is slow."""
    clock, slow, slow_too = [0.0], count(), count()
    monkeypatch.setattr(cost, "perf_counter", lambda: clock[0])

    def sgd(_: torch.optim.SGD) -> None:
        clock[0] += 7e-4 if 130 < next(slow_too) < 270 else 1e-4

    def adam(_: torch.optim.Adam) -> None:
        clock[0] += 3e-3 if 100 < next(slow) < 130 else 3e-4

    monkeypatch.setattr(torch.optim.SGD, "step", sgd)
    monkeypatch.setattr(torch.optim.Adam, "step", adam)
    found = cost_of({"name": "adam", "_target_": "torch.optim.Adam", "lr": 0.1}, seconds=0.25)
    assert found.step == pytest.approx(3.0, rel=1e-9)
    assert 280 < next(slow) < 1000  # 0.25 s of which some went by slowly


def test_what_a_rule_does_every_tenth_step_has_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine steps of 2 and one of 12 are 3 a step, though most steps in turn are quicker."""
    clock = [0.0]
    monkeypatch.setattr(cost, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(torch.optim.SGD, "step", lambda _: clock.__setitem__(0, clock[0] + 1e-4))
    own = cycle([2e-4] * 9 + [12e-4])
    monkeypatch.setattr(torch.optim.Adam, "step", lambda _: clock.__setitem__(0, clock[0] + next(own)))
    found = cost_of({"name": "adam", "_target_": "torch.optim.Adam", "lr": 0.1}, seconds=0.0)
    assert found.step == pytest.approx(3.0, rel=1e-9)


def test_sgd_costs_as_much_as_sgd(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(cost, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(torch.optim.SGD, "step", lambda _: clock.__setitem__(0, clock[0] + 1e-4))
    found = cost_of({"name": "sgd", "_target_": "torch.optim.SGD", "lr": 0.1}, seconds=0.01)
    assert found == Cost(found.step, state=0.0, with_loss=False)
    assert found.step == pytest.approx(1.0, rel=1e-9)


def test_sgd_pays_for_the_loss_beside_a_rule_that_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that only passes move: LBFGS takes four of them in a step, beside SGD's one."""
    clock = [0.0]
    monkeypatch.setattr(cost, "perf_counter", lambda: clock[0])
    passed = nn.functional.cross_entropy

    def passing(predicted: Tensor, targets: Tensor) -> Tensor:
        clock[0] += 1e-4
        return passed(predicted, targets)

    monkeypatch.setattr(nn.functional, "cross_entropy", passing)
    node = {"name": "lbfgs", "_target_": "torch.optim.LBFGS", "lr": 0.1, "max_iter": 4, "history_size": 2}
    assert cost_of(node, seconds=0.0).step == pytest.approx(4.0, rel=1e-9)


def test_a_step_that_fails_on_this_network_is_told_in_one_line() -> None:
    told = r"^small: test_cost\.Small must step on a network 64 -> 16 -> 10, got RuntimeError: too large$"
    with pytest.raises(InvalidInput, match=told):
        cost_of(_own("Small"), seconds=0.0)


def test_a_rule_that_cannot_be_built_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"torch\.optim\.Adam cannot be made"):
        cost_of({"name": "short", "_target_": "torch.optim.Adam", "betas": [0.9]}, seconds=0.0)
