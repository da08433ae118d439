"""An autoencoder of handwritten digits: a deep network through a narrow code."""

from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.handwritten import IMAGES, PIXELS, split, start_layers
from study.randomness import Source
from study.ranges import Count, Positive, up_to


@dataclass(frozen=True)
class DigitsAutoencoder(Problem):
    """The mean of (d(e(x)) - x)^2 over images and pixels, for a code e(x) of a few numbers.

    Layers 64 -> width -> code -> width -> 64, tanh after the two hidden ones; 2276 parameters at a width of 16 and a
    code of 4. A seed decides which of 1797 images are held out as test data, the start, and the order of the samples.
    Exposed: depth and a bottleneck. From small weights the first thing learned is the mean image, and a plateau
    follows until the code carries something. Predictions lie in an affine space of `width` dimensions, of which
    principal components are the best: what they leave is the floor, a bound that a narrower code hardly comes near.
    Single precision: what is above it is far above its rounding.

    Args:
        held_out: images that are never trained on.
        width: units of the two hidden layers.
        code: numbers between them.
        cap: see `Problem`.

    Reference:
        Hinton and Salakhutdinov 2006, Reducing the dimensionality of data with neural networks, Science 313; as a
        test of optimizers Martens 2010, Deep learning via Hessian-free optimization, ICML.
    """

    name: str
    held_out: Annotated[int, up_to(IMAGES - 1)]
    width: Count
    code: Count
    cap: Positive

    @override
    def data(self, source: Source) -> Data:
        classified = split(source, held_out=self.held_out)
        assert classified.test is not None
        return _of_itself(classified.inputs, test=_of_itself(classified.test.inputs))

    @override
    def model(self) -> nn.Module:
        return nn.Sequential(
            nn.Linear(PIXELS, self.width),
            nn.Tanh(),
            nn.Linear(self.width, self.code),
            nn.Linear(self.code, self.width),
            nn.Tanh(),
            nn.Linear(self.width, PIXELS),
        )

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        start_layers(model, source.generator("init"))

    @override
    def loss(
        self, prediction: Float[Tensor, "point pixel"], target: Float[Tensor, "point pixel"]
    ) -> Float[Tensor, ""]:
        return nn.functional.mse_loss(prediction, target)

    @override
    def floor(self, data: Data) -> float:
        """Return the variance beyond the first `width` principal components, as a mean over the pixels."""
        return left_by_components(data.eval_targets, self.width)

    @override
    def constant_loss(self, data: Data) -> float:
        return left_by_components(data.eval_targets, 0)


def left_by_components(images: Float[Tensor, "point pixel"], count: int) -> float:
    """Return the least mean squared error of predictions in an affine space of `count` dimensions.

    It is the sum of the covariance's eigenvalues but the `count` largest, over the number of pixels.

    Reference:
        Eckart and Young 1936, The approximation of one matrix by another of lower rank, Psychometrika 1.
    """
    spread = torch.linalg.eigvalsh(images.double().mT.cov(correction=0))
    return float(spread[: max(images.shape[1] - count, 0)].clamp_min(0).sum()) / images.shape[1]


def _of_itself(images: Float[Tensor, "point pixel"], *, test: Data | None = None) -> Data:
    return Data(images, images, images, test=test)
