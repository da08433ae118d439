"""What a report is asked for, and how a wrong wish is answered."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from study.errors import InvalidInput
from study.report.plan import Plan, figure_names

ROOT = Path(__file__).parents[2]


def _node(**changes: Any) -> dict[str, Any]:
    node = yaml.safe_load((ROOT / "conf/report/default.yaml").read_text())
    return {**node, "title": "x", **changes}


def test_the_shipped_default_is_valid() -> None:
    """Every key of the YAML is one of the plan's, and the other way round."""
    plan = Plan.of(_node())
    assert [figure.name for figure in plan.figures] == ["loss_curves", "final_losses"]
    assert plan.out is None


def test_a_figure_is_a_file_with_options() -> None:
    """`name` and `file` are taken, the rest is the figure's."""
    plan = Plan.of(_node(figures=[{"name": "loss_curves", "file": "a"}, {"name": "loss_curves", "top": 1.0}]))
    assert [figure.file for figure in plan.figures] == ["a", "loss_curves"]
    assert plan.figures[1].options == {"top": 1.0}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"figures": [{"name": "los_curves"}]}, "did you mean 'loss_curves'"),
        ({"figures": [{"nom": "x"}]}, "must be {name: ..., <options>}"),
        ({"figures": [{"name": "ranking"}] * 2}, "must differ in `file`"),
        ({"confidence": 1.5}, r"in \(0, 1\), got 1.5"),
        ({"resamples": 3}, ">= 100, got 3"),
        ({"seed": -1}, ">= 0, got -1"),
        ({"equivalence": "small"}, ">= 0, got 'small'"),
        ({"value": "exces"}, "did you mean 'excess'"),
    ],
)
def test_a_wrong_wish_is_answered_with_what_must_hold(changes: dict[str, Any], said: str) -> None:
    """One message, before anything is read or written."""
    with pytest.raises(InvalidInput, match=said):
        Plan.of(_node(**changes))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "conf/experiment").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_experiment_names_figures_that_exist(path: Path) -> None:
    """By glob: a new experiment is tested the moment it exists."""
    report = yaml.safe_load(path.read_text()).get("report", {})
    Plan.of(_node(**report))


def test_figures_are_files() -> None:
    """The folder is the list."""
    assert {"loss_curves", "fitted_curves", "final_losses"} <= set(figure_names())
