"""Numbers of the page: three digits, a median with the range of all repetitions."""

from collections.abc import Sequence

import numpy as np


def spread(values: Sequence[int | float]) -> str:
    """Return the median and, of several values, their range."""
    middle = short(median(values))
    return middle if len(values) == 1 else f"{middle} [{short(min(values))} to {short(max(values))}]"


def median(values: Sequence[int | float]) -> float:
    """Return the middle of the values."""
    return float(np.median(values))


def short(value: int | float) -> str:
    """Return three digits of a number, and all digits before the point."""
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
