"""Interface of a problem: data, model, start, loss and floor, as one file of one's own gives them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import get_type_hints

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from study.randomness import Source
from study.ranges import require_ranges


@dataclass(frozen=True, slots=True)
class Data:
    """What one seed trains on. The leading axis of each tensor is the point; their number is every seed's.

    The other axes and the types are what model and loss take: columns of numbers, images `[point, channel, y, x]`,
    class indices `[point]`.

    Args:
        inputs: what the model is given.
        targets: what `train/loss` compares the prediction with.
        eval_targets: what `eval/loss` compares it with, on the same inputs (the noise-free target, or `targets`).
        further: what the model is given after `inputs`, where it takes several tensors.
        test: data that are never trained on; `test/loss` compares with their `eval_targets`.
    """

    inputs: Shaped[Tensor, "point ..."]
    targets: Shaped[Tensor, "point ..."]
    eval_targets: Shaped[Tensor, "point ..."]
    further: tuple[Shaped[Tensor, "point ..."], ...] = ()
    test: "Data | None" = None

    @property
    def arguments(self) -> tuple[Shaped[Tensor, "point ..."], ...]:
        """What the model is called with."""
        return (self.inputs, *self.further)


class Problem(ABC):
    """Data, model and loss. Concrete problems are frozen dataclasses whose fields are their YAML's keys.

    A field's annotation may name the range its values must lie in (`points: Count`); see `study.ranges`.

    Attributes:
        name: the problem's name, part of the key of its randomness.
        cap: a loss above it counts as a divergence, like a non-finite one.
        dtype: of parameters and losses, and of data that are no indices.
        gradient_scale: the optimizers see `gradient_scale` times the gradient of `loss`. 1 unless a source
            descends on another multiple of the loss than the one it reports.
        full_every: also record `full/loss`, the loss on all data, whenever so many samples have been seen
            (None: never).
        criterion: the metric that settings are compared by, lower is better: `eval/loss`, `test/loss`, or one of
            `metrics` as `eval/<name>` or `test/<name>`. `floor` and `constant_loss` are values of it.
        margin: the difference of the criterion that does not matter, a field with a line in the YAML: asked of a
            problem whose floor is not known, since nothing else says how large a difference is.

    Example:
        >>> from study.ranges import Count, Positive
        >>> @dataclass(frozen=True)
        ... class Line(Problem):
        ...     name: str
        ...     points: Count
        ...     cap: Positive
        ...
        ...     def data(self, source):
        ...         x = torch.rand(self.points, 1, generator=source.generator("data"))
        ...         return Data(x, 2 * x, 2 * x)
        ...
        ...     def model(self):
        ...         return nn.Linear(1, 1, bias=False)
        ...
        ...     def initialise(self, model, source):
        ...         nn.init.zeros_(model.weight)
        ...
        ...     def loss(self, prediction, target):
        ...         return (prediction - target).square().mean()
        ...
        ...     def floor(self, data):
        ...         return 0.0
        >>> line = Line("line", points=3, cap=1e6)
        >>> data, model = line.data(Source("line", 0)), line.model()
        >>> line.initialise(model, Source("line", 0))
        >>> torch.equal(line.loss(model(data.inputs), data.targets), (2 * data.inputs).square().mean())
        True
        >>> Line("line", points=0, cap=1e6)
        Traceback (most recent call last):
            ...
        study.errors.InvalidInput: problem.points must be a whole number >= 1, got 0
    """

    name: str
    cap: float
    dtype: torch.dtype = torch.float32
    gradient_scale: float = 1.0
    full_every: int | None = None
    criterion: str = "eval/loss"
    margin: float | None = None

    def __post_init__(self) -> None:
        """Refuse values outside of their ranges.

        Raises:
            InvalidInput: with the field, its range and the value.
        """
        annotations = get_type_hints(type(self), include_extras=True)
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]  # all are dataclasses
        require_ranges("problem", annotations, values)

    @abstractmethod
    def data(self, source: Source) -> Data:
        """Return the data of one seed, drawn from `source.generator("data")`."""

    @abstractmethod
    def model(self) -> nn.Module:
        """Return the module whose parameters are trained; their values here do not matter.

        It is called on a batch of inputs, under `vmap` over runs: no buffer that changes (batch norm), no chance
        (dropout), no branch on values.
        """

    @abstractmethod
    def initialise(self, model: nn.Module, source: Source) -> None:
        """Set every parameter of `model` in place to its start, drawn from `source.generator("init")`."""

    @abstractmethod
    def loss(
        self, prediction: Float[Tensor, "point ..."], target: Shaped[Tensor, "point ..."]
    ) -> Float[Tensor, ""]:
        """Return the recorded loss of one run on one batch: a mean over its points."""

    @abstractmethod
    def floor(self, data: Data) -> float | None:
        """Return the least criterion of any parameters on this data, or a lower bound of it such as 0.

        None where neither is known; `margin` then says which differences matter.
        """

    def constant_loss(self, data: Data) -> float | None:  # noqa: ARG002
        """Return the least criterion of any constant prediction on this data, None where it is not known.

        A run that does not end below it has made no progress.
        """
        return None

    def train_floor(self, data: Data) -> float | None:  # noqa: ARG002
        """Return the least `train/loss` on all of this data that is known to be reached, None where none is.

        Where targets hold noise it is less than the noise: the fit has seen it.
        """
        return None

    def train_floors(self, data: Sequence[Data]) -> Sequence[float | None]:
        """Return `train_floor` of several seeds: override it too where they are found sooner together."""
        return [self.train_floor(seed) for seed in data]

    def curve_inputs(self) -> Float[Tensor, "point feature"] | None:
        """Return inputs at which a model of one output is drawn as a curve, or None for no curve."""
        return None

    def minibatch(
        self,
        inputs: tuple[Shaped[Tensor, "point ..."], ...],
        targets: Shaped[Tensor, "point ..."],
        step: int,  # noqa: ARG002
        source: Source,  # noqa: ARG002
    ) -> tuple[tuple[Shaped[Tensor, "point ..."], ...], Shaped[Tensor, "point ..."]]:
        """Return what a seed trains on in one step, given its minibatch: override it where that changes by the step.

        Noise that is new in every step is drawn from `source.generator(f"noise {step}")`; targets that move are moved
        here, and in `eval_targets_at` likewise. Every optimizer meets the same.

        Args:
            inputs: of the minibatch, all that the model is called with.
            targets: likewise.
            step: updates made so far.
            source: the seed's randomness.
        """
        return inputs, targets

    def eval_targets_at(
        self,
        targets: Shaped[Tensor, "seed point ..."],
        step: int,  # noqa: ARG002
    ) -> Shaped[Tensor, "seed point ..."]:
        """Return what is compared with after so many steps: override it where the optimum moves."""
        return targets

    def metrics(
        self,
        prediction: Float[Tensor, "point ..."],  # noqa: ARG002
        target: Shaped[Tensor, "point ..."],  # noqa: ARG002
    ) -> Mapping[str, Float[Tensor, ""]]:
        """Return further numbers of one run at each evaluation, recorded as `eval/<name>` and `test/<name>`."""
        return {}
