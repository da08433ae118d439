"""The parts of quadratic problems: models by hand, and rotations that are orthogonal, uniform and repeatable."""

import numpy as np
import pytest
import scipy.stats
import torch

from study.problems.quadratic import Point, Rooted, half_squares, random_rotation


def test_models_by_hand() -> None:
    point, rooted = Point(2, torch.float64), Rooted(2, torch.float64)
    x = torch.tensor([3.0, -1.0], dtype=torch.float64)
    for model in (point, rooted):
        torch.nn.utils.vector_to_parameters(x, model.parameters())
    matrices = torch.tensor([[[1.0, 2.0], [0.0, 1.0]], [[0.0, 0.0], [1.0, 1.0]]], dtype=torch.float64)
    assert point(torch.zeros(2, 1)).tolist() == [[3.0, -1.0], [3.0, -1.0]]
    assert rooted(matrices).tolist() == [[1.0, -1.0], [0.0, 2.0]]


def test_half_squares_by_hand() -> None:
    assert half_squares(torch.tensor([[3.0, 4.0], [0.0, 1.0]])).tolist() == [12.5, 0.5]


@pytest.mark.parametrize("dimension", [1, 2, 20])
def test_a_rotation_is_orthogonal_and_repeats(dimension: int) -> None:
    first, again, other = (_rotation(dimension, seed) for seed in (0, 0, 1))
    np.testing.assert_allclose(first @ first.T, np.eye(dimension), atol=1e-14)
    assert np.array_equal(first, again)
    assert dimension == 1 or not np.allclose(first, other, atol=0.01)


def test_rotations_are_uniform() -> None:
    """A coordinate of a uniform direction in space is uniform in [-1, 1] (Archimedes), in any row and column."""
    drawn = np.stack([_rotation(3, seed) for seed in range(600)])
    for row in range(3):
        for column in range(3):
            values = drawn[:, row, column]
            assert scipy.stats.kstest(values, scipy.stats.uniform(-1, 2).cdf).pvalue > 1e-4
    determinants = np.linalg.det(drawn)
    np.testing.assert_allclose(abs(determinants), 1)
    assert 0.4 < (determinants > 0).mean() < 0.6  # 5 standard errors are 0.1


def _rotation(dimension: int, seed: int) -> np.ndarray:
    drawn: np.ndarray = random_rotation(dimension, torch.Generator().manual_seed(seed)).numpy()
    return drawn
