"""What a problem is: the interface that its one file implements and the trainer calls."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import get_type_hints

import torch
from jaxtyping import Float
from torch import Tensor, nn

from study.randomness import Source
from study.ranges import range_of


@dataclass(frozen=True, slots=True)
class Data:
    """What one seed trains on.

    Args:
        inputs: what the model is given.
        targets: what `train/loss` compares the prediction with.
        eval_targets: what `eval/loss` compares it with, on the same inputs (the noise-free target, or `targets`).
    """

    inputs: Float[Tensor, "point feature"]
    targets: Float[Tensor, "point 1"]
    eval_targets: Float[Tensor, "point 1"]


class Problem(ABC):
    """Data, model and loss. Concrete problems are frozen dataclasses whose fields are their YAML's keys.

    A field's annotation may name the range its values must lie in (`points: Count`); see `study.ranges`.

    Attributes:
        name: the problem's name, part of the key of its randomness.
        cap: a loss above it counts as a divergence, like a non-finite one.
        dtype: of data, parameters and losses.
        gradient_scale: the optimizers see `gradient_scale` times the gradient of `loss`. 1 unless a source
            descends on another multiple of the loss than the one it reports.
        full_every: also record `full/loss`, the loss on all data, whenever so many samples have been seen
            (None: never).
    """

    name: str
    cap: float
    dtype: torch.dtype = torch.float32
    gradient_scale: float = 1.0
    full_every: int | None = None

    def __post_init__(self) -> None:
        """Refuse values outside of their ranges.

        Raises:
            InvalidInput: with the field, its range and the value.
        """
        for field, annotation in get_type_hints(type(self), include_extras=True).items():
            range_ = range_of(annotation)
            if range_ is not None:
                range_.require(f"problem.{field}", getattr(self, field))

    @abstractmethod
    def data(self, source: Source) -> Data:
        """Return the data of one seed, drawn from `source.generator("data")`."""

    @abstractmethod
    def model(self) -> nn.Module:
        """Return the module whose parameters are trained; their values here do not matter."""

    @abstractmethod
    def initialise(self, model: nn.Module, source: Source) -> None:
        """Set every parameter of `model` in place to its start, drawn from `source.generator("init")`."""

    @abstractmethod
    def loss(
        self, prediction: Float[Tensor, "point 1"], target: Float[Tensor, "point 1"]
    ) -> Float[Tensor, ""]:
        """Return the recorded loss of one run on one batch."""

    @abstractmethod
    def floor(self, data: Data) -> float:
        """Return the least `eval/loss` that any parameters reach on this data (0 where it is a lower bound)."""

    @abstractmethod
    def curve_inputs(self) -> Float[Tensor, "point feature"] | None:
        """Return inputs at which the trained model's predictions are kept for a figure, or None for no curve."""
