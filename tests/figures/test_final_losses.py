"""Every run's last value, joined where that is fair."""

from dataclasses import replace

import numpy as np

from study.certify.sweeps import parabola_sweep
from study.figures.final_losses import FinalLosses
from tests.figures.drawing import context_of, drawn, said

JOIN = "#9aa3af"


def test_every_run_is_a_dot_at_its_value() -> None:
    """A diverged one is a cross on the edge."""
    sweep = parabola_sweep(seeds=3, steps=40)
    axes = drawn(FinalLosses(), context_of(sweep)).axes[0]
    dots = [line for line in axes.get_lines() if line.get_marker() == "o"]
    drawn_values = np.sort(np.concatenate([np.asarray(line.get_xdata(), dtype=float) for line in dots]))
    finite = sweep.runs["last_epoch_loss"][np.isfinite(sweep.runs["last_epoch_loss"])]
    assert drawn_values.tolist() == sorted(finite)
    (cross,) = (line for line in axes.get_lines() if line.get_marker() == "x")
    assert np.asarray(cross.get_xdata()).tolist() == [axes.get_xlim()[1]]


def test_seeds_are_joined_only_if_paired() -> None:
    """Another order digest for one label: no grey lines, and the caption says why."""
    sweep = parabola_sweep(seeds=3, steps=40)
    lines = drawn(FinalLosses(), context_of(sweep)).axes[0].get_lines()
    assert sum(line.get_color() == JOIN for line in lines) == 3
    orders = sweep.runs["order_sha"].where(sweep.runs["optimizer"] != "adam", "another")
    context = context_of(replace(sweep, runs=sweep.runs.assign(order_sha=orders)))
    assert not any(line.get_color() == JOIN for line in drawn(FinalLosses(), context).axes[0].get_lines())
    assert "labels differ in the order of minibatches" in said(FinalLosses(), context)


def test_the_value_is_the_reports_unless_it_has_its_own() -> None:
    context = context_of(parabola_sweep(seeds=3, steps=40), value="excess")
    assert FinalLosses().compute(context).value == "excess"
    assert FinalLosses(value="final_eval_loss").compute(context).value == "final_eval_loss"
