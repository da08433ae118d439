"""The options of the bootstrap: their ranges, and a fresh stream for each interval."""

import pytest

from study.errors import InvalidInput
from study.stats.bootstrap import Bootstrap


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"confidence": 1.0}, r"^report.confidence must be a number in \(0, 1\), got 1.0$"),
        ({"confidence": True}, "got True"),
        ({"resamples": 99}, "^report.resamples must be a whole number from 100 to 100000, got 99$"),
        ({"resamples": 10**9}, "got 1000000000"),
        ({"seed": -1}, "^report.seed must be a whole number >= 0, got -1$"),
    ],
)
def test_ranges(values: dict[str, float], said: str) -> None:
    """A billion resamples would take all memory."""
    with pytest.raises(InvalidInput, match=said):
        Bootstrap(**values)  # type: ignore[arg-type]


def test_no_interval_depends_on_another() -> None:
    """Each draws from a fresh stream."""
    bootstrap = Bootstrap(seed=3)
    assert bootstrap.rng().random() == bootstrap.rng().random()
