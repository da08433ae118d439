r"""Momentum on a quadratic in closed form: path, rate of convergence and boundary of stability.

On f(x) = λ x² / 2 the gradient is λ x, so the pair (x, v) of place and velocity is multiplied at each step by a
matrix that depends on lr and λ through their product ηλ alone. Its powers are the path, its spectral radius is the
rate; where that passes 1 lies the greatest stable step. The velocity is torch's, times lr.

Reference:
    Polyak 1964, Some methods of speeding up the convergence of iteration methods.
    Lessard, Recht and Packard 2016, Analysis and design of optimization algorithms via integral quadratic
    constraints, section 2.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from typing_extensions import override


class LinearRule(ABC):
    """A rule whose step is linear in place, velocity and gradient."""

    @abstractmethod
    def matrix(self, product: float) -> Float[np.ndarray, "2 2"]:
        """Return what takes (x_t, v_t) to (x_(t+1), v_(t+1)) where lr times curvature is `product`."""

    @property
    @abstractmethod
    def boundary(self) -> float:
        """The lr times curvature below which the path dies out: there an eigenvalue of the matrix is -1."""

    def path(self, product: float, start: float, *, steps: int) -> Float[np.ndarray, " step"]:
        """Return x_1 ... x_steps from (start, 0): the first row of the matrix's powers.

        Example:
            Half of the way to 0 at each step; beyond the boundary each step leads further away.

            >>> GradientDescent().path(0.5, 8.0, steps=3).tolist()
            [4.0, 2.0, 1.0]
            >>> GradientDescent().path(3.0, 8.0, steps=3).tolist()
            [-16.0, 32.0, -64.0]
        """
        matrix = self.matrix(product)
        powers = [np.linalg.matrix_power(matrix, t) for t in range(1, steps + 1)]
        return np.array([power[0, 0] * start for power in powers])

    def rates(self, products: Float[np.ndarray, " product"]) -> Float[np.ndarray, " product"]:
        """Return the spectral radius for each product: the factor by which |x| shrinks (< 1) or grows per step."""
        matrices = np.stack([self.matrix(float(product)) for product in products])
        radius: np.ndarray = np.abs(np.linalg.eigvals(matrices)).max(axis=-1)
        return radius


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientDescent(LinearRule):
    """x_t = (1 - ηλ)^t x_0; stable for ηλ < 2."""

    @override
    def matrix(self, product: float) -> Float[np.ndarray, "2 2"]:
        return np.array([[1 - product, 0.0], [product, 0.0]])

    @override
    @property
    def boundary(self) -> float:
        return 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeavyBall(LinearRule):
    """v' = β v + ηλ x, x' = x - v'; stable for ηλ < 2 + 2β. Polyak (1964).

    Args:
        momentum: β in [0, 1).

    Example:
        >>> HeavyBall(momentum=0.5).boundary
        3.0
        >>> HeavyBall(momentum=0.5).path(1.0, 8.0, steps=3).tolist()
        [0.0, -4.0, -2.0]
    """

    momentum: float | int

    @override
    def matrix(self, product: float) -> Float[np.ndarray, "2 2"]:
        return np.array([[1 - product, -self.momentum], [product, self.momentum]])

    @override
    @property
    def boundary(self) -> float:
        return 2 + 2 * self.momentum


@dataclass(frozen=True, slots=True, kw_only=True)
class Nesterov(LinearRule):
    """v' = β v + ηλ x, x' = x - ηλ x - β v'; stable for ηλ < 2 (1 + β) / (1 + 2β).

    Args:
        momentum: β in [0, 1).

    Example:
        >>> Nesterov(momentum=0.5).boundary
        1.5
        >>> Nesterov(momentum=0.5).path(1.0, 8.0, steps=3).tolist()
        [-4.0, 0.0, 0.0]
    """

    momentum: float | int

    @override
    def matrix(self, product: float) -> Float[np.ndarray, "2 2"]:
        beta = self.momentum
        return np.array([[1 - (1 + beta) * product, -(beta**2)], [product, beta]])

    @override
    @property
    def boundary(self) -> float:
        return 2 * (1 + self.momentum) / (1 + 2 * self.momentum)
