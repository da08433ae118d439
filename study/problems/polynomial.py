"""A quadratic polynomial fitted to 100 points by full batches: a rule that hops over its optimum for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.regression import constant_mse, least_mse
from study.randomness import Source
from study.ranges import Count, NotNegative, Positive, numbers


@dataclass(frozen=True)
class Polynomial(Problem):
    """y = a X^2 + b X + c + noise * N(0, 1) at `points` equidistant X in [-3, 3], its own form fitted; MSE.

    Seed 0 is the tutorial's own NumPy stream, `np.random.seed(0)`: first the noise, then the start. Every
    other seed draws from its generators. Double precision. The tutorial descends on half the MSE that it
    reports, hence `gradient_scale` 0.5 in the YAML.

    Args:
        points: number of samples.
        coefficients: the true (a, b, c), of X^2, X and 1 in this order.
        noise: standard deviation of the targets' noise.
        cap: see `Problem`.
        gradient_scale: see `Problem`.
    """

    name: str
    points: Count
    coefficients: Annotated[Sequence[float], numbers(3)]
    noise: NotNegative
    cap: Positive
    gradient_scale: Positive
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        x = torch.linspace(-3, 3, self.points, dtype=self.dtype)[:, None]
        targets = _powers(x) @ torch.tensor(self.coefficients, dtype=self.dtype)[:, None] + self._noise(
            source
        )
        return Data(x, targets, targets)

    @override
    def model(self) -> nn.Module:
        return _Quadratic()

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        """Draw (a, b, c) from N(0, 1)."""
        for name, value in zip("abc", self._start(source), strict=True):
            nn.init.constant_(model.get_parameter(name), float(value))

    @override
    def loss(
        self, prediction: Float[Tensor, "point 1"], target: Float[Tensor, "point 1"]
    ) -> Float[Tensor, ""]:
        return ((prediction - target) ** 2).mean()

    @override
    def floor(self, data: Data) -> float:
        return least_mse(_powers(data.inputs), data.eval_targets)

    @override
    def constant_loss(self, data: Data) -> float:
        return constant_mse(data.eval_targets)

    @override
    def curve_inputs(self) -> Float[Tensor, "point feature"] | None:
        return torch.linspace(-3, 3, 201, dtype=self.dtype)[:, None]

    def _noise(self, source: Source) -> Float[Tensor, "point 1"]:
        if source.seed == 0:
            return torch.from_numpy(np.random.RandomState(0).normal(0, self.noise, (self.points, 1)))
        return self.noise * torch.randn(self.points, 1, dtype=self.dtype, generator=source.generator("data"))

    def _start(self, source: Source) -> Float[Tensor, "3"]:
        if source.seed == 0:
            stream = np.random.RandomState(0)
            stream.normal(0, self.noise, (self.points, 1))  # the data, drawn before the start
            return torch.from_numpy(stream.randn(3))
        return torch.randn(3, dtype=self.dtype, generator=source.generator("init"))


class _Quadratic(nn.Module):
    """c + b x + a x^2."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.b = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.c = nn.Parameter(torch.zeros((), dtype=torch.float64))

    @override
    def forward(self, inputs: Float[Tensor, "point 1"]) -> Float[Tensor, "point 1"]:
        # in this order of addition the rounding ends on the tutorial's side of the optimum at seed 0
        return self.c + self.b * inputs + self.a * inputs**2


def _powers(x: Float[Tensor, "point 1"]) -> Float[Tensor, "point 3"]:
    return torch.cat([x**2, x, torch.ones_like(x)], dim=1)
