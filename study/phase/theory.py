"""What linear algebra says of momentum on f(x) = λ/2 x²: rate of convergence and boundary of stability.

The two steps behind determine the next one, so an update is a 2x2 matrix M with (x_{t+1}, x_t) = M (x_t, x_{t-1}).
With a = ηλ and the momentum β, in torch's form of the rules::

    heavy ball   x_{t+1} = (1 + β - a) x_t - β x_{t-1}
    NAG          x_{t+1} = (1 + β)(1 - a) x_t - β (1 - a) x_{t-1}

and β = 0 is gradient descent, x_{t+1} = (1 - a) x_t.

Reference:
    Polyak 1964, Some methods of speeding up the convergence of iteration methods.
    Lessard, Recht and Packard 2016, Analysis and design of optimization algorithms via integral quadratic
    constraints, section 2.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float

Rule = Literal["heavy ball", "NAG"]
RULES: tuple[Rule, ...] = ("heavy ball", "NAG")


def rate(rule: Rule, a: Float[np.ndarray, "*cell"], beta: Float[np.ndarray, "*cell"]) -> np.ndarray:
    """Return the spectral radius of M: the factor by which |x| shrinks (< 1) or grows (> 1) at each step."""
    now, before = {
        "heavy ball": (1 + beta - a, -beta),
        "NAG": ((1 + beta) * (1 - a), -beta * (1 - a)),
    }[rule]
    one, zero = np.ones_like(a), np.zeros_like(a)
    matrices = np.stack([np.stack([now, before], axis=-1), np.stack([one, zero], axis=-1)], axis=-2)
    radius: np.ndarray = np.abs(np.linalg.eigvals(matrices)).max(axis=-1)
    return radius


def boundary(rule: Rule, beta: Float[np.ndarray, "*cell"]) -> np.ndarray:
    """Return the ηλ from which on the rule diverges: there an eigenvalue of M is -1."""
    limit: np.ndarray = 2 + 2 * beta if rule == "heavy ball" else 2 * (1 + beta) / (1 + 2 * beta)
    return limit
