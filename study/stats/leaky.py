"""What a leaky average remembers."""

import numpy as np
from jaxtyping import Float


def leaky_weights(gamma: float, steps: int) -> Float[np.ndarray, " step"]:
    """Return the weight of the value j steps ago: (1 - gamma) gamma^j for j = 0, ..., steps - 1.

    It follows from s_t = gamma s_{t-1} + (1 - gamma) v_t by inserting s_{t-1}, again and again. The weights
    sum to 1 - gamma^steps; their effective window is 1 / (1 - gamma).

    Args:
        gamma: how much of the past is kept, in [0, 1).
        steps: how far back.

    Example:
        >>> leaky_weights(0.5, steps=3).tolist()
        [0.5, 0.25, 0.125]
    """
    return (1 - gamma) * gamma ** np.arange(steps, dtype=float)
