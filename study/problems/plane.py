"""A point in the plane as the model, and the height of a surface above it as the loss: no data."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data
from study.randomness import Source

Height = Callable[[Float[Tensor, "..."], Float[Tensor, "..."]], Float[Tensor, "..."]]
"""A surface: its height above (x1, x2)."""


class Point(nn.Module):
    """The height of a surface above the parameters `x1` and `x2`, the same for every sample; double precision.

    Args:
        height: the surface.
    """

    def __init__(self, height: Height) -> None:
        super().__init__()
        self.x1 = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.x2 = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.height = height

    @override
    def forward(self, inputs: Float[Tensor, "point feature"]) -> Float[Tensor, "point 1"]:
        return self.height(self.x1, self.x2).expand(inputs.shape[0], 1)


def nothing() -> Data:
    """Return one dummy sample, whose target is 0: an epoch is one step, and a loss is a height."""
    zero = torch.zeros(1, 1, dtype=torch.float64)
    return Data(zero, zero, zero)


def place(model: nn.Module, x: Float[Tensor, " 2"]) -> None:
    """Set (x1, x2) in place."""
    nn.init.constant_(model.get_parameter("x1"), float(x[0]))
    nn.init.constant_(model.get_parameter("x2"), float(x[1]))


def near(centre: Sequence[float], spread: float, source: Source) -> Float[Tensor, " 2"]:
    """Return a start: each coordinate uniform within `spread` of the centre's."""
    uniform = torch.rand(2, dtype=torch.float64, generator=source.generator("init"))
    return torch.tensor(centre, dtype=torch.float64) + spread * (2 * uniform - 1)
