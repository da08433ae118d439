"""Best fit of a small ReLU network of one input: how low its training loss can be brought on given samples.

On the data such a network is c + sum_j a_j relu(s_j (x - t_j)) with s_j = 1 or -1: the size of a unit's own weight
goes into a_j. Once its kinks t_j and directions s_j are chosen, all else is linear least squares. So the network is a
choice of columns among relu(x - t) and relu(t - x), of many t.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

MOST_UNITS = 64
"""More are not searched: the time for a unit grows with the cube of their number."""

MOST_POINTS = 20_000
"""Nor are more samples: each takes some 13 kB of memory."""

_CELLS = 200  # between the kinks that are tried
_ROUNDS = 4  # in which each unit is exchanged once; later ones change little
_APART = 1e-6  # squared sine of a column's angle to the span of others, below which it counts as within
_SEEDS_AT_ONCE = 32  # bounds the memory


def relu_mse(
    inputs: Float[Tensor, "point 1"], targets: Float[Tensor, "seed point 1"], units: int
) -> list[float]:
    """Return for each seed a mean squared error that a 1 -> units -> 1 ReLU network reaches on its samples.

    Each unit in turn is exchanged for the column that fits best beside the others, from two starts. What is found is
    the error of some network, and so an upper bound of the least there is, which nobody knows. It takes some 8 ms
    a seed for 20 units, and is kept while the process lives: stacks of a sweep may have the same seeds.

    Args:
        inputs: x.
        targets: y.
        units: at most `MOST_UNITS`.

    Reference:
        Miller, Subset Selection in Regression, 2002, section 3.3, sequential replacement.
    """
    x, *ys = (values[:, 0].double().numpy().tobytes() for values in (inputs, *targets))
    some = (tuple(ys[low : low + _SEEDS_AT_ONCE]) for low in range(0, len(ys), _SEEDS_AT_ONCE))
    return [found for seeds in some for found in _found(x, seeds, units)]


@lru_cache(maxsize=256)
def _found(x: bytes, ys: tuple[bytes, ...], units: int) -> list[float]:
    columns, targets = _columns(x), torch.stack([_tensor(y) for y in ys])
    chosen = _exchanged(columns, targets, units)
    return [
        min(_mse(columns.values, y, own) for own in starts) for y, starts in zip(targets, chosen, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Columns:
    """What may be chosen from, at the same inputs."""

    values: Float[Tensor, "point column"]
    unit: Float[Tensor, "point column"]  # centred, each of length 1
    gram: Float[Tensor, "column column"]  # of these


@lru_cache(maxsize=1)
def _columns(x: bytes) -> _Columns:
    points = _tensor(x)
    kinks = torch.linspace(float(points.min()), float(points.max()), _CELLS + 1, dtype=points.dtype)
    rising = points[:, None] - kinks
    values = torch.cat([rising[:, :-1].relu(), (-rising[:, 1:]).relu()], dim=1)
    unit = values - values.mean(dim=0)
    unit = unit / unit.norm(dim=0).clamp_min(torch.finfo(unit.dtype).tiny)
    return _Columns(values, unit, unit.mT @ unit)


def _exchanged(
    columns: _Columns, targets: Float[Tensor, "seed point"], units: int
) -> Int[Tensor, "seed start unit"]:
    """Return the columns chosen from each start: kinks evenly spread, facing outwards, or all to the right."""
    spread = torch.linspace(0, _CELLS - 1, units).long()
    starts = torch.stack([torch.where(spread < _CELLS // 2, spread + _CELLS, spread), spread])
    chosen = starts.repeat(len(targets), 1)
    seen = torch.stack([(y - y.mean()) @ columns.unit for y in targets]).repeat_interleave(len(starts), dim=0)
    for _ in range(_ROUNDS):
        for unit in range(units):
            others = torch.cat([chosen[:, :unit], chosen[:, unit + 1 :]], dim=1)
            chosen[:, unit] = _best_beside(others, columns.gram, seen)
    return chosen.view(len(targets), len(starts), units)


def _best_beside(
    others: Int[Tensor, "fit unit"],
    gram: Float[Tensor, "column column"],
    seen: Float[Tensor, "fit column"],
) -> Int[Tensor, " fit"]:
    """Return the column that lowers each fit's squared error most, beside the others.

    With the Cholesky factor L of the others' Gram matrix, a column's part that they do not have is of squared length
    1 - |L^-1 g|^2, and the error falls by the square of its product with what they leave of y, over that.
    """
    beside = gram[others]
    own = beside.gather(2, others[:, None, :].expand(-1, others.shape[1], -1))
    some_alike = 1e-10 * torch.eye(others.shape[1], dtype=own.dtype)
    factor = torch.linalg.cholesky(own + some_alike)
    shared = torch.linalg.solve_triangular(factor, beside, upper=False)
    fitted = torch.linalg.solve_triangular(factor, seen.gather(1, others)[..., None], upper=False)
    left = seen - (fitted.mT @ shared)[:, 0]
    length = 1 - shared.square().sum(dim=1)
    gain: Tensor = (left.square() / length).where(length > _APART, -1.0)
    return gain.argmax(dim=1)


def _mse(
    columns: Float[Tensor, "point column"], y: Float[Tensor, " point"], chosen: Int[Tensor, " unit"]
) -> float:
    """Return the least mean squared error with a constant and the chosen columns."""
    design = torch.cat([torch.ones_like(columns[:, :1]), columns[:, chosen]], dim=1)
    # by singular values: columns may be alike, where the default driver is wrong
    solution = torch.linalg.lstsq(design, y[:, None], driver="gelsd").solution
    return float((design @ solution - y[:, None]).square().mean())


def _tensor(values: bytes) -> Float[Tensor, " point"]:
    return torch.from_numpy(np.frombuffer(values).copy())
