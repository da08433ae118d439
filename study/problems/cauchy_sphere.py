"""A sphere whose gradients come with Cauchy noise: what a rule does with one that is a thousand times too long."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.quadratic import Point
from study.randomness import Source
from study.ranges import Count, Positive


@dataclass(frozen=True)
class CauchySphere(Problem):
    """f(x) = |x|^2 / 2, of which a step sees |x|^2 / 2 - n . x with n ~ Cauchy(0, noise); `dimension` parameters.

    The gradient x - n has noise that is new in every coordinate and every step, and has neither mean nor variance.
    It exposes how a rule bears heavy tails. Averages do not help: a mean of Cauchy numbers is as wide as one of
    them, so a larger batch is as noisy, gradient descent ends as Cauchy(0, noise) in each coordinate at any rate
    in (0, 1] that has had its time, and no momentum makes it narrower.

    That is |x - n|^2 / 2 without |n|^2 / 2, which does not depend on x: with it a long n alone would pass the cap.
    So `train/loss` is a noisy f, below 0 where n . x is large, and the noise in it fades as x does; a run passes
    the cap once x itself is far away. `eval/loss` is f. Double precision, as n spans many powers of ten.

    Args:
        points: identical samples, none of which says anything; one a step, they make an epoch so many steps.
        dimension: number of parameters.
        noise: half of the interquartile range of each coordinate of n.
        init_std: x starts at N(0, init_std^2) in each coordinate.
        cap: see `Problem`.

    Reference:
        Schaul, Antonoglou and Silver (2014), Unit Tests for Stochastic Optimization,
        https://arxiv.org/abs/1312.6055
    """

    name: str
    points: Count
    dimension: Count
    noise: Positive
    init_std: Positive
    cap: Positive
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        still = torch.zeros(self.points, self.dimension, dtype=self.dtype)
        return Data(still[:, :1], still, still)

    @override
    def model(self) -> nn.Module:
        return Point(self.dimension, self.dtype)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        nn.init.normal_(model.get_parameter("x"), std=self.init_std, generator=source.generator("init"))

    @override
    def loss(
        self, prediction: Float[Tensor, "point feature"], target: Float[Tensor, "point feature"]
    ) -> Float[Tensor, ""]:
        """Return the mean of |x|^2 / 2 - n . x, where the target is n: 0 in the data, drawn for a step."""
        return (prediction * (prediction / 2 - target)).sum(dim=-1).mean()

    @override
    def floor(self, data: Data) -> float:
        return 0.0

    @override
    def minibatch(
        self,
        inputs: tuple[Shaped[Tensor, "point ..."], ...],
        targets: Shaped[Tensor, "point ..."],
        step: int,
        source: Source,
    ) -> tuple[tuple[Shaped[Tensor, "point ..."], ...], Shaped[Tensor, "point ..."]]:
        noise = torch.empty(targets.shape, dtype=self.dtype)
        noise.cauchy_(sigma=self.noise, generator=source.generator(f"noise {step}"))
        return inputs, targets + noise.to(targets.device)
