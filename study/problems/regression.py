"""Regression with an affine model: the model, the half-MSE and its least value."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override


class Affine(nn.Module):
    """prediction = inputs w + b, with the parameters `w` (one per feature) and `b`, both zero here.

    Args:
        features: number of features.
        dtype: of the parameters.
    """

    def __init__(self, features: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(features, dtype=dtype))
        self.b = nn.Parameter(torch.zeros((), dtype=dtype))

    @override
    def forward(self, inputs: Float[Tensor, "point feature"]) -> Float[Tensor, "point 1"]:
        return (inputs @ self.w + self.b)[:, None]


def half_mse(prediction: Float[Tensor, "point 1"], target: Float[Tensor, "point 1"]) -> Float[Tensor, ""]:
    """Return mean((prediction - target)^2) / 2, the loss whose gradient is the mean of (error * input)."""
    return ((prediction - target) ** 2).mean() / 2


def least_mse(design: Float[Tensor, "point feature"], target: Float[Tensor, "point 1"]) -> float:
    """Return min over theta of mean((design theta - target)^2), the floor of the MSE, in double precision.

    Args:
        design: one column per coefficient; the intercept, if any, is a column of ones.
        target: what is fitted.
    """
    columns, y = design.double(), target.double()
    theta = torch.linalg.lstsq(columns, y).solution
    return float(((columns @ theta - y) ** 2).mean())


def constant_mse(target: Float[Tensor, "point 1"]) -> float:
    """Return min over c of mean((c - target)^2), the target's variance, in double precision."""
    return float(target.double().var(correction=0))


def with_ones(inputs: Float[Tensor, "point feature"]) -> Float[Tensor, "point column"]:
    """Return the inputs with a column of ones beside them: the design of an affine model."""
    return torch.cat([inputs, torch.ones_like(inputs[:, :1])], dim=1)
