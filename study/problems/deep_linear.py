"""Deep linear networks on whitened data: a linear map is sought, but as a product of matrices."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.errors import InvalidInput
from study.problems.base import Data, Problem
from study.randomness import Source
from study.ranges import COUNT, NOT_NEGATIVE, NotNegative, Positive, numbers


@dataclass(frozen=True)
class DeepLinear(Problem):
    """f(W1, ..., Wn) = |Wn ... W1 - A|_F^2 / 2, the half squared error of a linear network; A x is the target of x.

    The parameters are sum of widths[i] * widths[i + 1] numbers: 400 for five widths of 10. The inputs are one per
    coordinate and whitened, their second moment the identity, which turns the mean error over them into that of the
    matrices. The product can be any map of rank min(widths) at most, but it is not convex in its factors.

    It exposes two properties. Started small, the network's rank grows by one singular mode of A at a time, large ones
    sooner, and it rests near a saddle before each (`deep_linear`). And where A's singular values are of many sizes,
    so are the curvatures: at a balanced minimum of two layers they are s_i + s_j (`ill_conditioned_net`, for which
    no rate suits all directions).

    Singular vectors of A (data) and start differ by seed. Each further singular value of A is 0. Double precision:
    the smallest modes are as little as 1e-10 of the loss. The floor is what A has beyond rank min(widths).

    Args:
        widths: of inputs, hidden layers and outputs.
        singular_values: of A, not more than it has rows and columns.
        init_std: each weight starts at N(0, init_std^2).
        cap: see `Problem`.

    Raises:
        InvalidInput: there are fewer than two widths, or more singular values than A can have.

    Reference:
        Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural
        networks, ICLR 2014, arXiv:1312.6120, section 1; Rahimi and Recht, An addendum to alchemy, argmin.net, 2017
        (two layers, A of condition number 1e5); for the floor Eckart and Young, Psychometrika 1(3), 1936.
    """

    name: str
    widths: Annotated[Sequence[int], numbers(each=COUNT)]
    singular_values: Annotated[Sequence[float | int], numbers(each=NOT_NEGATIVE)]
    init_std: NotNegative
    cap: Positive
    dtype = torch.float64

    @override
    def __post_init__(self) -> None:
        """Refuse values outside of their ranges, and such as do not fit together."""
        super().__post_init__()
        if len(self.widths) < 2:
            raise InvalidInput(f"problem.widths must be two or more, got {list(self.widths)}")
        most = min(self.widths[0], self.widths[-1])
        if len(self.singular_values) > most:
            raise InvalidInput(
                f"problem.singular_values must be at most {most}, the least of first and last of problem.widths, "
                f"got {len(self.singular_values)}"
            )

    @override
    def data(self, source: Source) -> Data:
        generator = source.generator("data")
        features, outputs = self.widths[0], self.widths[-1]
        right, left = (
            torch.randn(size, size, dtype=self.dtype, generator=generator) for size in (features, outputs)
        )
        values = torch.tensor(self.singular_values, dtype=self.dtype)
        v, u = (torch.linalg.qr(drawn).Q[:, : len(values)] for drawn in (right, left))
        inputs = features**0.5 * torch.eye(features, dtype=self.dtype)
        targets = inputs @ (v * values) @ u.mT  # A = U diag(values) V^T, and a row of them is (A x)^T
        return Data(inputs, targets, targets)

    @override
    def model(self) -> nn.Module:
        layers = [nn.Linear(before, after, bias=False) for before, after in pairwise(self.widths)]
        return nn.Sequential(*layers).to(self.dtype)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        generator = source.generator("init")
        for weight in model.parameters():
            nn.init.normal_(weight, std=self.init_std, generator=generator)

    @override
    def loss(
        self, prediction: Float[Tensor, "point feature"], target: Float[Tensor, "point feature"]
    ) -> Float[Tensor, ""]:
        return ((prediction - target) ** 2).sum(dim=-1).mean() / 2

    @override
    def floor(self, data: Data) -> float:
        """Return the half sum of squares of the singular values beyond the narrowest layer's width."""
        beyond = sorted(self.singular_values, reverse=True)[min(self.widths) :]
        return sum((value**2 for value in beyond), start=0.0) / 2

    @override
    def constant_loss(self, data: Data) -> float:
        return float(data.eval_targets.var(dim=0, correction=0).sum()) / 2
