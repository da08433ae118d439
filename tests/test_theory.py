"""The matrices against loops over scalars, and the boundaries against spectral radii."""

import numpy as np
import pytest

from study.theory import GradientDescent, HeavyBall, LinearRule, Nesterov


def _loop(beta: float, product: float, *, ahead: bool, steps: int) -> list[float]:
    x, v, places = 1.5, 0.0, []
    for _ in range(steps):
        g = product * x
        v = beta * v + g
        x -= g + beta * v if ahead else v
        places.append(x)
    return places


@pytest.mark.parametrize("product", [0.1, 1.0, 1.9])
def test_paths_are_those_of_loops(product: float) -> None:
    table: list[tuple[LinearRule, list[float]]] = [
        (GradientDescent(), [1.5 * (1 - product) ** t for t in range(1, 31)]),
        (HeavyBall(momentum=0.7), _loop(0.7, product, ahead=False, steps=30)),
        (Nesterov(momentum=0.7), _loop(0.7, product, ahead=True, steps=30)),
    ]
    for rule, expected in table:
        found = rule.path(product, 1.5, steps=30)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_boundary_is_where_the_spectral_radius_passes_one(beta: float) -> None:
    for rule in (GradientDescent(), HeavyBall(momentum=beta), Nesterov(momentum=beta)):
        below, at, above = (
            np.abs(np.linalg.eigvals(rule.matrix(rule.boundary * factor))).max()
            for factor in (0.999, 1.0, 1.001)
        )
        assert below < 1 < above
        assert at == pytest.approx(1, abs=1e-9)
