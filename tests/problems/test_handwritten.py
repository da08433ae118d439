"""The digits that come with the package: the file, its facts, the split into training and test data."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from study.problems import handwritten
from study.problems.handwritten import digits, split, start_layers
from study.randomness import Source

FILE = Path(handwritten.__file__).parent / "data" / "digits.npz"


def test_the_file_is_the_one_described() -> None:
    digest = "b2dab7b501728c22e9119ad76740b2e17c77a231e42d1e592380d90886f1a05e"
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == digest


def test_facts_of_the_data() -> None:
    images, labels = digits()
    assert images.shape == (1797, 64)
    assert images.min() == 0
    assert images.max() == 1
    assert images.double().mean().item() * 16 == pytest.approx(561718 / (1797 * 64), rel=1e-12)
    counts = [
        178,
        182,
        177,
        183,
        181,
        182,
        181,
        179,
        174,
        180,
    ]  # as UCI's description of the test file has them
    assert torch.bincount(labels).tolist() == counts


def test_the_first_image_is_a_zero() -> None:
    """Ink about an empty middle."""
    images, labels = digits()
    first = images[0].view(8, 8) * 16
    assert labels[0] == 0
    assert first[0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert first[3:5, 3:5].sum() == 0


def test_a_split_has_each_image_once() -> None:
    data = split(Source("digits", 0), held_out=360)
    assert data.test is not None
    assert data.inputs.shape == (1437, 64)
    assert data.test.inputs.shape == (360, 64)
    everything = np.sort(_rows(data.inputs, data.targets) + _rows(data.test.inputs, data.test.targets))
    np.testing.assert_array_equal(everything, np.sort(_rows(*digits())))
    assert torch.equal(data.targets, data.eval_targets)


def test_seeds_hold_out_other_images_and_each_the_same_again() -> None:
    first, again, other = (split(Source("digits", seed), held_out=360) for seed in (0, 0, 1))
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets, again.targets)
    held = [set(_rows(data.test.inputs, data.test.targets)) for data in (first, other) if data.test]
    assert len(held[0] & held[1]) < 150  # 72 are expected in both


def test_layers_start_as_torchs_do() -> None:
    """Bounds 1 / sqrt(fan_in): of a filter of 3 x 3 pixels 1/3, of 16 inputs 1/4."""
    model = nn.Sequential(nn.Conv2d(1, 400, 3), nn.ReLU(), nn.Linear(16, 400))
    start_layers(model, torch.Generator().manual_seed(0))
    for layer, bound in ((0, 1 / 3), (2, 1 / 4)):
        for name in ("weight", "bias"):
            values = model.get_parameter(f"{layer}.{name}").detach().flatten()
            assert 0.95 * bound < values.abs().max() <= bound
            assert values.var().item() == pytest.approx(bound**2 / 3, rel=0.2)  # 4 standard errors


def _rows(images: torch.Tensor, labels: torch.Tensor) -> list[bytes]:
    return [image.tobytes() + bytes([label]) for image, label in zip(images.numpy(), labels, strict=True)]
