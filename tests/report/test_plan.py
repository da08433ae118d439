"""What a report is asked for, and how a wrong wish is answered."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from study.certify.sweeps import parabola_sweep
from study.config.paths import CONF
from study.errors import InvalidInput
from study.figures.loss_curves import LossCurves
from study.figures.response import Response
from study.report.plan import Plan, automatic
from study.stats.bootstrap import Bootstrap

MINE = """
from dataclasses import dataclass

from matplotlib.figure import Figure

from study.figures.base import Chart
from study.ranges import Count


@dataclass(frozen=True)
class MyFigure(Chart[int]):
    best: Count = 3

    def compute(self, context):
        return len(context.sweep.runs)

    def draw(self, table, context):
        return Figure()

    def caption(self, table, context):
        return f"n = {table}, no interval."


class NoFigure:
    pass
"""


def _node(**changes: Any) -> dict[str, Any]:
    node = yaml.safe_load((CONF / "report/default.yaml").read_text())
    return {**node, "title": "x", **changes}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the name of a package with a figure of somebody's, importable from elsewhere."""
    name = "package_of_somebody"
    (tmp_path / f"{name}.py").write_text(MINE)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


def test_the_shipped_default_is_valid() -> None:
    """Every key of the YAML is one of the plan's, and the other way round."""
    plan = Plan.of(_node())
    assert plan.figures is None
    assert plan.out is None
    assert plan.bootstrap == Bootstrap(0.95, 9999, 0)


def test_a_figure_is_a_name_with_options() -> None:
    """`name` picks the class, `file` is the report's, the rest are its fields."""
    plan = Plan.of(_node(figures=[{"name": "loss_curves", "file": "a"}, {"name": "loss_curves", "top": 1.0}]))
    assert plan.figures is not None
    assert [(figure.file, figure.chart) for figure in plan.figures] == [
        ("a", LossCurves()),
        ("loss_curves", LossCurves(top=1.0)),
    ]


def test_a_figure_may_come_from_anywhere(package: str) -> None:
    """By its class, as an optimizer does; its file is called as ours would be."""
    plan = Plan.of(_node(figures=[{"_target_": f"{package}.MyFigure", "best": 2}]))
    assert plan.figures is not None
    (figure,) = plan.figures
    assert figure.file == "my_figure"
    assert vars(figure.chart) == {"best": 2}


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            {"name": "los_curves"},
            "report.figures' name must be one of .*final_losses, .*; did you mean 'loss_curves'?",
        ),
        ({"name": "base"}, "report.figures' name must be one of"),
        ({"nom": "x"}, "an entry of report.figures must be {name: "),
        ({"name": "ranking", "_target_": "a.B"}, "an entry of report.figures must be {name: "),
        ("ranking", "an entry of report.figures must be {name: "),
        (
            {"name": "loss_curves", "flor": 1},
            "loss_curves.flor is not known to study.figures.loss_curves.LossCurves",
        ),
        ({"name": "loss_curves", "metrc": "a"}, "did you mean metric?"),
        (
            {"name": "loss_curves", "x": "epochs"},
            "loss_curves.x must be one of epoch, seconds, step, got 'epochs'",
        ),
        ({"name": "loss_curves", "top": -1}, "loss_curves.top must be a finite number > 0, or null, got -1"),
        ({"name": "loss_curves", "log": "no"}, "loss_curves.log must be true or false, got 'no'"),
        ({"name": "ranking", "value": "exces"}, "did you mean 'excess'?"),
        ({"name": "ranking", "file": "../../x"}, "ranking.file must be a plain file name"),
        ({"name": "ranking", "file": ""}, "ranking.file must be a plain file name"),
        ({"name": "ranking", "file": ".."}, "ranking.file must be a plain file name"),
        ({"name": "ranking", "file": "a/b"}, "ranking.file must be a plain file name"),
        ({"name": "ranking", "file": "x" * 101}, "ranking.file must be a plain file name"),
        ({"name": "ranking", "file": None}, "ranking.file must be a plain file name"),
        ({"_target_": "{package}.MyFigur"}, "got 'MyFigur', which is not in .*; did you mean MyFigure"),
        (
            {"_target_": "{package}.MyFigure", "bst": 1},
            "my_figure.bst is not known to .*; did you mean best?",
        ),
        ({"_target_": "{package}.MyFigure", "best": 0}, "my_figure.best must be a whole number >= 1, got 0"),
        ({"_target_": "{package}.NoFigure"}, "must be a study.figures.base.Chart, got"),
        ({"_target_": "nowhere.MyFigure"}, "there is no package 'nowhere' here"),
        ({"_target_": "MyFigure"}, "_target_ must be a class with its module"),
    ],
)
def test_a_wrong_figure_is_one_line(package: str, entry: Any, said: str) -> None:
    if isinstance(entry, dict):
        entry = {
            key: value.format(package=package) if key == "_target_" else value for key, value in entry.items()
        }
    with pytest.raises(InvalidInput) as caught:
        Plan.of(_node(figures=[entry]))
    assert "\n" not in str(caught.value)
    assert _matches(said, str(caught.value)), str(caught.value)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"figures": None}, "report.figures must be auto or a list of .*, got None"),
        ({"figures": "loss_curves"}, "report.figures must be auto or a list"),
        ({"figures": {"name": "ranking"}}, "report.figures must be auto or a list"),
        ({"figures": [{"name": "ranking"}] * 2}, "report.figures must differ in `file`, got 'ranking' twice"),
        (
            {"figures": [{"name": "ranking", "file": "a"}, {"name": "ranking", "file": "A"}]},
            "report.figures must differ in `file`",
        ),
        ({"title": [1]}, "report.title must be text, got [1]"),
        ({"text": 5}, "report.text must be text, got 5"),
        ({"sweep": 5}, "report.sweep must be text, or null, got 5"),
        ({"out": ""}, "report.out must be a folder, or null, got ''"),
        ({"out": ["a"]}, "report.out must be a folder, or null, got ['a']"),
        ({"value": "exces"}, "report.value must be one of .*; did you mean 'excess'?"),
        ({"value": None}, "report.value must be one of"),
        ({"pairs": "maybe"}, "report.pairs must be true or false, got 'maybe'"),
        ({"margin": 1.0}, "report.margin must be a number above 1, the ratio of two losses, got 1.0"),
        ({"margin": "small"}, "report.margin must be a number above 1, .*, got 'small'"),
        ({"confidence": 1.5}, "report.confidence must be a number in (0, 1), got 1.5"),
        ({"confidence": "high"}, "report.confidence must be a number in (0, 1), got 'high'"),
        ({"resamples": 3}, "report.resamples must be a whole number from 100 to 100000, got 3"),
        ({"resamples": 10**9}, "report.resamples must be a whole number from 100 to 100000, got 1000000000"),
        ({"seed": -1}, "report.seed must be a whole number >= 0, got -1"),
        ({"colors": {"sgd": "blu"}}, "report.colors.sgd must be a colour, as in .*, got 'blu'"),
        ({"colors": {"sgd": "none"}}, "report.colors.sgd must be a colour"),
        ({"colors": ["red"]}, "report.colors must be a colour for each name, got ['red']"),
        ({"spare": []}, "report.spare must be a list of one or more colours, got []"),
        ({"spare": None}, "report.spare must be a list of one or more colours, got None"),
        ({"spare": "red"}, "report.spare must be a list of one or more colours, got 'red'"),
        ({"spare": ["red", 3]}, "report.spare[1] must be a colour"),
        ({"foo": 1}, "a key of report must be one of"),
        ({"valu": "excess"}, "did you mean 'value'?"),
    ],
)
def test_a_wrong_wish_is_one_line(changes: dict[str, Any], said: str) -> None:
    """Before anything is read or written."""
    with pytest.raises(InvalidInput) as caught:
        Plan.of(_node(**changes))
    assert "\n" not in str(caught.value)
    assert _matches(said, str(caught.value)), str(caught.value)


def _matches(said: str, message: str) -> bool:
    """Whether a message holds the parts of what is said, in their order."""
    at = 0
    for part in said.split(".*"):
        at = message.find(part, at)
        if at < 0:
            return False
    return True


@pytest.mark.parametrize("path", sorted((CONF / "experiment").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_experiment_asks_for_what_there_is(path: Path) -> None:
    """By glob: a new experiment is tested the moment it exists."""
    report = yaml.safe_load(path.read_text()).get("report", {})
    Plan.of(_node(**report))


def _chosen(labels: dict[str, float]) -> list[tuple[str, str]]:
    runs = parabola_sweep(seeds=1, steps=32, labels=labels, diverged=False).runs
    return [(plan.file, type(plan.chart).__name__) for plan in automatic(runs)]


def test_few_settings_are_shown_run_by_run() -> None:
    assert _chosen({"sgd": 0.1, "adam": 0.2}) == [
        ("loss_curves", "LossCurves"),
        ("final_losses", "FinalLosses"),
    ]


def test_a_numeric_setting_of_three_values_gets_its_response() -> None:
    """Five optimizers at three rates: the response first, curves of all, and a ranking of fifteen."""
    labels = {f"rule{index} lr={rate}": 0.1 for index in range(5) for rate in (0.001, 0.01, 0.1)}
    names = [("response", "Response"), ("loss_curves", "LossCurves"), ("ranking", "Ranking")]
    assert _chosen(labels) == names


def test_of_many_settings_of_one_optimizer_the_best_are_shown() -> None:
    labels = {f"sgd lr={rate}": 0.1 for rate in range(1, 17)}
    runs = parabola_sweep(seeds=1, steps=32, labels=labels, diverged=False).runs
    assert [plan.chart for plan in automatic(runs)][:2] == [Response(x="optimizer.lr"), LossCurves(best=8)]


def test_two_numeric_settings_get_a_response_each() -> None:
    labels = {f"sgd lr={rate}": 0.1 for rate in range(1, 5)}
    runs = parabola_sweep(seeds=1, steps=32, labels=labels, diverged=False).runs
    runs = runs.assign(**{"problem.rotation": pd.Series([1.0, 2.0, 3.0, 3.0])})
    assert [(plan.file, plan.chart) for plan in automatic(runs)][:2] == [
        ("response_lr", Response(x="optimizer.lr")),
        ("response_rotation", Response(x="problem.rotation")),
    ]
