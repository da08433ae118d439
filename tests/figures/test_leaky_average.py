"""The weights of the averages that the runs used."""

from dataclasses import replace

import numpy as np
import pytest

from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.figures.leaky_average import LeakyAverage
from tests.figures.drawing import context_of, drawn, said


def test_gammas_are_those_of_the_runs() -> None:
    """Weights (1 - gamma) gamma^j, and the window of .99 is a hundred steps."""
    sweep = parabola_sweep(seeds=1, steps=32)
    alphas = [0.99, 0.5, 0.99, np.nan]
    context = context_of(replace(sweep, runs=sweep.runs.assign(**{"optimizer.alpha": alphas})))
    lines = drawn(LeakyAverage(steps=3), context).axes[0].get_lines()
    assert [np.asarray(line.get_ydata()).tolist() for line in lines] == [
        pytest.approx([0.01, 0.0099, 0.009801]),
        pytest.approx([0.5, 0.25, 0.125]),
    ]
    assert "100 steps for γ = 0.99, 2 steps for γ = 0.5" in said(LeakyAverage(), context)


def test_given_gammas_need_no_runs_with_one() -> None:
    sweep = parabola_sweep(seeds=1, steps=32)
    context = context_of(replace(sweep, runs=sweep.runs.drop(columns="optimizer.alpha")))
    assert list(LeakyAverage(gammas=(0.9, 0.8)).compute(context)) == [0.9, 0.8]
    with pytest.raises(
        InvalidInput, match=r"^leaky_average.gammas must be given, .* no run has optimizer.alpha$"
    ):
        LeakyAverage().compute(context)


def test_a_gamma_of_one_never_forgets() -> None:
    with pytest.raises(
        InvalidInput, match=r"^leaky_average.gammas must be a list of one or more numbers in \[0, 1\)"
    ):
        LeakyAverage(gammas=(0.9, 1.0))
