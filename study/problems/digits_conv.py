"""A small convolutional network on handwritten digits: weights that are shared between places."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from jaxtyping import Float, Int
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.classification import accuracy, class_entropy
from study.problems.handwritten import CLASSES, IMAGES, split, start_layers
from study.randomness import Source
from study.ranges import Count, Positive, up_to


@dataclass(frozen=True)
class DigitsConv(Problem):
    """The mean of -log softmax(W pool(relu(f * x + a)) + b)[digit] on images of 8 x 8 pixels.

    `filters` of 3 x 3 pixels give maps of 6 x 6, averaged over 2 x 2 pixels to 3 x 3. 1797 images; 100 filters + 10
    parameters, 410 at 4 filters. A seed decides which images are held out as test data, the start, and the order of
    the samples. Exposed: shared weights. A filter's gradient is a sum over 36 places, beside a layer whose weights
    have a place each. The floor, 0, is the bound of every cross entropy; no network reaches it. Single precision: the
    loss itself is what is above it.

    Args:
        held_out: images that are never trained on.
        filters: number of filters.
        cap: see `Problem`.

    Reference:
        LeCun, Boser, Denker, Henderson, Howard, Hubbard and Jackel 1989, Backpropagation applied to handwritten zip
        code recognition, Neural Computation 1; here with one layer of filters, after LeNet's averages.
    """

    name: str
    held_out: Annotated[int, up_to(IMAGES - 1)]
    filters: Count
    cap: Positive

    @override
    def data(self, source: Source) -> Data:
        return split(source, held_out=self.held_out)

    @override
    def model(self) -> nn.Module:
        return nn.Sequential(
            nn.Unflatten(1, (1, 8, 8)),
            nn.Conv2d(1, self.filters, 3),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(9 * self.filters, CLASSES),
        )

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
