"""The ground is the same every time, and what it says it is."""

import torch

from study.certify.optimizer import rotation
from study.certify.rule import STEPS, quadratic_gradients


def test_is_the_same_every_time() -> None:
    first = quadratic_gradients()
    assert torch.equal(first, quadratic_gradients.__wrapped__())
    assert first.shape == (STEPS, 3, 4)
    assert first.dtype == torch.float64


def test_gradients_shrink_to_the_noise_and_turn() -> None:
    met = quadratic_gradients()
    assert met[0].norm() > 2 * met[50:].flatten(1).norm(dim=1).mean()
    assert 0.9 < met[50:].std() < 1.6  # noise of deviation 1, and what it stirs up along the steep axes
    assert ((met > 0).any(dim=0) & (met < 0).any(dim=0)).all()


def test_rotation_is_one() -> None:
    turn = rotation(4)
    torch.testing.assert_close(turn @ turn.T, torch.eye(4, dtype=torch.float64))
    assert (turn.abs() > 0.05).sum() > 4  # and not a permutation, which any rule survives
