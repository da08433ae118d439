"""An honest figure passes; each planted fault is found by the check that should, in one line."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pytest

from study.certify.check import Result, Verdict
from study.certify.figure import certify_figure, examine
from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.report.plan import figure_plan

PLANTED = "tests.certify.planted_figures"

FAULTS = [
    ("Raises", "draws", "parabola: compute() raises KeyError: 'no such column'"),
    ("ReturnsNoFigure", "draws", "parabola: draw() returns list, not a Figure with axes"),
    ("AltersItsFrames", "inputs", "parabola: points are not what they were"),
    ("UsesPyplot", "pyplot", "parabola: pyplot keeps the figure"),
    ("NamelessAxis", "axes", "parabola: the y axis of a panel has no name"),
    ("LogAxisUnsaid", "axes", "parabola: the y axis of a panel is log, its name is 'runs'"),
    ("WithoutAxes", "draws", "parabola: draw() returns Figure, not a Figure with axes"),
    ("TextBesideTheSheet", "sheet", "inches beside it"),
    ("LegendEatsTheAxes", "room", "parabola: axes have 16% of it"),
    ("StampedPanel", "room", "parabola: a panel is 0.3 x 0.2 inches"),
    ("CaptionWithoutN", "caption", 'parabola: it does not say "n = ..."'),
    ("CaptionWithoutInterval", "caption", "parabola: it does not name the interval"),
    ("CaptionWithoutStop", "caption", "parabola: it does not end with a full stop"),
    ("CaptionSaysNaN", "caption", "parabola: it says nan"),
]
"""The faults, each with the check that finds it and what it says."""


def _checks(figure: str) -> Mapping[str, Result]:
    return certify_figure({"name": figure, "_target_": f"{PLANTED}.{figure}"})


def _checks_of_one_sweep(figure: str) -> Mapping[str, Result]:
    chart = figure_plan({"_target_": f"{PLANTED}.{figure}"}).chart
    return examine(chart, {"parabola": parabola_sweep(seeds=3, steps=64)})


@pytest.mark.parametrize(("fault", "check", "said"), FAULTS, ids=[fault for fault, _, _ in FAULTS])
def test_each_fault_is_found_by_its_check_in_one_line(fault: str, check: str, said: str) -> None:
    checks = _checks_of_one_sweep(fault)
    plt.close("all")
    assert check in {name for name, one in checks.items() if one.verdict is Verdict.FAILED}
    assert said in checks[check].measured
    assert "\n" not in checks[check].measured


def test_a_figure_that_refuses_many_settings_is_found() -> None:
    assert _checks("RefusesMany")["draws"].measured == "fifteen settings: it is refused: 8 labels at most"


def test_every_check_has_a_planted_fault_and_an_honest_figure_passes_all() -> None:
    checks = _checks("Honest")
    assert {check for _, check, _ in FAULTS} == set(checks)
    assert {check.verdict for check in checks.values()} == {Verdict.PASSED}
    assert checks["draws"].measured == "parabola, one diverged, fifteen settings"


def test_a_figure_of_what_no_sweep_here_has_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"tiny sweeps .*: a metric must be one of .*'eval/accuracy'"):
        _checks("WantsAccuracy")
    with pytest.raises(InvalidInput, match=r"share is not|honest\.shar is not known"):
        certify_figure({"name": "x", "_target_": f"{PLANTED}.Honest", "shar": 2.0})
