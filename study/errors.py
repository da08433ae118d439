"""The one kind of error a person can cause, and how the valid choices are listed."""

from collections.abc import Iterable
from difflib import get_close_matches


class InvalidInput(ValueError):
    """Say what must hold, what was received, and what to write instead; shown without a traceback."""


def one_of(what: str, received: object, choices: Iterable[str]) -> str:
    """Return the message for a wrong choice: the valid ones and, where one is close, the nearest."""
    valid = sorted(choices)
    near = get_close_matches(str(received), valid, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{what} must be one of {', '.join(valid)}; got {received!r}{hint}"
