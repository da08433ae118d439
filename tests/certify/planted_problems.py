"""Problems with one fault each, and an honest one, as somebody might bring them: named by `_target_` alone."""

import random
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from study.problems.base import Data, Problem
from study.randomness import Source


@dataclass(frozen=True)
class Honest(Problem):
    """A small network on a noisy wave."""

    name: str = "honest"
    cap: float = 1e3
    points: int = 30

    def data(self, source: Source) -> Data:
        x = torch.linspace(-1, 1, self.points)[:, None]
        noise = torch.randn(x.shape, generator=source.generator("data"))
        return Data(x, (2 * x).sin() + 0.1 * noise, (2 * x).sin())

    def model(self) -> nn.Module:
        return nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1))

    def initialise(self, model: nn.Module, source: Source) -> None:
        generator = source.generator("init")
        for parameter in model.parameters():
            nn.init.normal_(parameter, generator=generator)

    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return ((prediction - target) ** 2).mean()

    def floor(self, data: Data) -> float | None:
        return 0.0

    def curve_inputs(self) -> Tensor | None:
        return torch.linspace(-1, 1, 11)[:, None]


class _Layers(nn.Module):
    """The honest network with something between its layers."""

    def __init__(self, between: nn.Module) -> None:
        super().__init__()
        self.first, self.between, self.last = nn.Linear(1, 4), between, nn.Linear(4, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        output: Tensor = self.last(self.between(self.first(inputs)).tanh())
        return output


def _unchecked(inputs: Tensor, targets: Tensor, eval_targets: Tensor) -> Data:
    """Make data as they are made where nobody checks shapes."""
    data = object.__new__(Data)
    for name, value in (("inputs", inputs), ("targets", targets), ("eval_targets", eval_targets)):
        object.__setattr__(data, name, value)
    object.__setattr__(data, "further", ())
    object.__setattr__(data, "test", None)
    return data


class WithoutName(Honest):
    def __post_init__(self) -> None:
        object.__setattr__(self, "name", "")


class WithoutCap(Honest):
    def __post_init__(self) -> None:
        object.__setattr__(self, "cap", float("nan"))


class NaNInTheData(Honest):
    def data(self, source: Source) -> Data:
        data = super().data(source)
        data.targets[3] = float("nan")
        return data


class NoData(Honest):
    def data(self, source: Source) -> Data:
        return super().data(source).inputs  # type: ignore[return-value]  # the fault


class NoPoints(Honest):
    def data(self, source: Source) -> Data:
        nothing = torch.zeros(0, 1)
        return Data(nothing, nothing, nothing)


class TargetsOfAnotherLength(Honest):
    def data(self, source: Source) -> Data:
        data = super().data(source)
        return _unchecked(data.inputs, data.targets[1:], data.eval_targets)


class TargetsOfAnotherRank(Honest):
    """Broadcast against predictions [30, 1], targets [30] are compared all with all."""

    def data(self, source: Source) -> Data:
        data = super().data(source)
        return Data(data.inputs, data.targets[:, 0], data.eval_targets[:, 0])


class OtherPointsPerSeed(Honest):
    def data(self, source: Source) -> Data:
        data, some = super().data(source), slice(source.seed, None)
        return Data(data.inputs[some], data.targets[some], data.eval_targets[some])


class OtherDataAtEachCall(Honest):
    def data(self, source: Source) -> Data:
        data = super().data(source)
        return Data(data.inputs, data.targets + torch.randn(1), data.eval_targets)


class SeedsItself(Honest):
    def data(self, source: Source) -> Data:
        torch.manual_seed(source.seed)
        data = super().data(source)
        return Data(data.inputs, data.targets + torch.randn(self.points, 1), data.eval_targets)


class SeedsNumPy(Honest):
    def initialise(self, model: nn.Module, source: Source) -> None:
        np.random.seed(source.seed)
        for parameter in model.parameters():
            parameter.data = torch.from_numpy(np.random.randn(*parameter.shape)).float()


class SeedsPython(Honest):
    def initialise(self, model: nn.Module, source: Source) -> None:
        random.seed(source.seed)
        for parameter in model.parameters():
            nn.init.constant_(parameter, random.random())


class IgnoresTheSeed(Honest):
    def data(self, source: Source) -> Data:
        return super().data(Source(self.name, 0))

    def initialise(self, model: nn.Module, source: Source) -> None:
        source.generator("init")
        super().initialise(model, Source(self.name, 0))


class WithoutParameters(Honest):
    def model(self) -> nn.Module:
        return nn.Tanh()


class FrozenParameters(Honest):
    def model(self) -> nn.Module:
        model = super().model()
        next(model.parameters()).requires_grad_(False)
        return model


class IntegerParameters(Honest):
    def model(self) -> nn.Module:
        model = super().model()
        model.register_parameter(
            "count", nn.Parameter(torch.zeros(2, dtype=torch.int64), requires_grad=False)
        )
        return model


class ForgetsAParameter(Honest):
    def initialise(self, model: nn.Module, source: Source) -> None:
        nn.init.normal_(next(model.parameters()), generator=source.generator("init"))


class StartsWhereItWas(Honest):
    def initialise(self, model: nn.Module, source: Source) -> None:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(parameter.nan_to_num(0.5) * 0.1)


class BatchNorm(Honest):
    def model(self) -> nn.Module:
        return _Layers(nn.BatchNorm1d(4))


class Dropout(Honest):
    def model(self) -> nn.Module:
        return _Layers(nn.Dropout(0.5))


class VectorLoss(Honest):
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target) ** 2


class NumberLoss(Honest):
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().loss(prediction, target).item()  # type: ignore[return-value]  # the fault


class InfiniteLoss(Honest):
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().loss(prediction, target) / 0


class StartsAboveTheCap(Honest):
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().loss(prediction, target) + 2e3


class DetachedLoss(Honest):
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().loss(prediction.detach(), target)


class RoundedLoss(Honest):
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().loss(prediction.round(), target)


class HalfDetachedLoss(Honest):
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction.detach() * (prediction - target)).mean() + super().loss(prediction, target)


class SummedLoss(Honest):
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return ((prediction - target) ** 2).sum()


class LossWithAState(Honest):
    calls: list[int] = []  # noqa: RUF012  # the fault

    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        self.calls.append(1)
        return super().loss(prediction, target) * (2 - len(self.calls) % 2)


class LossInPlace(Honest):
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target.mul_(0.5)).square().mean()


class BranchesOnTheData(Honest):
    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        error = super().loss(prediction, target)
        return error if error < 10 else 10 * error.sqrt()


class InfiniteFloor(Honest):
    def floor(self, data: Data) -> float:
        return float("inf")


class FloorTooHigh(Honest):
    def floor(self, data: Data) -> float:
        return 0.05


class FloorAboveTheStart(Honest):
    def floor(self, data: Data) -> float:
        return 1e4


class NeitherFloorNorMargin(Honest):
    def floor(self, data: Data) -> float | None:
        return None


class VectorMetric(Honest):
    def metrics(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        return {"error": (prediction - target).abs()}


class IdleParameter(Honest):
    def model(self) -> nn.Module:
        network = super().model()
        network.register_parameter("idle", nn.Parameter(torch.ones(2)))
        return network


class UnknownCriterion(Honest):
    criterion = "test/loss"


class CurveOfAnotherInput(Honest):
    def curve_inputs(self) -> Tensor | None:
        return torch.zeros(5, 2)


class Raises(Honest):
    def data(self, source: Source) -> Data:
        raise KeyError("column")


class Exits(Honest):
    def floor(self, data: Data) -> float:
        raise SystemExit("good bye")


class CountsTheRuns(Honest):
    """Right alone and repeatable, but not in a stack: the runs' axis is taken for points."""

    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        together = torch._C._functorch.is_batchedtensor(prediction)
        return super().loss(prediction, target) * (2 if together else 1)
