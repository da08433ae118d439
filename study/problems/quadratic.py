"""Quadratic functions: two models whose half square is one, that half square, and random rotations."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override


class Point(nn.Module):
    """prediction = x, the same for every point of the data: the model of a sphere.

    Args:
        dimension: of `x`, which is zero here.
        dtype: of the parameters.
    """

    def __init__(self, dimension: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.x = nn.Parameter(torch.zeros(dimension, dtype=dtype))

    @override
    def forward(self, inputs: Float[Tensor, "point one"]) -> Float[Tensor, "point feature"]:
        return self.x.expand(inputs.shape[0], -1)


class Rooted(nn.Module):
    """prediction = A x for a matrix A that comes with each point, so that |A x|^2 / 2 has the Hessian A' A.

    The matrix is data, since it is another one for each seed, and a stack has one model for all of them.

    Args:
        dimension: of `x`, which is zero here.
        dtype: of the parameters.
    """

    def __init__(self, dimension: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.x = nn.Parameter(torch.zeros(dimension, dtype=dtype))

    @override
    def forward(self, inputs: Float[Tensor, "point feature feature"]) -> Float[Tensor, "point feature"]:
        return inputs @ self.x


def half_squares(values: Float[Tensor, "*point feature"]) -> Float[Tensor, "*point"]:
    """Return |value|^2 / 2 of each vector of the last axis."""
    return (values**2).sum(dim=-1) / 2


def random_rotation(dimension: int, generator: torch.Generator) -> Float[Tensor, "feature feature"]:
    """Draw an orthogonal matrix from the uniform (Haar) distribution, in double precision.

    The Q of a Gaussian matrix's QR is uniform once each column has the sign that makes R's diagonal positive;
    without that it is as the library's routine likes it. Its determinant is 1 or -1.

    Args:
        dimension: of the space, >= 1.
        generator: what it is drawn from.

    Reference: Mezzadri (2007), How to Generate Random Matrices from the Classical Compact Groups,
        https://arxiv.org/abs/math-ph/0609050
    """
    gaussian = torch.randn(dimension, dimension, dtype=torch.float64, generator=generator)
    q, r = torch.linalg.qr(gaussian)
    turned: Tensor = q * r.diagonal().sign()
    return turned
