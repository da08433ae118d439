"""A quadratic bowl in two dimensions: optimizers as paths that can be looked at."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.randomness import Source
from study.ranges import POSITIVE, Positive, Real, numbers


@dataclass(frozen=True)
class Bowl(Problem):
    """f(x1, x2) = c1 u1^2 + c2 u2^2, where u is x turned back by `rotation` degrees; no noise, no data.

    The start is turned with the function, so that whatever depends on gradients by rotation-equivariant
    operations alone (gradient descent, momentum, NAG) meets the same losses at every angle. One dummy sample
    makes an epoch one step. Double precision. The optimum is the origin, the floor 0.

    Args:
        coefficients: (c1, c2), each > 0; the Hessian's eigenvalues are 2 c1 and 2 c2.
        start: (u1, u2) at step 0, the start before it is turned.
        rotation: angle in degrees, counter-clockwise.
        cap: see `Problem`.
    """

    name: str
    coefficients: Annotated[Sequence[float], numbers(2, POSITIVE)]
    start: Annotated[Sequence[float], numbers(2)]
    rotation: Real
    cap: Positive
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        nothing = torch.zeros(1, 1, dtype=self.dtype)
        return Data(nothing, nothing, nothing)

    @override
    def model(self) -> nn.Module:
        return _Point(self.coefficients, self.rotation)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        (u1, u2), (cosine, sine) = self.start, _direction(self.rotation)
        nn.init.constant_(model.get_parameter("x1"), cosine * u1 - sine * u2)
        nn.init.constant_(model.get_parameter("x2"), sine * u1 + cosine * u2)

    @override
    def loss(
        self, prediction: Float[Tensor, "point 1"], target: Float[Tensor, "point 1"]
    ) -> Float[Tensor, ""]:
        """Return the model's value itself: the target is a dummy zero."""
        return (prediction - target).mean()

    @override
    def floor(self, data: Data) -> float:
        return 0.0


class _Point(nn.Module):
    """The height of the bowl above the point (x1, x2), the same for every sample."""

    def __init__(self, coefficients: Sequence[float], rotation: float) -> None:
        super().__init__()
        self.x1 = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.x2 = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.c1, self.c2 = coefficients
        self.cosine, self.sine = _direction(rotation)

    @override
    def forward(self, inputs: Float[Tensor, "point feature"]) -> Float[Tensor, "point 1"]:
        u1 = self.cosine * self.x1 + self.sine * self.x2
        u2 = self.cosine * self.x2 - self.sine * self.x1
        height = self.c1 * u1**2 + self.c2 * u2**2
        return height.expand(inputs.shape[0], 1)


def _direction(degrees: float) -> tuple[float, float]:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
