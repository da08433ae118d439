"""The limits hold for torch's own rules and not for their neighbours, and the difference falls like 1/eps."""

from typing import Any

import numpy as np
import pytest

from study.certify.agreement import beyond_eps
from study.certify.limits import adam_to_heavy_ball
from study.certify.rule import Subject

LARGE = 1e10
RMSPROP, ADAM = (f"study.certify.limits.{name}" for name in ("rmsprop_to_momentum", "adam_to_heavy_ball"))
LEAST = 1e-7  # the root of squares up to 1000, beside eps = 1e10


def _torchs(name: str, **hyper: object) -> Subject:
    return Subject({"name": name, "_target_": f"torch.optim.{name}", "lr": 0.01, **hyper})


def test_rmsprop_becomes_momentum() -> None:
    rule = _torchs("RMSprop", alpha=0.9, momentum=0.5)
    at_large = beyond_eps(rule, RMSPROP, eps=LARGE)
    assert 0 < at_large < LEAST
    assert beyond_eps(rule, RMSPROP, eps=LARGE / 1000) == pytest.approx(1000 * at_large, rel=1e-2)


def test_adam_becomes_the_heavy_ball() -> None:
    """With lr = η E: after g_1 the average is g_1, then ((1 - β₁) g_2 + β₁ (1 - β₁) g_1) / (1 - β₁²), by hand."""
    assert beyond_eps(_torchs("Adam"), ADAM, eps=LARGE) < LEAST
    assert beyond_eps(_torchs("NAdam"), ADAM, eps=LARGE) > 1e-2
    places = adam_to_heavy_ball(np.zeros(1), np.array([[1.0], [4.0]]), lr=0.5, betas=(0.5, 0.9))
    assert places.ravel().tolist() == pytest.approx([-0.5, -0.5 - 0.5 * (2.0 + 0.25) / 0.75])


def test_with_eps_inside_the_root_too() -> None:
    inside: dict[str, Any] = {"lr": 0.01, "eps_inside_root": True}  # keywords of classes
    rmsprop = Subject({"name": "r", "_target_": "study.optimizers.rmsprop.RMSprop", "alpha": 0.9, **inside})
    assert beyond_eps(rmsprop, RMSPROP, eps=LARGE) < LEAST
    adam = Subject({"name": "a", "_target_": "study.optimizers.adam.Adam", "betas": (0.9, 0.999), **inside})
    assert beyond_eps(adam, ADAM, eps=LARGE) < LEAST
