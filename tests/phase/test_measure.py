"""Measured rates against the spectral radius, cell by cell, and the estimator against sequences of known rate."""

from collections.abc import Mapping

import numpy as np
import pytest

from study.phase.measure import RULES, STEPS, measured_rates, rate_of

SIZE = 64
A = (np.arange(SIZE) + 0.5) * 4 / SIZE
BETA = np.linspace(0, 1 - 1 / SIZE, SIZE // 4)


@pytest.fixture(scope="module")
def measured() -> Mapping[str, np.ndarray]:
    return dict(zip(RULES, measured_rates(RULES, A, BETA), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_every_cell_lies_on_its_side_of_the_boundary(rule: str, measured: Mapping[str, np.ndarray]) -> None:
    edge = np.array([[RULES[rule](momentum=float(beta)).boundary] for beta in BETA])
    clear = abs(A - edge) > A[0]  # half a pixel: all but the boundary's own
    assert clear.mean() > 0.97
    np.testing.assert_array_equal((measured[rule] < 1)[clear], (edge > A)[clear])


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_every_rate_is_the_spectral_radius(rule: str, measured: Mapping[str, np.ndarray]) -> None:
    expected = np.stack([RULES[rule](momentum=float(beta)).rates(A) for beta in BETA])
    # 3%: crests missed between steps, and the factor t of a nearly double eigenvalue, over some 100 steps
    np.testing.assert_allclose(measured[rule], expected, rtol=0.03)
    assert np.median(abs(measured[rule] / expected - 1)) < 5e-4
    assert np.isfinite(measured[rule]).all()


@pytest.mark.slow
def test_lowest_row_is_gradient_descent_for_both_rules(measured: Mapping[str, np.ndarray]) -> None:
    for rule in RULES:
        np.testing.assert_allclose(measured[rule][0], abs(1 - A), rtol=1e-12)


@pytest.mark.parametrize("factor", [0.01, 0.02, 0.5, 0.999, 1.0, 1.001, 5.9])
def test_rate_of_a_geometric_sequence(factor: float) -> None:
    with np.errstate(over="ignore", under="ignore"):
        size = np.full((1, STEPS + 1), factor) ** np.arange(STEPS + 1)
    assert rate_of(size) == pytest.approx(factor, rel=1e-9)


def test_rate_of_an_oscillation_that_passes_through_zero() -> None:
    t = np.arange(STEPS + 1)
    size = np.abs(0.9**t * np.where(t % 4 == 2, 0.0, np.cos(t * np.pi / 4)))
    assert rate_of(size[None]) == pytest.approx(0.9, rel=1e-3)


def test_rate_after_overflow_and_nan() -> None:
    size = 10.0 ** np.arange(STEPS + 1.0).clip(max=308)
    size[300:], size[350:] = np.inf, np.nan
    assert rate_of(size[None]) == pytest.approx(10, rel=1e-9)
