"""The matrices against loops over scalars, rates and boundaries against closed forms of the eigenvalues."""

import numpy as np
import pytest

from study.theory import GradientDescent, HeavyBall, LinearRule, Nesterov

BETAS = [0.0, 0.1, 0.5, 0.9, 0.99]
WITH_MOMENTUM = [HeavyBall, Nesterov]


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


@pytest.mark.parametrize("beta", BETAS)
def test_the_rate_passes_one_at_the_boundary(beta: float) -> None:
    for rule in (GradientDescent(), HeavyBall(momentum=beta), Nesterov(momentum=beta)):
        below, at, above = rule.rates(rule.boundary + np.array([-0.01, 0.0, 0.01]))
        assert below < 1 < above
        assert at == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("rule", WITH_MOMENTUM)
def test_without_momentum_it_is_gradient_descent(rule: type[HeavyBall | Nesterov]) -> None:
    products = np.linspace(0.1, 3.9, 20)
    for found in (rule(momentum=0.0).rates(products), GradientDescent().rates(products)):
        np.testing.assert_allclose(found, abs(1 - products), atol=1e-15)
    assert rule(momentum=0.0).boundary == GradientDescent().boundary == 2


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9])
def test_oscillating_heavy_ball_shrinks_by_the_root_of_beta(beta: float) -> None:
    middle = np.array([1 + beta])  # of (1 - √β)², (1 + √β)²
    assert HeavyBall(momentum=beta).rates(middle) == pytest.approx(np.sqrt(beta), rel=1e-12)


@pytest.mark.parametrize("beta", [0.5, 0.9])
def test_oscillating_nag_shrinks_faster(beta: float) -> None:
    found = Nesterov(momentum=beta).rates(np.array([0.5]))
    assert found == pytest.approx(np.sqrt(beta * 0.5), rel=1e-12)


@pytest.mark.parametrize("rule", WITH_MOMENTUM)
@pytest.mark.parametrize("beta", [0.0, 0.3, 0.9])
def test_rates_are_those_of_the_recursion_over_places(rule: type[HeavyBall | Nesterov], beta: float) -> None:
    """Of x_{t+1} = p x_t + q x_{t-1}, whose characteristic roots z² = p z + q hold no velocity."""
    for a in np.linspace(0.05, 3.95, 14):
        now, before = (1 + beta - a, -beta)
        if rule is Nesterov:
            now, before = ((1 + beta) * (1 - a), -beta * (1 - a))
        roots = np.roots([1, -now, -before])
        # a nearly double root moves by the square root of rounding
        assert rule(momentum=beta).rates(np.array([a])) == pytest.approx(abs(roots).max(), rel=1e-7)


@pytest.mark.parametrize(
    ("rule", "expected"), [(HeavyBall, [2, 2.2, 3, 3.8]), (Nesterov, [2, 11 / 6, 1.5, 19 / 14])]
)
def test_boundaries_by_hand(rule: type[HeavyBall | Nesterov], expected: list[float]) -> None:
    assert [rule(momentum=beta).boundary for beta in BETAS[:4]] == pytest.approx(expected, rel=1e-12)
