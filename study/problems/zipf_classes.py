"""Softmax regression on classes of Zipf's frequencies: whether rare classes are learned as well."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.classification import (
    Penalised,
    class_entropy,
    least_cross_entropy,
    penalised_cross_entropy,
    start_near_zero,
)
from study.randomness import Source
from study.ranges import Count, NotNegative, Positive


@dataclass(frozen=True)
class ZipfClasses(Problem):
    """The mean of -log softmax(W x + b)[class], plus l2/2 (|W|^2 + |b|^2), where the k-th class has a share of ~1/k.

    x ~ U(0, 1)^features says nothing about the class, so that each sample is learned for itself. A seed draws x and
    the start; how many samples a class has is the same for every seed. (features + 1) classes parameters. Exposed:
    class imbalance. The rows of W that belong to rare classes have a curvature as small as their share, and gradient
    descent comes to them last. All data are one batch: what Adam gains is then not for the noise. The floor is
    Newton's. Double precision, for such batches can come very near it.

    Args:
        points: number of samples.
        features: number of features.
        classes: number of classes.
        l2: weight of the penalty, of the intercepts too; it is part of every loss recorded.
        init_std: the weights start at N(0, init_std^2), the intercepts at 0.
        cap: see `Problem`.

    Reference:
        Kunstner, Yadav, Milligan, Schmidt and Bietti 2024, Heavy-tailed class imbalance and why Adam outperforms
        gradient descent on language models, NeurIPS, arXiv 2402.19449.
    """

    name: str
    points: Count
    features: Count
    classes: Count
    l2: Positive
    init_std: NotNegative
    cap: Positive
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        generator = source.generator("data")
        inputs = torch.rand(self.points, self.features, generator=generator, dtype=self.dtype)
        labels = zipf_labels(self.points, self.classes)
        return Data(inputs, labels, labels)

    @override
    def model(self) -> nn.Module:
        return Penalised(self.features, self.classes, self.l2, self.dtype)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        start_near_zero(model, self.init_std, source.generator("init"))

    @override
    def loss(
        self, prediction: Float[Tensor, "point column"], target: Int[Tensor, " point"]
    ) -> Float[Tensor, ""]:
        return penalised_cross_entropy(prediction, target)

    @override
    def floor(self, data: Data) -> float:
        return least_cross_entropy(data.inputs, data.eval_targets, classes=self.classes, l2=self.l2)

    @override
    def constant_loss(self, data: Data) -> float:
        return class_entropy(data.eval_targets)


def zipf_labels(points: int, classes: int) -> Int[Tensor, " point"]:
    """Return each point's class, class k - 1 in proportion to 1/k, by the largest remainders (Hamilton's method)."""
    shares = 1 / torch.arange(1, classes + 1, dtype=torch.float64)
    quotas = points * shares / shares.sum()
    counts = quotas.floor().long()
    left = points - int(counts.sum())
    counts[(quotas - counts).argsort(descending=True, stable=True)[:left]] += 1
    return torch.arange(classes).repeat_interleave(counts)
