"""A small ReLU network on handwritten digits: real data and a loss that is not convex."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from jaxtyping import Float, Int
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.classification import accuracy, class_entropy
from study.problems.handwritten import CLASSES, IMAGES, PIXELS, split, start_layers
from study.randomness import Source
from study.ranges import Count, Positive, up_to


@dataclass(frozen=True)
class DigitsMLP(Problem):
    """The mean of -log softmax(W2 relu(W1 x + b1) + b2)[digit] on images of 8 x 8 pixels.

    1797 images; 75 width + 10 parameters, 1210 at a width of 16. A seed decides which images are held out as test
    data, the start, and the order of the samples. Exposed: a loss that is not convex, on real data. The floor, 0, is
    the bound of every cross entropy; no network reaches it. Single precision: the loss itself is what is above it.

    Args:
        held_out: images that are never trained on.
        width: hidden units.
        cap: see `Problem`.

    Reference:
        Schneider, Balles and Hennig 2019, DeepOBS: a deep learning optimizer benchmark suite, ICLR,
        arXiv 1903.05499, mnist_mlp, here on smaller images with one small hidden layer.
    """

    name: str
    held_out: Annotated[int, up_to(IMAGES - 1)]
    width: Count
    cap: Positive

    @override
    def data(self, source: Source) -> Data:
        return split(source, held_out=self.held_out)

    @override
    def model(self) -> nn.Module:
        return nn.Sequential(nn.Linear(PIXELS, self.width), nn.ReLU(), nn.Linear(self.width, CLASSES))

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        start_layers(model, source.generator("init"))

    @override
    def loss(
        self, prediction: Float[Tensor, "point class"], target: Int[Tensor, " point"]
    ) -> Float[Tensor, ""]:
        return nn.functional.cross_entropy(prediction, target)

    @override
    def floor(self, data: Data) -> float:
        return 0.0

    @override
    def constant_loss(self, data: Data) -> float:
        return class_entropy(data.eval_targets)

    @override
    def metrics(
        self, prediction: Float[Tensor, "point class"], target: Int[Tensor, " point"]
    ) -> Mapping[str, Float[Tensor, ""]]:
        return {"accuracy": accuracy(prediction, target)}
