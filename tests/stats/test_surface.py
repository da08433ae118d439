"""The bowl's surface and its paths by hand."""

import numpy as np
import pytest

from study.stats.surface import bowl_surface, paths
from tests.report.synthetic import bowl_sweep


def test_surface_by_hand() -> None:
    """f(-5, -2) = 2.5 + 8; turned by 90 degrees the coefficients change places."""
    x1, x2 = np.array([-5.0, 0.0]), np.array([-2.0, 0.0])
    assert bowl_surface(x1, x2) == pytest.approx(np.array([[10.5, 8.0], [2.5, 0.0]]), rel=1e-15)
    turned = bowl_surface(x1, x2, rotation=90.0)
    assert turned == pytest.approx(np.array([[50.4, 0.4], [50.0, 0.0]]), rel=1e-14)


def test_paths_put_the_coordinates_side_by_side() -> None:
    """The closed form of gradient descent, read back from points."""
    walked = paths(bowl_sweep().points)
    path = walked[walked["run_id"] == "0000-0000"]
    assert path["step"].tolist() == list(range(21))
    assert path["x1"].to_numpy() == pytest.approx(-5 * 0.92 ** np.arange(21), rel=1e-14)
    assert path["x2"].to_numpy() == pytest.approx(-2 * (-0.6) ** np.arange(21), rel=1e-12)
