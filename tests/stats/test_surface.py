"""Surfaces and paths on a map by hand, and against the problems' own losses."""

import numpy as np
import pandas as pd
import pytest
import torch

from study.certify.sweeps import bowl_sweep, parabola_sweep
from study.errors import InvalidInput
from study.problems.base import Problem
from study.problems.beale import Beale
from study.problems.bowl import Bowl
from study.problems.plateau import Plateau
from study.problems.rosenbrock import Rosenbrock
from study.stats.surface import Surface, paths, surfaces

BOWL = "study.problems.bowl.Bowl"


def test_surface_by_hand() -> None:
    """f(-5, -2) = 2.5 + 8; turned by 90 degrees the coefficients change places."""
    x, y = np.meshgrid([-5.0, 0.0], [-2.0, 0.0])
    straight, turned = (Surface(BOWL, (0.1, 2.0, rotation)).height(x, y) for rotation in (0.0, 90.0))
    assert straight == pytest.approx(np.array([[10.5, 8.0], [2.5, 0.0]]), rel=1e-15)
    assert turned == pytest.approx(np.array([[50.4, 0.4], [50.0, 0.0]]), rel=1e-14)


@pytest.mark.parametrize(
    ("problem", "settings"),
    [
        (Bowl("bowl", (0.3, 1.7), (1.0, 1.0), -75.0, 1e12), (0.3, 1.7, -75.0)),
        (Rosenbrock("rosenbrock", (-1.5, 2.0), 0.1, 1e6), ()),
        (Beale("beale", (0.1, 0.9), 0.05, 1e6), ()),
        (Plateau("plateau", (1.0, 3.0), (4.0, 6.0), 1e3), (1.0, 3.0)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_surface_is_the_loss_that_the_problem_trains_on(
    problem: Problem, settings: tuple[float, ...]
) -> None:
    surface = Surface(f"{type(problem).__module__}.{type(problem).__name__}", settings)
    x, y = np.meshgrid([-5.0, 0.3, surface.minimum[0]], [-2.0, 1.1, surface.minimum[1]])
    model, heights = problem.model(), surface.height(x, y)
    for place in np.ndindex(3, 3):
        with torch.no_grad():
            model.get_parameter("x1").fill_(float(x[place]))
            model.get_parameter("x2").fill_(float(y[place]))
            expected = float(model(torch.zeros(1, 1)))
        assert heights[place] == pytest.approx(expected, rel=1e-12)
    assert heights[2, 2] == 0  # the floor, at the minimum


def test_the_surface_of_each_label_is_read_from_its_runs() -> None:
    runs = bowl_sweep().runs.assign(**{"problem.rotation": [0.0, 30.0]})
    assert surfaces(runs) == {
        "sgd lr=0.4": Surface(BOWL, (0.1, 2.0, 0.0)),
        "sgd lr=0.1": Surface(BOWL, (0.1, 2.0, 30.0)),
    }
    assert surfaces(parabola_sweep(seeds=1, steps=32).runs) == {}


def test_paths_put_the_coordinates_side_by_side() -> None:
    """The closed form of gradient descent, read back from points."""
    walked, names = paths(bowl_sweep().points)
    path = walked[walked["run_id"] == "0000-0000"]
    assert names == ("x1", "x2")
    assert path["step"].tolist() == list(range(21))
    assert path["x"].to_numpy() == pytest.approx(-5 * 0.92 ** np.arange(21), rel=1e-14)
    assert path["y"].to_numpy() == pytest.approx(-2 * (-0.6) ** np.arange(21), rel=1e-12)


@pytest.mark.parametrize(
    ("names", "said"), [((), "none recorded"), (("w",), "got 1: w"), (("c", "a", "b"), "got 3: a, b, c")]
)
def test_a_map_has_two_directions(names: tuple[str, ...], said: str) -> None:
    metrics = ["train/loss", *(f"param/{name}" for name in names)]
    points = pd.DataFrame({"run_id": "0", "metric": metrics, "step": 0, "value": 1.0})
    with pytest.raises(InvalidInput, match=said):
        paths(points)
