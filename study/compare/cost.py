"""Cost of a rule: how long one of its steps takes beside one of SGD, and how many numbers it keeps between steps."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from time import perf_counter
from types import FunctionType, ModuleType

import torch
from torch import Tensor, nn

from study.certify.stacked import way_of
from study.errors import CRASHES, ORDERS, InvalidInput
from study.training.build import build_rule
from study.training.instance import Way, undisturbed

_SGD = {"name": "sgd", "_target_": "torch.optim.SGD", "lr": 0.01}
_WIDTHS = (64, 16, 10)
_POINTS = 32
_STEPS = 20  # in a row: what a rule does every 2nd, 4th, 5th, 10th or 20th time comes at the same places of each row
_LEAST = 3  # rows of steps, however long they take


@dataclass(frozen=True, slots=True)
class Cost:
    """What a rule costs.

    Attributes:
        step: the time of one `step()`, relative to one of SGD without momentum.
        state: numbers kept between steps, per parameter: 0 for SGD, 1 for momentum, 2 for Adam.
        with_loss: whether both times hold forward and backward passes too.
    """

    step: float
    state: float
    with_loss: bool = False


def cost_of(optimizer: Mapping[str, object], *, seconds: float = 0.25) -> Cost:
    """Measure what a rule costs on a network 64 -> 16 -> 10, of 1,210 float32 parameters, on one thread of the CPU.

    Its gradients are given: normal draws, always the same. What is timed is the update alone, and most of that is
    what torch needs to call some operations for each tensor; a network whose tensors are large has other ratios.

    A rule that asks for its loss, or differentiates the gradient, gets it with a forward and a backward pass on 32
    points, other ones in each step. SGD's time is then that of one such pass and its step. `with_loss` says so: the
    ratio is smaller than one of updates alone would be, and is to be compared with others of its kind only.

    The two rules take turns in rows of 20 steps, each row from the same parameters and each step timed by itself. Of
    each of the 20 the quickest time over all rows counts, as whatever else a machine does can but add to one. (With
    twice as many busy processes as cores, medians of the ratios of neighbours were seen off by a factor of two.) What
    a rule does only every 2nd, 4th, 5th, 10th or 20th step has its share; more rarely, or at random, and it has none.

    The state is that after 20 steps: each tensor of two elements or more that the rule keeps, or one that it wraps,
    beside the parameters and their gradients. Step counters and other single numbers are not counted.

    Args:
        optimizer: the resolved `optimizer` node of a config.
        seconds: how long to measure; each has three rows of steps, however long they take.

    Raises:
        InvalidInput: the rule cannot be built, there is no way to drive it, or its step fails.
    """
    way = way_of(optimizer)
    with undisturbed(), _told(optimizer):
        torch.set_num_threads(1)
        state = _state(_Driven(optimizer, way))
        step = _ratio(_Driven(optimizer, way), _Driven(_SGD, Way(closure=way.evaluates)), seconds)
    return Cost(step, state, way.evaluates)


class _Driven:
    """A rule over a network of its own, which begins where any other begins."""

    def __init__(self, optimizer: Mapping[str, object], way: Way) -> None:
        torch.manual_seed(0)  # of what a rule draws, too: the process's own stream is set aside
        into, hidden, out = _WIDTHS
        self._network = nn.Sequential(nn.Linear(into, hidden), nn.ReLU(), nn.Linear(hidden, out))
        self.params = list(self._network.parameters())
        self._start = [parameter.detach().clone() for parameter in self.params]
        self._gradients = [torch.randn_like(parameter) for parameter in self._start]
        inputs, targets = torch.randn(_STEPS, _POINTS, into), torch.randint(out, (_STEPS, _POINTS))
        # others in each step: there is no end to reach
        self._batches = list(zip(inputs, targets, strict=True))
        self._batch = self._batches[0]
        self._graph = way.graph
        self.rules = build_rule(optimizer, self.params)
        for rule in self.rules:
            getattr(rule, "train", lambda: None)()  # schedule-free rules have two modes
        self._calls = self._step(way)

    def row(self) -> list[float]:
        """Return the seconds of each step of a row from the start."""
        for parameter, start, gradient in zip(self.params, self._start, self._gradients, strict=True):
            parameter.data.copy_(start)
            parameter.grad = gradient.clone()  # a rule may change it in place
        times = [perf_counter()]
        for batch in self._batches:
            self._batch = batch
            for call in self._calls:
                call()
            times.append(perf_counter())
        return [end - begin for begin, end in pairwise(times)]

    def _step(self, way: Way) -> list[Callable[[], object]]:
        """Return what is called in each step."""
        first, *rest = self.rules
        others: list[Callable[[], object]] = [rule.step for rule in rest]
        if way.closure:
            return [partial(first.step, self._loss), *others]
        return [*([self._loss] if way.graph else []), first.step, *others]

    def _loss(self) -> Tensor:
        """Set the gradients of the loss, and return it."""
        with torch.enable_grad():
            inputs, targets = self._batch
            loss = nn.functional.cross_entropy(self._network(inputs), targets)
            gradients = torch.autograd.grad(loss, self.params, create_graph=self._graph)
        for parameter, gradient in zip(self.params, gradients, strict=True):
            parameter.grad = gradient
        return loss


def _ratio(rule: _Driven, sgd: _Driven, seconds: float) -> float:
    """Return the time of a rule's step over that of SGD's."""
    rows, until = list[tuple[list[float], list[float]]](), perf_counter() + seconds
    while len(rows) < _LEAST or perf_counter() < until:
        rows.append((rule.row(), sgd.row()))
    return _quickest([own for own, _ in rows]) / _quickest([other for _, other in rows])


def _quickest(rows: Sequence[Sequence[float]]) -> float:
    """Return the time of a row of which each step takes the least time that it ever took."""
    return float(sum(min(times) for times in zip(*rows, strict=True)))


def _state(driven: _Driven) -> float:
    """Return how many numbers a rule keeps between steps, per parameter."""
    driven.row()
    given = [
        tensor for parameter in driven.params for tensor in (parameter, parameter.grad) if tensor is not None
    ]
    not_its_own = {tensor.untyped_storage().data_ptr() for tensor in given}
    kept: dict[int, int] = {}  # by memory: a tensor may be kept under two names, or in parts
    for tensor in _tensors(driven.rules, {}):
        memory = tensor.untyped_storage()
        if tensor.numel() > 1 and memory.data_ptr() not in not_its_own:
            kept[memory.data_ptr()] = memory.nbytes() // tensor.element_size()
    return sum(kept.values()) / sum(parameter.numel() for parameter in driven.params)


def _tensors(held: object, seen: dict[int, object]) -> Iterator[Tensor]:
    """Yield the tensors that an object leads to: those in its attributes, their items, and so on.

    `seen` holds what was met by its id, which another object may have once nothing holds the first.
    """
    if id(held) in seen:
        return
    seen[id(held)] = held
    if isinstance(held, Tensor):
        yield held
    elif isinstance(held, Mapping):
        for value in held.values():
            yield from _tensors(value, seen)
    elif isinstance(held, (list, tuple, deque, Set)):
        for value in held:
            yield from _tensors(value, seen)
    elif not isinstance(held, (type, ModuleType, FunctionType)):
        yield from _tensors(getattr(held, "__dict__", {}), seen)


@contextmanager
def _told(optimizer: Mapping[str, object]) -> Iterator[None]:
    """Say in one line what a rule raises here: it was tried on another network."""
    try:
        yield
    except (InvalidInput, *ORDERS):
        raise
    except CRASHES as error:
        widths = " -> ".join(map(str, _WIDTHS))
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise InvalidInput(
            f"{optimizer['name']}: {optimizer['_target_']} must step on a network {widths}, got {said}"
        ) from error
