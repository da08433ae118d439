"""Rosenbrock's function: a curved valley, whose floor is soon found and only slowly followed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.plane import Point, near, nothing, place
from study.randomness import Source
from study.ranges import NotNegative, Positive, numbers


def rosenbrock(x1: Float[Tensor, "..."], x2: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return (1 - x1)^2 + 100 (x2 - x1^2)^2."""
    return (1 - x1) ** 2 + 100 * (x2 - x1**2) ** 2


@dataclass(frozen=True)
class Rosenbrock(Problem):
    """f(x1, x2) = (1 - x1)^2 + 100 (x2 - x1^2)^2; two parameters, no noise, no data.

    Exposes how a rule follows a curved valley. Its floor is the parabola x2 = x1^2, across which the curvature is
    hundreds of times what it is along it: at the minimum, (1, 1), the Hessian's condition number is 2508. Both
    directions turn on the way, so that no fixed scaling of the coordinates helps.

    The start alone differs by seed. A `spread` of 0.1 puts it nearer to the valley's floor or higher up its wall, at
    losses from 6 to 50, and always behind the bend: seeds take other paths, all about as long. Double precision:
    near the minimum the loss is the square of distances that single precision rounds. The floor is 0.

    Args:
        start: the centre of all starts.
        spread: each coordinate of a start is uniform within so much of the centre's.
        cap: see `Problem`.

    Reference:
        Rosenbrock, An automatic method for finding the greatest or least value of a function, The Computer Journal
        3(3), 1960; Schneider, Balles and Hennig, DeepOBS, 2019, arXiv:1903.05499 (`two_d_rosenbrock`, with noise).
    """

    name: str
    start: Annotated[Sequence[float | int], numbers(2)]
    spread: NotNegative
    cap: Positive
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        return nothing()

    @override
    def model(self) -> nn.Module:
        return Point(rosenbrock)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        place(model, near(self.start, self.spread, source))

    @override
    def loss(
        self, prediction: Float[Tensor, "point 1"], target: Float[Tensor, "point 1"]
    ) -> Float[Tensor, ""]:
        """Return the model's value itself: the target is a dummy zero."""
        return (prediction - target).mean()

    @override
    def floor(self, data: Data) -> float:
        return 0.0
