"""A sphere whose centre goes round: how closely a rule follows an optimum that does not stay."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.quadratic import Point, half_squares
from study.randomness import Source
from study.ranges import Count, NotNegative, Positive, Real


@dataclass(frozen=True)
class DriftingSphere(Problem):
    """f_t(x) = |x - c_t|^2 / 2, whose centre turns by `degrees` in each step; `2 planes` parameters.

    The first half of c's coordinates are the x of as many planes, the second half their y. All of them turn alike,
    so that the centre goes round the origin on one circle, which the seed's c_0 decides. A step sees the centre of
    its time with N(0, noise^2) in each coordinate, new in every step. It exposes what a rule does where the optimum
    does not stay: one that slows down or averages for long falls behind, one that does not follows the noise.

    `eval/loss` knows no noise, and is about the centre of the step to come: 0, the floor, is a lower bound at each
    of them, out of reach but by foresight. Without noise gradient descent of rate 1 is always one move behind.
    Double precision, so that a closed form is met in every digit.

    Args:
        points: identical samples, none of which says anything; one a step, they make an epoch so many steps.
        planes: half of the number of parameters.
        degrees: by which the centre turns in a step. Not a whole turn in the whole training: at its end a run that
            stopped at c_0 would be right again.
        noise: standard deviation of each coordinate of the centre that a step sees.
        centre_std: c_0 is N(0, centre_std^2) in each coordinate.
        init_std: x starts at N(0, init_std^2) likewise; from far away, a rule that slows down has done so early.
        cap: see `Problem`.

    Reference:
        Schaul, Antonoglou and Silver (2014), Unit Tests for Stochastic Optimization,
        https://arxiv.org/abs/1312.6055
    """

    name: str
    points: Count
    planes: Count
    degrees: Real
    noise: NotNegative
    centre_std: Positive
    init_std: Positive
    cap: Positive
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        shape, generator = (1, 2 * self.planes), source.generator("data")
        centre = self.centre_std * torch.randn(shape, dtype=self.dtype, generator=generator)
        centres = centre.repeat(self.points, 1)
        return Data(torch.zeros(self.points, 1, dtype=self.dtype), centres, centres)

    @override
    def model(self) -> nn.Module:
        return Point(2 * self.planes, self.dtype)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        nn.init.normal_(model.get_parameter("x"), std=self.init_std, generator=source.generator("init"))

    @override
    def loss(
        self, prediction: Float[Tensor, "point feature"], target: Float[Tensor, "point feature"]
    ) -> Float[Tensor, ""]:
        return half_squares(prediction - target).mean()

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
        generator = source.generator(f"noise {step}")
        noise = self.noise * torch.randn(targets.shape, dtype=self.dtype, generator=generator)
        return inputs, self._centre(targets, step) + noise.to(targets.device)

    @override
    def eval_targets_at(
        self, targets: Shaped[Tensor, "seed point ..."], step: int
    ) -> Shaped[Tensor, "seed point ..."]:
        return self._centre(targets, step)

    def _centre(self, start: Shaped[Tensor, "..."], step: int) -> Shaped[Tensor, "..."]:
        """Return c_t = cos(wt) c_0 + sin(wt) J c_0, where J turns each plane by a right angle."""
        angle, (x, y) = math.radians(self.degrees) * step, start.chunk(2, dim=-1)
        return math.cos(angle) * start + math.sin(angle) * torch.cat([-y, x], dim=-1)
