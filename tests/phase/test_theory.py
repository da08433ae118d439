"""Rates and boundaries against closed forms of the 2x2 matrices' eigenvalues, and against simulation by hand."""

import numpy as np
import pytest

from study.phase.theory import RULES, Rule, boundary, rate

BETA = np.array([0.0, 0.1, 0.5, 0.9, 0.99])


@pytest.mark.parametrize("rule", RULES)
def test_without_momentum_it_is_gradient_descent(rule: Rule) -> None:
    a = np.linspace(0.1, 3.9, 20)
    np.testing.assert_allclose(rate(rule, a, np.zeros(20)), abs(1 - a), atol=1e-15)
    assert boundary(rule, np.zeros(1)) == 2


@pytest.mark.parametrize("rule", RULES)
def test_rate_is_one_on_the_boundary_and_crosses_it_there(rule: Rule) -> None:
    a = boundary(rule, BETA)
    np.testing.assert_allclose(rate(rule, a, BETA), 1, rtol=1e-12)
    assert (rate(rule, a - 0.01, BETA) < 1).all()
    assert (rate(rule, a + 0.01, BETA) > 1).all()


def test_oscillating_heavy_ball_shrinks_by_the_root_of_beta() -> None:
    beta = np.array([0.1, 0.5, 0.9])
    a = 1 + beta  # in the middle of (1 - √β)², (1 + √β)²
    np.testing.assert_allclose(rate("heavy ball", a, beta), np.sqrt(beta), rtol=1e-12)


def test_oscillating_nag_shrinks_faster() -> None:
    beta, a = np.array([0.5, 0.9]), np.array([0.5, 0.5])
    np.testing.assert_allclose(rate("NAG", a, beta), np.sqrt(beta * (1 - a)), rtol=1e-12)


@pytest.mark.parametrize(
    ("rule", "expected"), [("heavy ball", [2, 2.2, 3, 3.8]), ("NAG", [2, 11 / 6, 1.5, 19 / 14])]
)
def test_boundaries_by_hand(rule: Rule, expected: list[float]) -> None:
    np.testing.assert_allclose(boundary(rule, BETA[:4]), expected, rtol=1e-12)
