"""Handwritten digits: the images, a split into training and test, and how a network on them starts."""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from study.problems.base import Data
from study.randomness import Source

IMAGES = 1797
PIXELS = 64
CLASSES = 10


def split(source: Source, *, held_out: int) -> Data:
    """Return images [point, 64] of values from 0 to 1 and their digits, some of them held out as `test`.

    Which ones is drawn from `source.generator("data")`: each seed trains on other images.

    Args:
        source: the seed's randomness.
        held_out: number of images that are never trained on, below `IMAGES`.

    Reference:
        Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits. UCI Machine Learning Repository,
        data set 80, CC BY 4.0, https://doi.org/10.24432/C50P49.
    """
    images, labels = digits()
    order = torch.randperm(IMAGES, generator=source.generator("data"))
    test, train = order[:held_out], order[held_out:]
    return Data(
        images[train],
        labels[train],
        labels[train],
        test=Data(images[test], labels[test], labels[test]),
    )


@cache
def digits() -> tuple[Float[Tensor, "point pixel"], Int[Tensor, " point"]]:
    """Return all images, and which digit each shows."""
    with np.load(Path(__file__).parent / "data" / "digits.npz") as arrays:
        images, labels = arrays["images"], arrays["labels"]
    return torch.from_numpy(images).flatten(1).float() / 16, torch.from_numpy(labels).long()


def start_layers(model: nn.Module, generator: torch.Generator) -> None:
    """Draw each layer as torch does: weight and bias from U(-1/sqrt(fan_in), 1/sqrt(fan_in))."""
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            bound = layer.weight[0].numel() ** -0.5
            for parameter in layer.parameters():
                nn.init.uniform_(parameter, -bound, bound, generator=generator)
