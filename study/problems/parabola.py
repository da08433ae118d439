"""Parabola, the headline problem: a small ReLU network on noisy y = x^2."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.regression import constant_mse
from study.problems.relu_fit import MOST_POINTS, MOST_UNITS, relu_mse
from study.randomness import Source
from study.ranges import Count, NotNegative, Positive


@dataclass(frozen=True)
class Parabola(Problem):
    """y = x^2 + noise * N(0, 1) at `points` equidistant x in [-1, 1]; a 1 -> width -> 1 ReLU network; MSE.

    `eval/loss` is the mean squared distance to the noise-free x^2 on the same x. Its lower bound, 0, is out of
    reach of a piecewise linear function. The noise-free x^2 has noise^2 as its expected training loss; a fitted
    network has seen the noise and may have less.

    Args:
        points: number of samples.
        noise: standard deviation of the targets' noise.
        width: hidden units.
        cap: see `Problem`.
    """

    name: str
    points: Count
    noise: NotNegative
    width: Count
    cap: Positive

    @override
    def data(self, source: Source) -> Data:
        x = torch.linspace(-1, 1, self.points)[:, None]
        clean = x**2
        noise = torch.randn(x.shape, generator=source.generator("data"))
        return Data(x, clean + self.noise * noise, clean)

    @override
    def model(self) -> nn.Module:
        return nn.Sequential(nn.Linear(1, self.width), nn.ReLU(inplace=True), nn.Linear(self.width, 1))

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        """Draw as `nn.Linear` does: weight and bias from U(-1/sqrt(fan_in), 1/sqrt(fan_in))."""
        generator = source.generator("init")
        for layer in model.modules():
            if isinstance(layer, nn.Linear):
                bound = layer.in_features**-0.5
                nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
                nn.init.uniform_(layer.bias, -bound, bound, generator=generator)

    @override
    def loss(
        self, prediction: Float[Tensor, "point 1"], target: Float[Tensor, "point 1"]
    ) -> Float[Tensor, ""]:
        return ((prediction - target) ** 2).mean()

    @override
    def floor(self, data: Data) -> float:
        return 0.0

    @override
    def constant_loss(self, data: Data) -> float:
        return constant_mse(data.eval_targets)

    @override
    def train_floor(self, data: Data) -> float | None:
        return self.train_floors([data])[0]

    @override
    def train_floors(self, data: Sequence[Data]) -> Sequence[float | None]:
        """Return what a search for the best networks found; of very wide ones, or of much data, nothing is known."""
        if self.width > MOST_UNITS or self.points > MOST_POINTS:
            return [None] * len(data)
        return relu_mse(data[0].inputs, torch.stack([seed.targets for seed in data]), self.width)

    @override
    def curve_inputs(self) -> Float[Tensor, "point feature"] | None:
        return torch.linspace(-1, 1, 201)[:, None]
