"""The bowl's surface and paths on a map by hand, and against the problem's own loss."""

import numpy as np
import pandas as pd
import pytest
import torch

from study.certify.sweeps import bowl_sweep, parabola_sweep
from study.errors import InvalidInput
from study.problems.bowl import Bowl as BowlProblem
from study.stats.surface import Bowl, bowl_surface, bowls, paths


def test_surface_by_hand() -> None:
    """f(-5, -2) = 2.5 + 8; turned by 90 degrees the coefficients change places."""
    x1, x2 = np.array([-5.0, 0.0]), np.array([-2.0, 0.0])
    straight = bowl_surface(x1, x2, Bowl(0.1, 2.0, 0.0))
    assert straight == pytest.approx(np.array([[10.5, 8.0], [2.5, 0.0]]), rel=1e-15)
    turned = bowl_surface(x1, x2, Bowl(0.1, 2.0, 90.0))
    assert turned == pytest.approx(np.array([[50.4, 0.4], [50.0, 0.0]]), rel=1e-14)


@pytest.mark.parametrize("rotation", [0.0, 30.0, -75.0])
def test_surface_is_the_loss_that_the_problem_trains_on(rotation: float) -> None:
    problem = BowlProblem("bowl", (0.3, 1.7), (1.0, 1.0), rotation, 1e12)
    model = problem.model()
    x, y = np.array([-5.0, 0.3]), np.array([-2.0, 1.1, 4.0])
    heights = bowl_surface(x, y, Bowl(0.3, 1.7, rotation))
    for column, row in np.ndindex(2, 3):
        with torch.no_grad():
            model.get_parameter("x1").fill_(float(x[column]))
            model.get_parameter("x2").fill_(float(y[row]))
            expected = float(model(torch.zeros(1, 1)))
        assert heights[row, column] == pytest.approx(expected, rel=1e-13)


def test_the_bowl_of_each_label_is_read_from_its_runs() -> None:
    runs = bowl_sweep().runs.assign(**{"problem.rotation": [0.0, 30.0]})
    assert bowls(runs) == {"sgd lr=0.4": Bowl(0.1, 2.0, 0.0), "sgd lr=0.1": Bowl(0.1, 2.0, 30.0)}
    assert bowls(parabola_sweep(seeds=1, steps=32).runs) == {}


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
