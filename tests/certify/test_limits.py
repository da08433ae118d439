"""The limits hold for torch's own rules and not for their neighbours, and the difference falls like 1/eps."""

from functools import partial
from typing import Any

import pytest

from study.certify import limits
from study.certify.gradients import quadratic_gradients
from study.certify.rule import Subject

LEAST = 1e-7  # the root of squares up to 1000, beside eps = 1e10


def _torchs(name: str, **hyper: object) -> Subject:
    return Subject({"name": name, "_target_": f"torch.optim.{name}", "lr": 0.01, **hyper})


def test_rmsprop_becomes_momentum(monkeypatch: pytest.MonkeyPatch) -> None:
    rule, gradients = _torchs("RMSprop", alpha=0.9, momentum=0.5), quadratic_gradients()
    at_large = limits.rmsprop_to_momentum(rule, gradients, lr=0.01, momentum=0.5)
    monkeypatch.setattr(limits, "EPS", limits.EPS / 1000)
    assert 0 < at_large < LEAST
    at_less = limits.rmsprop_to_momentum(rule, gradients, lr=0.01, momentum=0.5)
    assert at_less == pytest.approx(1000 * at_large, rel=1e-2)


def test_adam_becomes_the_heavy_ball() -> None:
    gradients = quadratic_gradients()
    difference = partial(limits.adam_to_heavy_ball, gradients=gradients, lr=0.01, betas=(0.9, 0.999))
    assert difference(_torchs("Adam")) < LEAST
    assert difference(_torchs("NAdam")) > 1e-2


def test_with_eps_inside_the_root_too() -> None:
    gradients = quadratic_gradients()
    inside: dict[str, Any] = {"lr": 0.01, "eps_inside_root": True}  # keywords of classes and functions
    rmsprop = Subject({"name": "r", "_target_": "study.optimizers.rmsprop.RMSprop", "alpha": 0.9, **inside})
    assert limits.rmsprop_to_momentum(rmsprop, gradients, **inside) < LEAST
    adam = Subject({"name": "a", "_target_": "study.optimizers.adam.Adam", **inside})
    assert limits.adam_to_heavy_ball(adam, gradients, betas=(0.9, 0.999), **inside) < LEAST
