"""A strict saddle in many dimensions: how long a rule stays where the gradient is small but nothing is best."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.randomness import Source
from study.ranges import Count, Positive


@dataclass(frozen=True)
class Saddle(Problem):
    """f(x, y) = |x|^2 / 2 + sum over i of (y_i^2 - 1)^2 / 4; `down + up` parameters, no noise, no data.

    That is |x|^2 / 2 + sum (y_i^4 / 4 - y_i^2 / 2) with 1/4 added for each y, which makes the floor exactly 0
    and keeps what lies above it free of cancellation. Exposes how a rule escapes from a saddle: at the origin the
    Hessian has the eigenvalue 1 along each x and -1 along each y, so that gradient descent of rate a leaves as
    (1 + a)^t, while a rule that divides by the gradient's size leaves at once. The minima are x = 0, each y_i = 1
    or -1; no other point is a local minimum.

    The start alone differs by seed: x from N(0, 1), y from N(0, offset^2). Double precision.

    Args:
        down: number of x.
        up: number of y.
        offset: standard deviation of y at the start.
        cap: see `Problem`.

    Reference:
        Jin, Ge, Netrapalli, Kakade and Jordan, How to escape saddle points efficiently, ICML 2017,
        arXiv:1703.00887.
    """

    name: str
    down: Count
    up: Count
    offset: Positive
    cap: Positive
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        nothing = torch.zeros(1, 1, dtype=self.dtype)
        return Data(nothing, nothing, nothing)

    @override
    def model(self) -> nn.Module:
        return _Place(self.down, self.up)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        generator = source.generator("init")
        nn.init.normal_(model.get_parameter("x"), generator=generator)
        nn.init.normal_(model.get_parameter("y"), std=self.offset, generator=generator)

    @override
    def loss(
        self, prediction: Float[Tensor, "point 1"], target: Float[Tensor, "point 1"]
    ) -> Float[Tensor, ""]:
        """Return the model's value itself: the target is a dummy zero."""
        return (prediction - target).mean()

    @override
    def floor(self, data: Data) -> float:
        return 0.0


class _Place(nn.Module):
    """The saddle's height above (x, y), the same for every sample."""

    def __init__(self, down: int, up: int) -> None:
        super().__init__()
        self.x = nn.Parameter(torch.zeros(down, dtype=torch.float64))
        self.y = nn.Parameter(torch.zeros(up, dtype=torch.float64))

    @override
    def forward(self, inputs: Float[Tensor, "point feature"]) -> Float[Tensor, "point 1"]:
        height = (self.x**2).sum() / 2 + ((self.y**2 - 1) ** 2).sum() / 4
        return height.expand(inputs.shape[0], 1)
