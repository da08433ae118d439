"""Linear regression on drawn data: how long to average squared gradients for a smooth late curve."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.regression import Affine, constant_mse, half_mse, least_mse, with_ones
from study.randomness import Source
from study.ranges import Count, NotNegative, Positive, Real, numbers


@dataclass(frozen=True)
class Linear(Problem):
    """y = x . weights + bias + noise * N(0, 1) for x ~ N(0, I); an affine model; half-MSE.

    `eval/loss` and `full/loss` are the half-MSE over all samples; the floor is the least-squares solution's,
    different for each seed.

    Args:
        points: number of samples.
        weights: the true coefficients, one per feature.
        bias: the true intercept.
        noise: standard deviation of the targets' noise.
        init_std: the weights start at N(0, init_std^2), the intercept at 0.
        cap: see `Problem`.
        full_every: see `Problem`.
    """

    name: str
    points: Count
    weights: Annotated[Sequence[float], numbers()]
    bias: Real
    noise: NotNegative
    init_std: NotNegative
    cap: Positive
    full_every: Count | None

    @override
    def data(self, source: Source) -> Data:
        generator = source.generator("data")
        inputs = torch.randn(self.points, len(self.weights), generator=generator)
        noise = torch.randn(self.points, 1, generator=generator)
        targets = inputs @ torch.tensor(self.weights)[:, None] + self.bias + self.noise * noise
        return Data(inputs, targets, targets)

    @override
    def model(self) -> nn.Module:
        return Affine(len(self.weights), self.dtype)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        nn.init.normal_(model.get_parameter("w"), std=self.init_std, generator=source.generator("init"))
        nn.init.zeros_(model.get_parameter("b"))

    @override
    def loss(
        self, prediction: Float[Tensor, "point 1"], target: Float[Tensor, "point 1"]
    ) -> Float[Tensor, ""]:
        return half_mse(prediction, target)

    @override
    def floor(self, data: Data) -> float:
        return least_mse(with_ones(data.inputs), data.eval_targets) / 2

    @override
    def constant_loss(self, data: Data) -> float:
        return constant_mse(data.eval_targets) / 2
