"""What conftest.py promises of every test."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from study.phase.measure import rate_of


def test_shapes_named_in_signatures_are_checked() -> None:
    with pytest.raises(TypeCheckError, match=r"rate_of.*\n.*size"):
        rate_of(np.ones(33))
