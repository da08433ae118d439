"""The ground is the same every time, and what it says it is."""

import torch

from study.certify import gradients
from study.certify.rule import STEPS


def test_is_the_same_every_time() -> None:
    first = gradients.quadratic_gradients()
    assert torch.equal(first, gradients.quadratic_gradients())
    assert first.shape == (STEPS, gradients.RUNS, gradients.PARAMETERS)
    assert first.dtype == torch.float64


def test_gradients_shrink_to_the_noise_and_turn() -> None:
    met = gradients.quadratic_gradients()
    assert met[0].norm() > 2 * met[50:].flatten(1).norm(dim=1).mean()
    assert 0.9 < met[50:].std() < 1.6  # noise of deviation 1, and what it stirs up along the steep axes
    assert ((met > 0).any(dim=0) & (met < 0).any(dim=0)).all()


def test_rotation_is_one() -> None:
    turn = gradients.rotation()
    torch.testing.assert_close(turn @ turn.T, torch.eye(gradients.PARAMETERS, dtype=torch.float64))
    assert (turn.abs() > 0.05).sum() > gradients.PARAMETERS  # and not a permutation, which any rule survives
