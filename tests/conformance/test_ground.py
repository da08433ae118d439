"""The ground is the same every time, and what it says it is."""

import torch

from study.conformance import ground
from study.conformance.subject import STEPS


def test_is_the_same_every_time() -> None:
    first = ground.gradients()
    assert torch.equal(first, ground.gradients())
    assert first.shape == (STEPS, ground.RUNS, ground.PARAMETERS)
    assert first.dtype == torch.float64


def test_gradients_shrink_to_the_noise_and_turn() -> None:
    met = ground.gradients()
    assert met[0].norm() > 2 * met[50:].flatten(1).norm(dim=1).mean()
    assert 0.9 < met[50:].std() < 1.6  # noise of deviation 1, and what it stirs up along the steep axes
    assert ((met > 0).any(dim=0) & (met < 0).any(dim=0)).all()


def test_rotation_is_one() -> None:
    turn = ground.rotation()
    torch.testing.assert_close(turn @ turn.T, torch.eye(ground.PARAMETERS, dtype=torch.float64))
    assert (turn.abs() > 0.05).sum() > ground.PARAMETERS  # and not a permutation, which any rule survives
