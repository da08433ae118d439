"""A rule walks where hand arithmetic says."""

from pathlib import Path

import pytest
import torch

from study import theory
from study.certify import formulas
from study.certify.check import Broken
from study.certify.rule import Subject
from study.errors import InvalidInput

SGD = Subject({"name": "sgd", "_target_": "torch.optim.SGD", "lr": 0.5, "momentum": 0.5})


def test_walks_the_gradients_it_is_handed() -> None:
    gradients = torch.tensor([[1.0], [2.0], [0.0]])
    assert SGD.walk(gradients).flatten().tolist() == [-0.5, -1.75, -2.375]  # v = 1, 2.5, 1.25
    assert SGD.walk(gradients, start=torch.tensor([4.0])).flatten().tolist() == [3.5, 2.25, 1.625]


def test_descends_a_quadratic() -> None:
    places = SGD.changed(momentum=0.0).descend(torch.tensor([1.0, 3.0]), torch.tensor([4.0, 4.0]), steps=2)
    assert places.tolist() == [[2.0, -2.0], [1.0, 1.0]]


def test_hyperparameters_are_the_configs_and_the_classs_own() -> None:
    values = Subject({"name": "a", "_target_": "torch.optim.Adam", "betas": [0.5, 0.6]}).hyperparameters()
    assert values["betas"] == (0.5, 0.6)
    assert (values["lr"], values["eps"]) == (1e-3, 1e-8)


def test_arguments_are_those_the_function_takes() -> None:
    assert SGD.arguments_of(formulas.momentum) == {"lr": 0.5, "momentum": 0.5}
    assert SGD.arguments_of(theory.HeavyBall) == {"momentum": 0.5}


def test_a_missing_hyperparameter_is_named() -> None:
    with pytest.raises(
        InvalidInput,
        match="optimizer sgd must have the hyperparameter rho to be what it claims; it has dampening,",
    ):
        SGD.arguments_of(formulas.adadelta)


def test_what_the_rules_own_code_raises_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    needy = Subject({"name": "needy", "_target_": "planted.AsksAgain", "lr": 1.0})
    with pytest.raises(Broken, match=r"AsksAgain\.step\(\) raises TypeError: .*closure"):
        needy.walk(torch.ones(1, 1))
    with pytest.raises(InvalidInput, match=r"short: torch\.optim\.Adam cannot be made"):
        Subject({"name": "short", "_target_": "torch.optim.Adam", "betas": [0.9]}).walk(torch.ones(1, 1))
