"""The best fit of a small ReLU network: between a bound that no such network can pass and what SciPy's fits reach."""

import numpy as np
import pytest
import scipy.optimize
import torch

from study.problems.parabola import Parabola
from study.problems.relu_fit import relu_mse
from study.randomness import Source

PROBLEM = Parabola(name="parabola", points=1000, noise=0.1, width=20, cap=1e3)


def test_one_unit_is_the_best_of_all_that_are_tried() -> None:
    """Each kink and direction in turn, fitted by NumPy."""
    x = np.linspace(-1, 1, 60)
    y = np.random.default_rng(0).normal(size=60)
    kinks = np.linspace(-1, 1, 201)
    units = [np.maximum(side * (x - kink), 0) for kink in kinks for side in (1, -1)]
    errors = []
    for unit in units:
        design = np.stack([np.ones(60), unit], axis=1)
        errors.append(np.mean((design @ np.linalg.lstsq(design, y)[0] - y) ** 2))
    assert _relu_mse(x, y, 1) == pytest.approx(min(errors), rel=1e-9)


def test_what_a_network_made_is_found_again() -> None:
    x = np.linspace(-1, 1, 200)
    y = 0.5 - np.maximum(x + 0.5, 0) + 3 * np.maximum(0.3 - x, 0) + 2 * np.maximum(x - 0.1, 0)
    assert _relu_mse(x, y, 3) < 1e-20


@pytest.mark.parametrize(("points", "units"), [(1, 20), (2, 3), (10, 20)])
def test_as_many_units_as_points_fit_them_all(points: int, units: int) -> None:
    y = np.random.default_rng(0).normal(size=points)
    assert _relu_mse(np.linspace(-1, 1, points), y, units) < 1e-20


def test_a_seeds_fit_is_lower_than_its_noise_and_higher_than_any_lines_in_pieces() -> None:
    """A network of 20 units is at most 21 lines, which meet; the best 21 lines that need not meet are exactly known.

    The parabola's own loss on the samples is their noise.
    """
    data = PROBLEM.data(Source("parabola", 3))
    x, y = (values[:, 0].double().numpy() for values in (data.inputs, data.targets))
    found = PROBLEM.train_floor(data)
    assert found is not None
    assert _best_pieces(x, y, 21) < found < np.mean((y - x**2) ** 2)
    assert found == PROBLEM.train_floor(PROBLEM.data(Source("parabola", 3)))


@pytest.mark.slow
def test_many_seeds_together_are_found_what_each_is_alone() -> None:
    data = [PROBLEM.data(Source("parabola", seed)) for seed in range(40)]
    assert PROBLEM.train_floors(data) == [PROBLEM.train_floor(seed) for seed in data]


def test_very_wide_networks_have_none() -> None:
    wide = Parabola(name="parabola", points=10, noise=0.1, width=65, cap=1e3)
    assert wide.train_floor(wide.data(Source("parabola", 0))) is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_no_fit_of_scipy_is_lower(seed: int) -> None:
    """Levenberg-Marquardt over all 61 parameters, from six starts as the network's own are drawn."""
    data = PROBLEM.data(Source("parabola", seed))
    x, y = (values[:, 0].double().numpy() for values in (data.inputs, data.targets))
    found = PROBLEM.train_floor(data)
    assert found is not None
    rng, reached = np.random.default_rng(seed), []
    for _ in range(6):
        start = np.concatenate([rng.uniform(-1, 1, 40), rng.uniform(-(20**-0.5), 20**-0.5, 21)])
        fit = scipy.optimize.least_squares(
            _residuals, start, _jacobian, method="lm", args=(x, y), max_nfev=300
        )
        reached.append(2 * fit.cost / len(x))
    assert found < min(reached) < 1.1 * found


def _relu_mse(x: np.ndarray, y: np.ndarray, units: int) -> float:
    (found,) = relu_mse(torch.from_numpy(x)[:, None], torch.from_numpy(y)[None, :, None], units)
    return found


def _best_pieces(x: np.ndarray, y: np.ndarray, pieces: int) -> float:
    """Return the least mean squared error of so many lines, one after the other, by dynamic programming."""
    sums = [np.concatenate([[0], np.cumsum(values)]) for values in (x**0, x, y, x * x, x * y, y * y)]
    n, sx, sy, sxx, sxy, syy = (total[None, :] - total[:, None] for total in sums)  # [first, end]
    with np.errstate(all="ignore"):
        vx, vy, cov = sxx - sx**2 / n, syy - sy**2 / n, sxy - sx * sy / n
        cost = vy - cov**2 / vx
    cost[n <= 2] = 0
    cost[n <= 0] = np.inf
    best = cost[0]
    for _ in range(pieces - 1):
        best = np.minimum(best, (best[:, None] + cost).min(axis=0))
    return float(best[-1] / len(x))


def _hidden(theta: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    before = np.outer(x, theta[:20]) + theta[20:40]
    return np.maximum(before, 0), (before > 0).astype(float)


def _residuals(theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray(_hidden(theta, x)[0] @ theta[40:60] + theta[60] - y)


def _jacobian(theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    hidden, on = _hidden(theta, x)
    moved = on * theta[40:60]
    return np.hstack([moved * x[:, None], moved, hidden, np.ones((len(y), 1))])
