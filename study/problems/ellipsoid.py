"""An ellipsoid of given condition number, along the axes or turned: conditioning, and what a rotation adds to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.quadratic import Rooted, half_squares, random_rotation
from study.randomness import Source
from study.ranges import POSITIVE, SWITCH, Count, Positive, numbers


@dataclass(frozen=True)
class Ellipsoid(Problem):
    """f(x) = sum_i l_i z_i^2 / 2 with z = R x and log-spaced l_i; `dimension` parameters; no noise, no data.

    Along the axes (R = I) it exposes how a rule bears ill conditioning; one with a rate of its own for each
    parameter can undo it. Turned, R is a random rotation, another for each seed, and what such rates are good for
    is seen against the same function with its axes straight.

    The start is turned with the function: z is N(0, init_std^2) in each coordinate either way. Under one `name`, a
    seed's straight and turned problem are one function up to R, and a rule that is rotation-equivariant (gradient
    descent, momentum, NAG) has the same losses on both, up to rounding. Under two names, as in the two files of
    conf/problem, a seed's starts are two draws of one distribution: then it holds of all seeds together, not of
    each.

    Double precision; one dummy sample makes an epoch one step. The optimum is the origin, the floor 0, so that even
    the smallest excess is exact.

    Args:
        dimension: number of parameters.
        eigenvalues: the least and the greatest of the Hessian; their ratio is the condition number.
        rotated: whether R is drawn.
        init_std: of the start.
        cap: see `Problem`.

    Reference:
        Hansen, Finck, Ros and Auger (2009), Real-Parameter Black-Box Optimization Benchmarking 2009: Noiseless
        Functions Definitions, f2 and f10 (there up to 1e6, without oscillations here),
        https://inria.hal.science/inria-00362633
    """

    name: str
    dimension: Count
    eigenvalues: Annotated[Sequence[float], numbers(2, POSITIVE)]
    rotated: Annotated[bool, SWITCH]
    init_std: Positive
    cap: Positive
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        least, greatest = torch.tensor(self.eigenvalues, dtype=self.dtype).log10().tolist()
        spectrum = torch.logspace(least, greatest, self.dimension, dtype=self.dtype)
        nothing = torch.zeros(1, self.dimension, dtype=self.dtype)
        root = spectrum.sqrt()[:, None] * self._rotation(source)
        return Data(root[None], nothing, nothing)

    @override
    def model(self) -> nn.Module:
        return Rooted(self.dimension, self.dtype)

    @override
    @torch.no_grad()
    def initialise(self, model: nn.Module, source: Source) -> None:
        generator = source.generator("init")
        z = self.init_std * torch.randn(self.dimension, dtype=self.dtype, generator=generator)
        model.get_parameter("x").copy_(self._rotation(source).T @ z)

    @override
    def loss(
        self, prediction: Float[Tensor, "point feature"], target: Float[Tensor, "point feature"]
    ) -> Float[Tensor, ""]:
        return half_squares(prediction - target).mean()

    @override
    def floor(self, data: Data) -> float:
        return 0.0

    def _rotation(self, source: Source) -> Float[Tensor, "feature feature"]:
        """Return R, the same at each call: data and start need it."""
        if self.rotated:
            return random_rotation(self.dimension, source.generator("data"))
        return torch.eye(self.dimension, dtype=self.dtype)
