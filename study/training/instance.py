"""Instance of a rule: what a plain loop steps, kept from doing anything to the process around it."""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from study.errors import CRASHES, ORDERS, InvalidInput
from study.job import Job
from study.training.build import build_rule
from study.training.schedule import build_schedules


@dataclass(frozen=True, slots=True)
class Way:
    """How a rule is driven: found by trying it, never believed.

    Attributes:
        shared: one instance updates all runs of a job; else each run has one of its own.
        closure: its `step` asks for the loss, and perhaps again (LBFGS, line searches, SAM).
        graph: it differentiates the gradient again (AdaHessian).
        draws: it draws random numbers.
    """

    shared: bool = True
    closure: bool = False
    graph: bool = False
    draws: bool = False

    @property
    def evaluates(self) -> bool:
        """Whether the rule needs its run's loss as a function of its own parameters."""
        return self.closure or self.graph


Objective = Callable[[], Tensor]
"""A run's loss on its minibatch, as a function that sets the gradients of an instance's parameters too."""


class RuleError(Exception):
    """What a rule raised in a step, or that it asked the process to exit."""


class Stream:
    """A stream of random numbers of its own, in the place of the process's global ones while a rule runs.

    Args:
        word: what it is seeded with.
    """

    def __init__(self, word: int) -> None:
        before = _states()
        torch.manual_seed(word)
        np.random.seed(word % 2**32)  # the global one is what a rule may draw from
        random.seed(word)
        self._begun = self._states = _states()
        _set_states(before)

    @property
    def drawn(self) -> bool:
        """Whether any number was drawn from it."""
        return not _same(self._begun, self._states)

    @contextmanager
    def current(self) -> Iterator[None]:
        """Put the stream in the place of the global ones, which are as before afterwards."""
        before = _states()
        _set_states(self._states)
        try:
            yield
        finally:
            self._states = _states()
            _set_states(before)


class Instance:
    """The optimizer of a job over the parameters of one run, or of several: built once, then stepped.

    Args:
        job: whose optimizer, and that of what it does not take.
        params: leaves, of the model's shapes where the instance is one run's own. They keep their memory, whatever
            the rule does to them.
        way: how it is driven.
        stream: what it draws random numbers from, where it draws any.
        steps: of the run, over which the schedule goes.
    """

    def __init__(
        self, job: Job, params: Sequence[nn.Parameter], way: Way, stream: Stream | None, *, steps: int
    ) -> None:
        self.params, self.way = list(params), way
        homes = [parameter.data for parameter in params]
        self._homes = [
            (own, home, home.data_ptr(), home.shape) for own, home in zip(params, homes, strict=True)
        ]
        self._stream = stream
        with undisturbed(), self._streamed():
            self.optimizers = build_rule(job.optimizer, self.params)
            self._first, self._others = self.optimizers[0], self.optimizers[1:]
            self._schedulers = build_schedules(job.schedule, self.optimizers, steps)
        self._modal = [rule for rule in self.optimizers if _has_modes(rule)]
        self.mode(training=True)

    @property
    def modal(self) -> bool:
        """Whether its parameters in training are not those to be evaluated (schedule-free rules)."""
        return bool(self._modal)

    @property
    def rate(self) -> float:
        """The learning rate of the step to come: its optimizer's, of the first parameters."""
        return float(self.optimizers[0].param_groups[0]["lr"])

    def step(self, gradients: Sequence[Tensor], objective: Objective | None = None) -> None:
        """Update the parameters once, then the learning rate where a schedule moves it.

        Args:
            gradients: one of each parameter, which the rule may change in place.
            objective: the loss that they are of, for a rule that evaluates it.

        Raises:
            InvalidInput: the rule gave a parameter another shape.
            RuleError: it raised something.
        """
        for parameter, gradient in zip(self.params, gradients, strict=True):
            if parameter.grad is not gradient:
                parameter.grad = gradient
        dtype, grad, threads = torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads()
        try:
            if self._stream is None:
                self._step(objective)
            else:
                with self._stream.current():
                    self._step(objective)
        except (InvalidInput, *ORDERS):
            raise
        except CRASHES as error:  # whatever a rule from anywhere raises
            raise RuleError(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
        finally:  # what it did to the process would hold for the next instance too
            if torch.get_default_dtype() is not dtype:
                torch.set_default_dtype(dtype)
            if torch.is_grad_enabled() is not grad:
                torch.set_grad_enabled(grad)
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
        self._bring_home()

    def mode(self, *, training: bool) -> None:
        """Turn the parameters into those to train on, or into those that the rule's authors mean by its result."""
        for rule in self._modal:
            (rule.train if training else rule.eval)()  # type: ignore[attr-defined]  # schedule-free rules have both
        self._bring_home()

    def _bring_home(self) -> None:
        """Copy each parameter to the memory it was given where the rule put it elsewhere (`p.data = ...`)."""
        for parameter, home, place, shape in self._homes:
            if parameter.shape != shape:
                raise InvalidInput(
                    f"a rule must keep the shape of its parameters, got {tuple(parameter.shape)} "
                    f"after a step from {tuple(shape)}"
                )
            if parameter.data_ptr() != place:
                home.copy_(parameter.data)

    def _step(self, objective: Objective | None) -> None:
        if objective is not None and self.way.graph and not self.way.closure:
            objective()
        if self.way.closure:
            self._first.step(objective)  # type: ignore[arg-type]  # torch's wants a float, and takes a tensor
        else:
            self._first.step()
        for rule in self._others:
            rule.step()
        for scheduler in self._schedulers:
            scheduler.step()

    @contextmanager
    def _streamed(self) -> Iterator[None]:
        if self._stream is None:
            yield
        else:
            with self._stream.current():
                yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Undo what happens to the process: default dtype and device, grad mode, threads, folder, global streams."""
    dtype, device, grad = torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled()
    threads, folder, states = torch.get_num_threads(), os.getcwd(), _states()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        if torch.get_default_device() != device:  # to set it slows every call from then on
            torch.set_default_device(None if device.type == "cpu" else device)
        torch.set_grad_enabled(grad)
        torch.set_num_threads(threads)
        os.chdir(folder)
        _set_states(states)


def _has_modes(rule: torch.optim.Optimizer) -> bool:
    return callable(getattr(rule, "train", None)) and callable(getattr(rule, "eval", None))


_States = tuple[Tensor, Any, Any]  # NumPy's and Python's are to be handed back as they came


def _states() -> _States:
    return torch.get_rng_state(), np.random.get_state(), random.getstate()


def _set_states(states: _States) -> None:
    torch.set_rng_state(states[0])
    np.random.set_state(states[1])
    random.setstate(states[2])


def _same(first: _States, second: _States) -> bool:
    (torchs, numpys, own), (torchs_then, numpys_then, own_then) = first, second
    numpy_same = all(np.array_equal(now, then) for now, then in zip(numpys, numpys_then, strict=True))
    return torch.equal(torchs, torchs_then) and numpy_same and own == own_then
