"""Softmax regression on handwritten digits: convex, real and of many classes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from jaxtyping import Float, Int
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.classification import (
    Penalised,
    accuracy,
    apart,
    class_entropy,
    least_cross_entropy,
    penalised_cross_entropy,
    start_near_zero,
)
from study.problems.handwritten import CLASSES, IMAGES, PIXELS, split
from study.randomness import Source
from study.ranges import NotNegative, Positive, up_to


@dataclass(frozen=True)
class Digits(Problem):
    """The mean of -log softmax(W x + b)[digit] on images of 8 x 8 pixels, plus l2/2 (|W|^2 + |b|^2).

    1797 images and 650 parameters. A seed decides which images are held out as test data, the start, and the order of
    the samples. Exposed: a convex loss on real data of ten classes, some pixels of which are nearly always 0. The
    floor is Newton's on the seed's own images. `test/loss` holds the penalty too. Single precision: minibatches leave
    an excess far above its rounding.

    Args:
        held_out: images that are never trained on.
        l2: weight of the penalty, of the intercepts too; it is part of every loss recorded.
        init_std: the weights start at N(0, init_std^2), the intercepts at 0.
        cap: see `Problem`.

    Reference:
        Schneider, Balles and Hennig 2019, DeepOBS: a deep learning optimizer benchmark suite, ICLR,
        arXiv 1903.05499, mnist_logreg, here on smaller images and with a penalty.
    """

    name: str
    held_out: Annotated[int, up_to(IMAGES - 1)]
    l2: Positive
    init_std: NotNegative
    cap: Positive

    @override
    def data(self, source: Source) -> Data:
        return split(source, held_out=self.held_out)

    @override
    def model(self) -> nn.Module:
        return Penalised(PIXELS, CLASSES, self.l2, self.dtype)

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
        return least_cross_entropy(data.inputs, data.eval_targets, classes=CLASSES, l2=self.l2)

    @override
    def constant_loss(self, data: Data) -> float:
        return class_entropy(data.eval_targets)

    @override
    def metrics(
        self, prediction: Float[Tensor, "point column"], target: Int[Tensor, " point"]
    ) -> Mapping[str, Float[Tensor, ""]]:
        logits, _ = apart(prediction)
        return {"accuracy": accuracy(logits, target)}
