"""A plateau around a pit: squared errors of two saturated sigmoids, whose gradients vanish far away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.plane import Point, nothing, place
from study.randomness import Source
from study.ranges import POSITIVE, Positive, numbers


def plateau(u1: Float[Tensor, "..."], u2: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return 2 (s(u1) - 1/2)^2 + 2 (s(u2) - 1/2)^2 for the sigmoid s.

    Since 2 s(u) - 1 = tanh(u / 2), which keeps its precision near 0, half the sum of its squares.
    """
    return (torch.tanh(u1 / 2) ** 2 + torch.tanh(u2 / 2) ** 2) / 2


@dataclass(frozen=True)
class Plateau(Problem):
    """f(x1, x2) = sum over i of 2 (s(x_i / scale_i) - 1/2)^2 for the sigmoid s(u) = 1 / (1 + e^-u); two parameters.

    No noise, no data. Exposes vanishing gradients. Each term is the squared error of a sigmoid that should be at 1/2.
    Far from the minimum, the origin, it is saturated: the loss is close to 1, and its slope in u is about 2 e^-|u|.
    At the pit's edge that is 0.19, forty times what it is at u = 6: what is fast enough for the plateau may leap over
    the pit onto the plateau beyond. Scales of 1 and 3 make the pit itself nine times as steep one way as the other,
    so that no rate suits both.

    The start alone differs by seed: a quadrant, and each coordinate's distance. Double precision: the loss is the
    square of distances that single precision rounds. The floor is 0.

    Args:
        scales: of x1 and x2, the width of the pit each way.
        start: least and most distance of each u from 0; a start's is uniform between them, its sign a toss.
        cap: see `Problem`; the loss itself stays below 1.

    Reference:
        Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen, diploma thesis, TU Munich, 1991; Glorot and
        Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010. The function
        is this study's own.
    """

    name: str
    scales: Annotated[Sequence[float | int], numbers(2, POSITIVE)]
    start: Annotated[Sequence[float | int], numbers(2, POSITIVE)]
    cap: Positive
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        return nothing()

    @override
    def model(self) -> nn.Module:
        width1, width2 = self.scales
        return Point(lambda x1, x2: plateau(x1 / width1, x2 / width2))

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        generator = source.generator("init")
        uniform = torch.rand(2, dtype=torch.float64, generator=generator)
        sign = 2 * torch.randint(2, (2,), generator=generator) - 1
        least, most = self.start
        scales = torch.tensor(self.scales, dtype=torch.float64)
        place(model, sign * scales * (least + (most - least) * uniform))

    @override
    def loss(
        self, prediction: Float[Tensor, "point 1"], target: Float[Tensor, "point 1"]
    ) -> Float[Tensor, ""]:
        """Return the model's value itself: the target is a dummy zero."""
        return (prediction - target).mean()

    @override
    def floor(self, data: Data) -> float:
        return 0.0
