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
