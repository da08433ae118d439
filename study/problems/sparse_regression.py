"""Linear regression on features that are rarely there: whether rare coordinates are learned as well."""

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
from study.ranges import Count, NotNegative, Positive, Range, is_number, numbers

_CHANCE = Range("a number in (0, 1]", lambda value: is_number(value) and 0 < value <= 1)


@dataclass(frozen=True)
class SparseRegression(Problem):
    """y = x . w + b + noise * N(0, 1), where x_i ~ N(0, 1) with chance r_i and else 0; an affine model; half-MSE.

    The chances fall geometrically from the first of `rates` to the last. A seed draws which feature has which,
    w ~ N(0, I) and b ~ N(0, 1), and the samples. The features + 1 parameters start at 0. Exposed: rare features. The
    Hessian is near diag(r_1, ..., r_n, 1), so one learning rate for all leaves the rare ones behind, and one for each
    (AdaGrad) does not. Single precision: minibatches leave an excess far above its rounding.

    Args:
        points: number of samples.
        features: number of features.
        rates: (r of the most frequent feature, r of the rarest).
        noise: standard deviation of the targets' noise.
        cap: see `Problem`.

    Reference:
        Duchi, Hazan and Singer 2011, Adaptive subgradient methods for online learning and stochastic optimization,
        JMLR 12, https://jmlr.org/papers/v12/duchi11a.html, section 1.3.
    """

    name: str
    points: Count
    features: Count
    rates: Annotated[Sequence[float], numbers(2, _CHANCE)]
    noise: NotNegative
    cap: Positive

    @override
    def data(self, source: Source) -> Data:
        generator = source.generator("data")
        most, least = self.rates
        falling = most * (least / most) ** torch.linspace(0, 1, self.features)
        rates = falling[torch.randperm(self.features, generator=generator)]
        weights = torch.randn(self.features, 1, generator=generator)
        intercept = torch.randn(1, generator=generator)
        there = torch.rand(self.points, self.features, generator=generator) < rates
        inputs = torch.randn(self.points, self.features, generator=generator) * there
        noise = torch.randn(self.points, 1, generator=generator)
        targets = inputs @ weights + intercept + self.noise * noise
        return Data(inputs, targets, targets)

    @override
    def model(self) -> nn.Module:
        return Affine(self.features, self.dtype)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        for parameter in model.parameters():
            nn.init.zeros_(parameter)

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
