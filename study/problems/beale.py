"""Beale's function: flat in the middle, steep walls around, and a long flat valley to the minimum."""

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


def beale(x1: Float[Tensor, "..."], x2: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return the sum over i = 1, 2, 3 of (c_i - x1 (1 - x2^i))^2 for c = (1.5, 2.25, 2.625)."""
    height = (1.5 - x1 * (1 - x2)) ** 2
    height = height + (2.25 - x1 * (1 - x2**2)) ** 2
    return height + (2.625 - x1 * (1 - x2**3)) ** 2


@dataclass(frozen=True)
class Beale(Problem):
    """f = sum over i = 1, 2, 3 of (c_i - x1 (1 - x2^i))^2, c = (1.5, 2.25, 2.625); two parameters, no noise, no data.

    Exposes how a rule meets flats and steep walls. On both axis x1 = 0 and line x2 = 1 the height is the same, 14.2;
    where they cross, at (0, 1), is a saddle. From there it falls into a flat valley that bends towards the minimum,
    (3, 0.5). Where x1 and x2 are both large the height grows as their eighth power: a step that is too long for a
    moment lands on a wall, where the gradient is thousands of times larger.

    The start alone differs by seed. It lies beside the saddle, where the gradient is small: a small rate stays
    there at first. With a `spread` less than its distance from the lines it is on the minimum's side of both;
    beyond them the loss falls along another valley without an end, towards 0.45. Double precision: the loss is the
    square of distances that single precision rounds. The floor is 0.

    Args:
        start: the centre of all starts.
        spread: each coordinate of a start is uniform within so much of the centre's.
        cap: see `Problem`.

    Reference:
        Beale, On an iterative method for finding a local minimum of a function of more than one variable, Princeton,
        1958; More, Garbow and Hillstrom, Testing unconstrained optimization software, ACM TOMS 7(1), 1981, no. 5.
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
        return Point(beale)

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
