"""Paths on a map: the recorded ones, on the map of the problem that was walked."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.contour import ContourSet

from study.certify.sweeps import bowl_sweep, parabola_sweep
from study.errors import InvalidInput
from study.figures.trajectories import Trajectories
from study.frames import Recorded, SweepFrames
from tests.figures.drawing import context_of, drawn, said


def _turned(*angles: float) -> SweepFrames:
    sweep = bowl_sweep()
    return replace(sweep, runs=sweep.runs.assign(**{"problem.rotation": angles}))


def test_together_or_apart() -> None:
    """One panel per label, or one for all; the path is the recorded one."""
    context = context_of(bowl_sweep())
    assert len(drawn(Trajectories(), context).axes) == 2
    (axes,) = drawn(Trajectories(together=True), context).axes
    path = next(x for x in (np.asarray(line.get_xdata()) for line in axes.get_lines()) if len(x) == 21)
    assert path[-1] == pytest.approx(-5 * 0.92**20, rel=1e-12)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x₁", "x₂")


def test_contours_are_those_of_the_runs_bowl() -> None:
    """Turned by 90 degrees a contour of 0.1 x1^2 + 2 x2^2 is as long along x2 as it was along x1."""
    (axes,) = drawn(Trajectories(together=True), context_of(_turned(90.0, 90.0))).axes
    (contours,) = axes.collections
    assert isinstance(contours, ContourSet)
    level, path = next(
        (level, path) for level, path in zip(contours.levels, contours.get_paths(), strict=True) if level > 0
    )
    x1, x2 = np.asarray(path.vertices).T
    heights = 2 * x1**2 + 0.1 * x2**2
    assert heights == pytest.approx(np.full(len(x1), level), rel=0.1, abs=0.01)  # linear between grid points


def test_settings_with_other_bowls_share_no_contours() -> None:
    context = context_of(_turned(0.0, 30.0))
    (axes,) = drawn(Trajectories(together=True), context).axes
    assert not axes.collections
    assert "No contours: the surfaces of the settings differ." in said(Trajectories(together=True), context)
    assert all(axes.collections for axes in drawn(Trajectories(), context).axes)  # each panel has its own


def test_another_problem_of_two_parameters_has_paths_and_no_contours() -> None:
    """Its parameters are called what they are called."""
    sweep = bowl_sweep()
    points = sweep.points.assign(metric=sweep.points["metric"].str.replace("param/x", "param/xy"))
    runs = sweep.runs.assign(**{"problem._target_": "my_package.Rosenbrock"})
    context = context_of(replace(sweep, recorded=Recorded.of(points), runs=runs))
    (axes,) = drawn(Trajectories(together=True), context).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("xy₁", "xy₂")
    assert not axes.collections
    assert "No contours: what the store keeps" in said(Trajectories(), context)


def test_a_path_that_diverges_does_not_decide_the_map() -> None:
    sweep = bowl_sweep()
    first = sweep.runs["run_id"].iloc[0]
    values = sweep.points["value"].where(sweep.points["run_id"] != first, 1e9)
    values[sweep.points["step"] == 0] = -2.0
    status = ["diverged", "ok"]
    context = context_of(
        replace(
            sweep,
            recorded=Recorded.of(sweep.points.assign(value=values)),
            runs=sweep.runs.assign(status=status),
        )
    )
    for axes in drawn(Trajectories(), context).axes:
        assert -10 < axes.get_xlim()[0] < axes.get_xlim()[1] < 10


def test_a_problem_of_other_dimensions_is_one_line() -> None:
    with pytest.raises(InvalidInput, match=r"^trajectories needs a problem of exactly two scalar parameters"):
        Trajectories().compute(context_of(parabola_sweep(seeds=1, steps=32)))


def test_at_most_the_best_are_shown() -> None:
    context = context_of(bowl_sweep())
    assert len(drawn(Trajectories(best=1), context).axes) == 1
    assert "Shown are the 1 of 2 that end lowest." in said(Trajectories(best=1), context)
