"""Problems as somebody might bring them that are no regression on columns: class indices, images."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.randomness import Source


@dataclass(frozen=True)
class Classifier(Problem):
    """Which of three blobs in the plane is it? Class indices [point] as targets, three logits, cross-entropy."""

    name: str = "blobs"
    cap: float = 1e3
    points: int = 60

    @override
    def data(self, source: Source) -> Data:
        generator = source.generator("data")
        kinds = torch.arange(self.points) % 3
        centres = torch.tensor([[0.0, 2.0], [-2.0, -1.0], [2.0, -1.0]])
        inputs = centres[kinds] + torch.randn(self.points, 2, generator=generator)
        return Data(inputs, kinds, kinds)

    @override
    def model(self) -> nn.Module:
        return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3))

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        generator = source.generator("init")
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=0.5, generator=generator)

    @override
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return nn.functional.cross_entropy(prediction, target)

    @override
    def floor(self, data: Data) -> float:
        return 0.0

    @override
    def curve_inputs(self) -> Tensor | None:
        return torch.linspace(-3, 3, 10)[:, None].repeat(1, 2)


@dataclass(frozen=True)
class Images(Classifier):
    """Which of three stripes is lit? Images [point, 1, 2, 4] before a convolution."""

    name: str = "stripes"

    @override
    def data(self, source: Source) -> Data:
        plain = super().data(source)
        images = torch.randn(self.points, 1, 2, 4, generator=source.generator("data"))
        images[torch.arange(self.points), 0, :, plain.targets] += 2
        return Data(images, plain.targets, plain.targets)

    @override
    def model(self) -> nn.Module:
        return nn.Sequential(nn.Conv2d(1, 4, 2), nn.Tanh(), nn.Flatten(), nn.Linear(12, 3))

    @override
    def curve_inputs(self) -> Tensor | None:
        return None


@dataclass(frozen=True)
class TwoInputs(Classifier):
    """A model of two arguments: a point, and the index of a place with an offset of its own."""

    name: str = "two_inputs"

    @override
    def data(self, source: Source) -> Data:
        plain = super().data(source)
        places = torch.arange(self.points) % 5
        return Data(plain.inputs, plain.targets, plain.targets, further=(places,))

    @override
    def model(self) -> nn.Module:
        return _Places()

    @override
    def curve_inputs(self) -> Tensor | None:
        return None


class _Places(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.offset = nn.Linear(2, 3), nn.Embedding(5, 3)

    @override
    def forward(self, inputs: Tensor, places: Tensor) -> Tensor:
        logits: Tensor = self.linear(inputs) + self.offset(places)
        return logits


@dataclass(frozen=True)
class FreshNoise(Problem):
    """A bowl in five dimensions whose gradient has noise that is new in every step."""

    name: str = "fresh_noise"
    cap: float = 1e6
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        one = torch.zeros(1, 5, dtype=self.dtype)
        return Data(one, one, one)

    @override
    def model(self) -> nn.Module:
        return _Place()

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        nn.init.normal_(model.get_parameter("place"), generator=source.generator("init"))

    @override
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return ((prediction - target) ** 2).sum(dim=-1).mean()

    @override
    def floor(self, data: Data) -> float:
        return 0.0

    @override
    def curve_inputs(self) -> Tensor | None:
        return None

    @override
    def minibatch(
        self, inputs: tuple[Tensor, ...], targets: Tensor, step: int, source: Source
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        noise = torch.randn(targets.shape, dtype=self.dtype, generator=source.generator(f"noise {step}"))
        return inputs, targets + noise


@dataclass(frozen=True)
class Drifting(FreshNoise):
    """A bowl whose optimum moves by 0.1 along each axis in every step."""

    name: str = "drifting"

    @override
    def minibatch(
        self, inputs: tuple[Tensor, ...], targets: Tensor, step: int, source: Source
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        return inputs, targets + 0.1 * step

    @override
    def eval_targets_at(self, targets: Tensor, step: int) -> Tensor:
        return targets + 0.1 * step


class _Place(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(5, dtype=torch.float64))

    @override
    def forward(self, inputs: Tensor) -> Tensor:
        return self.place.expand(inputs.shape[0], 5)


@dataclass(frozen=True)
class Held(Classifier):
    """The blobs with a test split, by whose loss settings are compared, and the share of points put right."""

    name: str = "held"
    criterion = "test/loss"

    @override
    def data(self, source: Source) -> Data:
        plain, other = super().data(source), super().data(Source(self.name, source.seed + 1000))
        return Data(plain.inputs, plain.targets, plain.targets, test=other)

    @override
    def metrics(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        return {"accuracy": (prediction.argmax(dim=-1) == target).float().mean()}
