"""Linear regression on features in very different units: what a change of units does to an optimizer."""

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
from study.ranges import POSITIVE, Count, NotNegative, Positive, numbers


@dataclass(frozen=True)
class ScaledRegression(Problem):
    """y = z . v + b + noise * N(0, 1) for z ~ N(0, I), seen as x_i = s_i z_i; an affine model; half-MSE.

    The scales s are log-spaced over `scales`. A seed draws which feature has which, v ~ N(0, I) and b ~ N(0, 1), and
    the samples. The features + 1 parameters start at 0; the optimum is near w_i = v_i / s_i. Exposed: the units of
    the coordinates. The Hessian is near diag(s_1^2, ..., s_n^2, 1), and no coordinate matters more than another once
    the units are taken away. Single precision: minibatches leave an excess far above its rounding.

    Args:
        points: number of samples.
        features: number of features.
        scales: (least, most) standard deviation of a feature.
        noise: standard deviation of the targets' noise.
        cap: see `Problem`.

    Reference:
        LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, in Neural Networks: Tricks of the Trade, section 4.3,
        on inputs that were not normalised.
    """

    name: str
    points: Count
    features: Count
    scales: Annotated[Sequence[float], numbers(2, POSITIVE)]
    noise: NotNegative
    cap: Positive

    @override
    def data(self, source: Source) -> Data:
        generator = source.generator("data")
        least, most = self.scales
        rising = least * (most / least) ** torch.linspace(0, 1, self.features)
        scales = rising[torch.randperm(self.features, generator=generator)]
        weights = torch.randn(self.features, 1, generator=generator)
        intercept = torch.randn(1, generator=generator)
        plain = torch.randn(self.points, self.features, generator=generator)
        noise = torch.randn(self.points, 1, generator=generator)
        targets = plain @ weights + intercept + self.noise * noise
        return Data(plain * scales, targets, targets)

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
