"""What every figure must hold, by the files there are: a new one is tested the moment it exists."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from study.certify.check import Result, Verdict
from study.certify.figure import certify_figure, examine, sweeps_for
from study.certify.sweeps import grid_sweep, with_first_label_diverged
from study.config import figures
from study.config.figures import figure_names, figure_target
from study.figures.base import Chart
from study.frames import Recorded
from study.report.plan import figure_plan
from study.tracking import names
from tests.figures.drawing import context_of, said


def _chart(name: str) -> Chart[Any]:
    return figure_plan({"name": name}).chart


def _failed(checks: Mapping[str, Result]) -> dict[str, Result]:
    return {name: result for name, result in checks.items() if result.verdict is not Verdict.PASSED}


def test_our_figures_are_found() -> None:
    assert {"loss_curves", "fitted_curves", "final_losses", "trajectories"} <= set(figure_names())
    assert not {"base", "style"} & set(figure_names())


def test_the_options_that_a_file_shows_are_the_fields_of_its_class() -> None:
    for name in figure_names():
        shown = figures._options(name)
        chart = _chart(name)
        assert is_dataclass(chart)
        assert shown == tuple(field.name for field in fields(chart)), name


@pytest.mark.slow
@pytest.mark.parametrize("name", figure_names())
def test_every_figure_passes_all_checks(name: str) -> None:
    """Drawn from few settings, from one that diverged everywhere, and from fifteen, the first sweep of many."""
    assert _failed(certify_figure({"name": name, "_target_": figure_target(name)})) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", figure_names())
def test_a_label_that_diverged_everywhere_is_said(name: str) -> None:
    chart = _chart(name)
    first = next(iter(sweeps_for(chart).values()))
    caption = said(chart, context_of(with_first_label_diverged(first)))
    said_elsewhere = name in ("leaky_average", "tutorial_view")  # no run of theirs is missing
    assert "diverged" in caption or said_elsewhere, (
        "a caption must say which runs diverged: words.diverged_of"
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", figure_names())
def test_a_sweep_that_diverged_everywhere_has_no_first(name: str) -> None:
    """Divergence is a result: the report of it is drawn, and nobody is called the lowest or the closest."""
    chart = _chart(name)
    sweep = next(iter(sweeps_for(chart).values()))
    runs = sweep.runs.assign(status=names.DIVERGED, **dict.fromkeys(names.FINAL_LOSSES, np.inf))
    broken = replace(sweep, runs=runs, recorded=Recorded.of(sweep.points[sweep.points["step"] < 3]))
    checks = examine(chart, {"all diverged": broken})
    assert _failed(checks) == {}
    caption = said(chart, context_of(broken))
    assert not [word for word in ("lowest", "closest", "best at") if word in caption]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loss_curves", "ranking", "response", "final_losses"])
@pytest.mark.parametrize(("optimizers", "rates"), [(1, 16), (4, 13), (15, 1)])
def test_even_more_settings(name: str, optimizers: int, rates: int) -> None:
    sweeps = {"many": grid_sweep(optimizers=optimizers, rates=rates)}
    checks = examine(_chart(name), sweeps)
    assert _failed(checks) == {}
