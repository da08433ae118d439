"""Witness of a job: one of its runs, stepped alone with the gradients it has in the stack.

Whether one instance of a rule may serve all runs of a job cannot be read off its class: of 163 optimizers of ten
packages, 64 mix the elements of a tensor, some of them only after a while. So it is seen. The rule is stepped over
one run's parameters alone, in tensors of the model's shapes, with the gradients that the run meets in the stack. A
rule that treats every element alike and alone takes it to where it stands in the stack but for rounding, which cannot
grow, as no gradient depends on it. That is done twice: a rule that goes another way the second time keeps something
outside of its instances. (After the last look at a run that agrees the second time is spared: it decides nothing.)
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from study.job import Job
from study.randomness import Source
from study.training.drivers import Descent, Inputs, Own, Rows, Targets, of_run
from study.training.instance import Stream, Way, undisturbed

_LOOKS = (4, 64)  # steps: most rules that mix elements do so at once
_THEN_EVERY = 512  # which bounds the memory
_AT_MOST = _THEN_EVERY + 8  # moments between two looks: modes change some times after a step
_TIMES = 2  # a run is stepped alone
_ROUNDINGS = 64
"""Units of the last place that each element may be off by, of the length of the way it has gone: a vectorised root or
power may round otherwise than a single one, once or twice a step."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a witness saw otherwise than it stands in the stack.

    Attributes:
        job: whose rule.
        way: how it was driven in the stack.
        step: where the two were first seen apart, counted from 1.
        share: by how much of the way that the element had gone.
        repeatable: whether the run alone went the same way twice.
        draws: whether its rule drew random numbers.
    """

    job: Job
    way: Way
    step: int
    share: float
    repeatable: bool
    draws: bool


class _Moment(NamedTuple):
    """A step on a minibatch, for a rule that evaluates it, or a change of mode."""

    training: bool
    step: bool = True
    batch: tuple[tuple[Tensor, ...], Tensor] | None = None


class Witness:
    """One run of a job beside the stack that holds it.

    Args:
        job: whose rule.
        row: the run's, of the stack.
        stack: all rows of it, as they start.
        way: how the rule is driven there.
        descent: what it works on.
    """

    def __init__(self, job: Job, row: int, stack: Rows, way: Way, descent: Descent) -> None:
        self._job, self._row, self._way = job, row, way
        start = stack.values[row : row + 1]
        self._stands = [
            Rows(0, [stack.seeds[row]], start.clone(), torch.zeros_like(start)) for _ in range(_TIMES)
        ]
        word = Source(str(job.problem["name"]), stack.seeds[row]).word("rule")
        self._streams = [Stream(word) for _ in range(_TIMES)]
        self._alone = []
        for stands, stream in zip(self._stands, self._streams, strict=True):
            with undisturbed(), stream.current():
                self._alone.append(Own(job, stands, replace(way, shared=False, draws=False), descent))
        self._gone = start[0].double().abs()
        self._last = start[0].clone()
        # of each moment the gradient, and where the run stood after it; one piece of memory, no tensor of its own for
        # each: many small ones would lie between the stack's large ones, which then find no place
        self._gradients, self._after = torch.empty(
            2, _AT_MOST, start.shape[1], dtype=start.dtype, device=start.device
        )
        self._moments: list[_Moment] = []
        self._batch: tuple[tuple[Tensor, ...], Tensor] | None = None
        self._steps = self._seen = 0

    @property
    def draws(self) -> bool:
        """Whether the rule drew random numbers."""
        return any(stream.drawn for stream in self._streams)

    def before(self, gradients: Float[Tensor, "run parameter"], inputs: Inputs, targets: Targets) -> None:
        """Take note of what the run meets, before the rule can change it."""
        self._gradients[len(self._moments)] = gradients[self._row]
        self._batch = of_run(self._row, inputs, targets) if self._way.evaluates else None

    def after(self, params: Float[Tensor, "run parameter"]) -> Finding | None:
        """Take note of where the run stands after a step, and look from time to time."""
        self._steps += 1
        self._note(_Moment(training=True, batch=self._batch), params)
        if self._steps in _LOOKS or len(self._moments) >= _THEN_EVERY:
            return self.look()
        return None

    def mode(self, params: Float[Tensor, "run parameter"], *, training: bool) -> None:
        """Take note of where the run stands after a change of mode."""
        self._note(_Moment(training, step=False), params)

    def look(self, *, last: bool = False) -> Finding | None:
        """Step the run alone as far as the stack is, and return what is seen otherwise.

        Args:
            last: nothing follows; where all agrees then, the second time is spared.
        """
        if not self._moments:
            return None
        first = self._follow(0)
        stack = self._after[: len(self._moments)]
        steps = [moment.step for moment in self._moments]
        numbers = self._seen + torch.tensor(steps).cumsum(0)
        moves = torch.cat([self._last[None], first]).double().diff(dim=0).abs()
        gone = self._gone + moves.cumsum(0)
        self._gone, self._last = gone[-1], first[-1]
        limit = _ROUNDINGS * torch.finfo(first.dtype).eps
        share = ((stack - first).double().abs() / gone.clamp_min(torch.finfo(first.dtype).tiny)).nan_to_num(
            nan=math.inf, posinf=math.inf
        )
        off = (share > limit) & gone.isfinite() & ~torch.isclose(stack, first, rtol=0, atol=0, equal_nan=True)
        if last and not off.any():
            return None
        again = torch.isclose(first, self._follow(1), rtol=0, atol=0, equal_nan=True)
        self._seen, self._moments = self._steps, []
        wrong = (off | ~again).any(dim=1)
        if not wrong.any():
            return None
        at = int(wrong.int().argmax())
        return Finding(
            self._job, self._way, int(numbers[at]), float(share[at].max()), bool(again.all()), self.draws
        )

    def _note(self, moment: _Moment, params: Float[Tensor, "run parameter"]) -> None:
        self._after[len(self._moments)] = params[self._row].detach()
        self._moments.append(moment)

    def _follow(self, time: int) -> Float[Tensor, "moment parameter"]:
        """Step the run alone, the first time or the second, through all that is noted."""
        alone, stands, stream = self._alone[time], self._stands[time], self._streams[time]
        went = []
        with stream.current():
            for moment, gradient in zip(self._moments, self._gradients, strict=False):
                if not moment.step:
                    alone.mode(training=moment.training)
                else:
                    stands.gradients[0] = gradient
                    inputs, targets = moment.batch or ((), torch.empty(0))
                    alone.step(tuple(tensor[None] for tensor in inputs), targets[None])
                went.append(stands.values[0].clone())
        return torch.stack(went)
