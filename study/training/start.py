"""Start of every run: data, initial parameters and orders of minibatches, drawn once for each distinct seed."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from study.errors import InvalidInput
from study.problems.base import Data, Problem
from study.randomness import Source


@dataclass(frozen=True, slots=True)
class Start:
    """Data and start of every seed, stacked, and the digests that prove what was paired."""

    inputs: tuple[Shaped[Tensor, "seed point ..."], ...]
    targets: Shaped[Tensor, "seed point ..."]
    eval_targets: Shaped[Tensor, "seed point ..."]
    test: tuple[tuple[Shaped[Tensor, "seed held ..."], ...], Shaped[Tensor, "seed held ..."]] | None
    params: Float[Tensor, "seed parameter"]
    data: Sequence[Data]  # as drawn
    floor: list[float]
    constant: list[float | None]
    data_sha: list[str]
    init_sha: list[str]


def draw(problem: Problem, model: nn.Module, seeds: Sequence[int], device: torch.device) -> Start:
    """Draw data and start of each seed on the CPU, so that they are the same on every device."""
    data, starts = [], []
    for seed in seeds:
        source = Source(problem.name, seed)
        data.append(problem.data(source))
        problem.initialise(model, source)
        starts.append(torch.cat([p.detach().reshape(-1) for p in model.parameters()]))
    tests = [d.test for d in data if d.test is not None]
    return Start(
        inputs=_side_by_side([d.arguments for d in data], device),
        targets=_stacked([d.targets for d in data], device),
        eval_targets=_stacked([d.eval_targets for d in data], device),
        test=(
            (
                _side_by_side([d.arguments for d in tests], device),
                _stacked([d.eval_targets for d in tests], device),
            )
            if tests
            else None
        ),
        params=torch.stack(starts).to(device),
        data=data,
        floor=[math.nan if (floor := problem.floor(d)) is None else floor for d in data],
        constant=[problem.constant_loss(d) for d in data],
        data_sha=[digest(*_tensors(d)) for d in data],
        init_sha=[digest(start) for start in starts],
    )


class Orders:
    """The order in which each seed meets its samples, epoch by epoch.

    Args:
        problem: the problem's name, part of the key of the randomness.
        seeds: whose orders.
        points: number of samples.
        shuffled: False for the full batch, which has no order.
    """

    def __init__(self, problem: str, seeds: Sequence[int], points: int, *, shuffled: bool) -> None:
        self._generators = [Source(problem, seed).generator("order") for seed in seeds]
        self._digests = [hashlib.sha256() for _ in seeds]
        self._points, self._shuffled = points, shuffled

    def next_epoch(self) -> Int[Tensor, "seed point"] | None:
        """Return every seed's permutation for the next epoch, or None where nothing is shuffled."""
        if not self._shuffled:
            return None
        orders = [torch.randperm(self._points, generator=g) for g in self._generators]
        for record, order in zip(self._digests, orders, strict=True):
            record.update(order.numpy().data)
        return torch.stack(orders)

    def digests(self) -> list[str]:
        """Return the digest of all orders drawn so far, one per seed."""
        return [record.hexdigest()[:16] for record in self._digests]


def digest(*tensors: Tensor) -> str:
    """Return a short digest of the values of CPU tensors."""
    record = hashlib.sha256()
    for tensor in tensors:
        record.update(tensor.contiguous().numpy().data)
    return record.hexdigest()[:16]


def _tensors(data: Data) -> tuple[Tensor, ...]:
    return *data.arguments, data.targets, data.eval_targets


def _side_by_side(drawn: list[tuple[Tensor, ...]], device: torch.device) -> tuple[Tensor, ...]:
    return tuple(_stacked(list(tensors), device) for tensors in zip(*drawn, strict=True))


def _stacked(tensors: list[Tensor], device: torch.device) -> Tensor:
    shapes = {tuple(tensor.shape) for tensor in tensors}
    if len(shapes) > 1:
        raise InvalidInput(
            f"the data of all seeds must have one shape, got {' and '.join(map(str, sorted(shapes)))}"
        )
    return torch.stack(tensors).to(device)
