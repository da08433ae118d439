"""Errors that are told in one line: invalid input, the one kind that a person can cause, and a store that fails."""

import signal
from collections.abc import Iterable
from difflib import get_close_matches


class InvalidInput(ValueError):
    """Say what must hold, what was received, and what to write instead; shown without a traceback."""


class NotKept(Exception):
    """Say why a sweep that was begun cannot go on: its store fails, or its workers; shown without a traceback."""


class Interrupted(KeyboardInterrupt):
    """The process was interrupted (Ctrl-C): no `KeyboardInterrupt` that a rule raises of its own is one of these."""


class Terminated(SystemExit):
    """The process was told to end (SIGTERM), which no crash of what somebody brought may be mistaken for."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)  # the exit status that a shell gives to what was so ended


class TooLong(BaseException):
    """What was given some seconds has had them; no `except` of what somebody brought is to take it for a crash."""


CRASHES = (Exception, SystemExit, KeyboardInterrupt)
"""What code from anywhere may raise. `ORDERS`, which are for this process, are caught before."""

ORDERS = (Interrupted, Terminated)


def one_of(what: str, received: object, choices: Iterable[str]) -> str:
    """Return the message for a wrong choice: the valid ones and, where one is close, the nearest.

    Example:
        >>> one_of("optimizer", "adm", ["sgd", "adam"])
        "optimizer must be one of adam, sgd; got 'adm'; did you mean 'adam'?"
    """
    valid = sorted(choices)
    return (
        f"{what} must be one of {', '.join(valid)}; got {received!r}{nearest(received, valid, quoted=True)}"
    )


def nearest(received: object, choices: Iterable[str], *, quoted: bool = False) -> str:
    """Return the question whether the nearest of some choices was meant, or nothing where none is near.

    >>> nearest("optimizer.beta", ["optimizer.lr", "optimizer.betas"])
    '; did you mean optimizer.betas?'
    """
    near = get_close_matches(str(received), list(choices), n=1, cutoff=0.6)
    if not near:
        return ""
    return f"; did you mean {near[0]!r}?" if quoted else f"; did you mean {near[0]}?"
