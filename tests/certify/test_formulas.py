"""The formulas against torch.optim, at hyperparameters other than the shipped ones, and one step by hand."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from study.certify import formulas

Make = Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer]
o = torch.optim

TABLE: list[tuple[str, dict[str, object], Make]] = [
    ("sgd", {"lr": 0.3}, lambda p: o.SGD(p, 0.3)),
    ("momentum", {"lr": 0.3, "momentum": 0.5}, lambda p: o.SGD(p, 0.3, momentum=0.5)),
    ("nag", {"lr": 0.3, "momentum": 0.5}, lambda p: o.SGD(p, 0.3, momentum=0.5, nesterov=True)),
    ("adagrad", {"lr": 0.3, "eps": 0.1}, lambda p: o.Adagrad(p, 0.3, eps=0.1)),
    ("adadelta", {"lr": 3.0, "rho": 0.7, "eps": 0.01}, lambda p: o.Adadelta(p, 3.0, rho=0.7, eps=0.01)),
    (
        "rmsprop",
        {"lr": 0.3, "alpha": 0.7, "eps": 0.1, "momentum": 0.4},
        lambda p: o.RMSprop(p, 0.3, alpha=0.7, eps=0.1, momentum=0.4),
    ),
    ("rmsprop", {"lr": 0.3}, lambda p: o.RMSprop(p, 0.3)),
    ("adam", {"lr": 0.3}, lambda p: o.Adam(p, 0.3)),
    (
        "adam",
        {"lr": 0.3, "betas": (0.0, 0.5), "eps": 0.1},
        lambda p: o.Adam(p, 0.3, betas=(0.0, 0.5), eps=0.1),
    ),
    ("adamw", {"lr": 0.3, "weight_decay": 0.2}, lambda p: o.AdamW(p, 0.3, weight_decay=0.2)),
    ("adamax", {"lr": 0.3, "betas": (0.5, 0.6)}, lambda p: o.Adamax(p, 0.3, betas=(0.5, 0.6))),
    ("nadam", {"lr": 0.3, "momentum_decay": 0.1}, lambda p: o.NAdam(p, 0.3, momentum_decay=0.1)),
    ("radam", {"lr": 0.3, "betas": (0.5, 0.9)}, lambda p: o.RAdam(p, 0.3, betas=(0.5, 0.9))),
    ("rprop", {"lr": 0.3, "etas": (0.3, 1.5)}, lambda p: o.Rprop(p, 0.3, etas=(0.3, 1.5))),
    ("asgd", {"lr": 0.3, "lambd": 0.2}, lambda p: o.ASGD(p, 0.3, lambd=0.2)),
]
SINGLE = {"nadam", "asgd"}  # torch keeps a factor of their step in single precision


@pytest.mark.parametrize(
    ("name", "hyper", "make"), TABLE, ids=[f"{name}-{i}" for i, (name, _, _) in enumerate(TABLE)]
)
def test_formula_is_torchs(name: str, hyper: dict[str, object], make: Make) -> None:
    random = np.random.default_rng(0)
    gradients, start = random.normal(size=(60, 5)) + 0.5, random.normal(size=5)
    theta = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer, places = make([theta]), []
    for g in gradients:
        theta.grad = torch.from_numpy(g)
        optimizer.step()
        places.append(theta.detach().numpy().copy())
    found = getattr(formulas, name)(start, gradients, **hyper)
    np.testing.assert_allclose(found, places, rtol=0, atol=1e-5 if name in SINGLE else 1e-12)


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam", "adadelta"])
def test_eps_inside_the_root(name: str) -> None:
    """One step from 0 with g = 3, eps = 7: the mean square is 9 (adagrad, adam) or a tenth of it."""
    square = {"adagrad": 9.0, "adam": 9.0, "rmsprop": 0.9, "adadelta": 0.9}[name]
    top = 7**0.5 if name == "adadelta" else 1.0
    hyper = {"rmsprop": {"alpha": 0.9}, "adadelta": {"rho": 0.9}}.get(name, {})
    formula = getattr(formulas, name)
    found = formula(np.zeros(1), np.full((1, 1), 3.0), lr=1.0, eps=7.0, eps_inside_root=True, **hyper)
    assert found[0, 0] == pytest.approx(-3 * top / (square + 7) ** 0.5, rel=1e-14)


def test_lion_steps_along_signs() -> None:
    gradients = np.array([[1.0, -2.0], [-0.5, -1.0], [-9.0, 0.0]])
    found = formulas.lion(np.zeros(2), gradients, lr=0.1, betas=(0.9, 0.5))
    # m = (.5, -1), then (0, -1); c = (.1, -.2), (.4, -1), (-.9, -.9)
    np.testing.assert_allclose(found, [[-0.1, 0.1], [-0.2, 0.2], [-0.1, 0.3]], atol=1e-15)
