"""A point in the plane: it is as high as its surface, and starts where it is said to."""

import torch

from study.problems.plane import Point, near, nothing, place
from study.randomness import Source


def test_a_point_is_as_high_as_its_surface_for_every_sample() -> None:
    model = Point(lambda x1, x2: 10 * x1 + x2)
    place(model, torch.tensor([2.0, 3.0]))
    assert model(torch.zeros(2, 1)).tolist() == [[23.0], [23.0]]
    assert [name for name, _ in model.named_parameters()] == ["x1", "x2"]


def test_a_start_is_within_the_spread_and_decided_by_the_seed() -> None:
    starts = torch.stack([near([1.0, -2.0], 0.1, Source("plane", seed)) for seed in range(200)])
    away = starts - torch.tensor([1.0, -2.0])
    assert 0.09 < away.max() <= 0.1
    assert -0.1 <= away.min() < -0.09
    assert torch.equal(starts[7], near([1.0, -2.0], 0.1, Source("plane", 7)))
    assert len(starts.unique(dim=0)) == 200
    assert near([1.0, -2.0], 0.0, Source("plane", 7)).tolist() == [1.0, -2.0]


def test_the_one_sample_is_zero() -> None:
    data = nothing()
    assert data.inputs.tolist() == data.targets.tolist() == data.eval_targets.tolist() == [[0.0]]
    assert data.inputs.dtype == torch.float64
