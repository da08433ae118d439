"""A noisy quadratic whose Hessian has the eigenvalues of a deep network's: many small, a few large."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.quadratic import half_squares
from study.randomness import Source
from study.ranges import NOT_NEGATIVE, Count, NotNegative, Positive, numbers


@dataclass(frozen=True)
class QuadraticDeep(Problem):
    """f(x) = mean_i (x - a_i)' H (x - a_i) / 2 for samples a_i ~ N(0, noise^2 I); `small + large` parameters.

    H = R' diag(l) R: `small` eigenvalues uniform in one interval, `large` ones in another, and R a random rotation.
    All of it, samples and start are another draw for each seed. It exposes how a rule goes on along the many flat
    directions while the few steep ones bound its rate and shake it by the sampling.

    A point of the data is a pack of `samples` a_i, so that a minibatch is of whole packs. Of a pack its mean m and
    the scatter s about it are kept, since the mean over it is (x - m)' H (x - m) / 2 + s, with the same gradient.
    `eval/loss` is that of all samples; it is least at their mean, and the floor is how they scatter about it: large
    beside the excess of a run that ends well, hence double precision.

    R = C D2 C D1, with C the orthonormal cosine transform and D1, D2 random signs: it mixes all coordinates much as
    a uniform rotation does, and goes with a point as 2 numbers per parameter in place of their square.

    Args:
        points: packs.
        samples: of each pack.
        noise: standard deviation of each coordinate of a sample.
        small: number of eigenvalues in `small_range`.
        large: number of eigenvalues in `large_range`.
        small_range: between which the many lie.
        large_range: between which the few lie.
        init_std: x starts at N(0, init_std^2) in each coordinate.
        cap: see `Problem`.

    Reference:
        Schneider, Balles and Hennig (2019), DeepOBS: A Deep Learning Optimizer Benchmark Suite,
        https://arxiv.org/abs/1903.05499, `quadratic_deep` (there 1000 samples, a start at x = 1, one H); its
        spectrum is after Chaudhari et al. (2017), Entropy-SGD, https://arxiv.org/abs/1611.01838; rotations of
        signs and transforms: Yu et al. (2016), Orthogonal Random Features, https://arxiv.org/abs/1610.09072
    """

    name: str
    points: Count
    samples: Count
    noise: NotNegative
    small: Count
    large: Count
    small_range: Annotated[Sequence[float], numbers(2, NOT_NEGATIVE)]
    large_range: Annotated[Sequence[float], numbers(2, NOT_NEGATIVE)]
    init_std: Positive
    cap: Positive
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        generator, model = source.generator("data"), self.model()
        intervals = ((self.small, self.small_range), (self.large, self.large_range))
        spectrum = torch.cat([self._uniform(count, ends, generator) for count, ends in intervals])
        signs = self._uniform(2 * len(spectrum), [-1, 1], generator).sign().view(2, -1)
        inputs = torch.stack([*signs, spectrum.sqrt()])
        shape = (self.points, self.samples, len(spectrum))
        samples = model.turned(self._normal(shape, generator), inputs)
        means = samples.mean(dim=1)
        scatter = half_squares(samples - means[:, None]).mean(dim=1, keepdim=True)
        targets = torch.cat([means, scatter], dim=1)
        return Data(inputs.repeat(self.points, 1, 1), targets, targets)

    @override
    def model(self) -> "_Turned":
        return _Turned(self.small + self.large, self.dtype)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        nn.init.normal_(model.get_parameter("x"), std=self.init_std, generator=source.generator("init"))

    @override
    def loss(
        self, prediction: Float[Tensor, "point feature"], target: Float[Tensor, "point feature+1"]
    ) -> Float[Tensor, ""]:
        """Return the mean of |A x - A m|^2 / 2 + s, where A = diag(sqrt(l)) R is a root of H."""
        return (half_squares(prediction - target[:, :-1]) + target[:, -1]).mean()

    @override
    def floor(self, data: Data) -> float:
        """Return the loss at the mean of all samples."""
        means = data.eval_targets[:, :-1]
        return float(self.loss(means.mean(dim=0).expand_as(means), data.eval_targets))

    def _uniform(
        self, count: int, ends: Sequence[float | int], generator: torch.Generator
    ) -> Float[Tensor, " feature"]:
        low, high = ends
        return low + (high - low) * torch.rand(count, dtype=self.dtype, generator=generator)

    def _normal(
        self, shape: tuple[int, ...], generator: torch.Generator
    ) -> Float[Tensor, "point sample feature"]:
        return self.noise * torch.randn(shape, dtype=self.dtype, generator=generator)


class _Turned(nn.Module):
    """prediction = A x with A = diag(sqrt(l)) C D2 C D1; a point's rows are the diagonals of D1, D2 and sqrt(l).

    They are the same for all points of a seed, so that A x is computed once.
    """

    transform: Tensor

    def __init__(self, dimension: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.x = nn.Parameter(torch.zeros(dimension, dtype=dtype))
        self.register_buffer("transform", _cosines(dimension).to(dtype))

    @override
    def forward(self, inputs: Float[Tensor, "point 3 feature"]) -> Float[Tensor, "point feature"]:
        return self.turned(self.x, inputs[0]).expand(inputs.shape[0], -1)

    def turned(
        self, x: Float[Tensor, "*point feature"], inputs: Float[Tensor, "3 feature"]
    ) -> Float[Tensor, "*point feature"]:
        """Return A x for each x of the last axis."""
        first, second, root = inputs
        scaled: Tensor = root * ((second * ((first * x) @ self.transform.T)) @ self.transform.T)
        return scaled


def _cosines(count: int) -> Float[Tensor, "feature feature"]:
    """Return the orthonormal cosine transform: sqrt(2 / n) cos(pi j (2 k + 1) / 2 n), row 0 / sqrt(2)."""
    k = torch.arange(count, dtype=torch.float64)
    rows = (math.pi / (2 * count) * k[:, None] * (2 * k + 1)).cos() * math.sqrt(2 / count)
    rows[0] /= math.sqrt(2)
    return rows
