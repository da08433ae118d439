"""Rows and the ladder of targets: against a plain loop, and by hand."""

import numpy as np
import pandas as pd
import pytest

from study.compare.rows import RUNGS, SOLVED, furthest, ladder, steps_down, steps_of_half, to_solved


def test_the_ladder_goes_down_by_eighths_of_a_decade_to_where_a_problem_is_solved() -> None:
    targets = ladder()
    assert len(targets) == RUNGS + 1
    assert targets[0] == 1
    assert targets[8] == pytest.approx(0.1)
    assert targets[-1] == pytest.approx(SOLVED)


def test_the_first_step_below_each_target_is_that_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    steps = np.arange(0, 400, 10)
    excess = 5 * np.exp(-0.05 * np.arange(40)) * rng.lognormal(0, 0.8, 40)
    wanted = []
    for target in (10 ** (-k / 8) * excess[0] for k in range(RUNGS + 1)):
        below = [int(step) for step, value in zip(steps, excess, strict=True) if value <= target * (1 + 1e-9)]
        if not below:
            break
        wanted.append(below[0])
    assert steps_down(steps, excess).tolist() == wanted
    assert 4 < len(wanted) < RUNGS


@pytest.mark.parametrize("start", [np.nan, 0.0, -1.0])
def test_without_an_excess_at_the_start_there_is_no_target(start: float) -> None:
    assert len(steps_down(np.array([0, 1]), np.array([start, 0.0]))) == 0


def test_half_of_the_runs_reach_a_target_as_counted_by_hand() -> None:
    reached = [[0, 4, 9], [0, 2], [0, 6], []]
    assert furthest(reached) == 1
    assert steps_of_half(reached, 0) == 0
    assert steps_of_half(reached, 1) == 4  # 2 of 4 are there by step 4
    assert steps_of_half(reached, 2) == np.inf
    assert furthest([[], [], [0, 1]]) == -1


def test_below_a_share_of_the_start_a_problem_is_solved_unless_its_loss_resolves_less() -> None:
    rows = pd.DataFrame(
        {"initial_eval_loss": [3.0, 3.0, 3.0], "floor": [1.0, 1.0, np.nan], "resolution": [0.0, 1e-3, 1e-9]}
    )
    assert to_solved(rows)["resolution"].tolist() == [2e-8, 1e-3, 1e-9]
