"""Which nodes of a config are just what is shipped."""

from typing import Any, cast

import pytest
from omegaconf import OmegaConf

from study.config.choices import as_shipped, choices
from study.config.compose import compose


def _node(group: str, *words: str) -> dict[str, Any]:
    return cast("dict[str, Any]", OmegaConf.to_container(compose("config", words)[group], resolve=True))


@pytest.mark.parametrize("name", ["parabola", "beale", "digits", "quadratic_deep"])
def test_a_problem_as_its_file_has_it_is_as_shipped(name: str) -> None:
    assert name in choices("problem")
    assert as_shipped("problem", _node("problem", f"problem={name}"))


def test_whatever_is_changed_or_somebody_elses_is_not() -> None:
    assert as_shipped("optimizer", _node("optimizer", "optimizer=adam"))
    assert not as_shipped("optimizer", _node("optimizer", "optimizer=adam", "optimizer.lr=0.02"))
    assert not as_shipped("problem", _node("problem", "problem=beale", "problem.spread=0.06"))
    own = {**_node("problem", "problem=beale"), "_target_": "my_problems.Beale"}
    assert not as_shipped("problem", own)
    assert not as_shipped("problem", {**own, "name": "mine"})
