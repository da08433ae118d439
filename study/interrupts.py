"""Interrupts: what Ctrl-C (SIGINT) and SIGTERM do to a command, whatever it is doing.

While there is nothing to be put in order, they end the process at once. An exception would be lost: packages that are
being imported take it for another one, go on without a word, or abort.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from study.errors import Interrupted, Terminated, TooLong

KEPT = "interrupted: what was written before is kept, and the same command goes on"
"""True at every moment of every command."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN = 0.05  # seconds until a signal that came in the middle of an import is looked at again
_INSIST = 1.0  # seconds until `TooLong` is raised once more, where what it was raised in goes on

_LEAVING = (__file__, contextlib.__file__)
"""Where `limited` itself is entered and left: raised there, `TooLong` would leave the timer behind."""

Handler = Callable[[int, FrameType | None], object]


def end_at_once(tidy: Callable[[], object] = lambda: None) -> None:
    """From now on, let a signal end the process where it is, with a line that says what is kept.

    Args:
        tidy: is called before: it must not wait for anything.
    """

    def leave(number: int, _: FrameType | None) -> None:
        tidy()
        with suppress(Exception):  # it may be in the middle of a write
            sys.stdout.flush()
        clear = "\r\x1b[K\x1b[?25h" if os.isatty(2) else ""  # the line, and the cursor is shown
        os.write(2, f"{clear}{KEPT}\n".encode())
        os._exit(128 + number)

    _heed(leave)


def raise_them() -> None:
    """From now on, let a signal raise `Interrupted` or `Terminated`: what was begun is then ended in order."""
    _heed(_raise)


@contextmanager
def as_before() -> Iterator[None]:
    """Let signals do afterwards what they did before, whatever they do inside."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def raised() -> Iterator[None]:
    """Let a signal raise inside, and do afterwards what it did before."""
    with as_before():
        raise_them()
        yield


@contextmanager
def held() -> Iterator[None]:
    """Hold signals back inside; a command of the study that is started there meets them once it heeds them.

    Until then it is an interpreter that begins, and ends with a traceback.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def limited(seconds: float | int | None) -> Iterator[None]:
    """Raise `TooLong` inside when so many seconds have passed, None never; Python's main thread alone can be."""
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(_: int, frame: FrameType | None) -> None:
        leaving = frame is not None and frame.f_code.co_filename in _LEAVING
        if not leaving and not _is_importing(frame):
            raise TooLong

    before = signal.signal(signal.SIGALRM, late)
    left, each = signal.setitimer(signal.ITIMER_REAL, seconds, _INSIST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, each)
        signal.signal(signal.SIGALRM, before)


def _heed(handler: Handler) -> None:
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as for what a shell starts in the background
            signal.signal(number, handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _raise(number: int, frame: FrameType | None) -> None:
    """Raise, but never in the middle of an import: soon after it."""
    if _is_importing(frame):
        signal.signal(signal.SIGALRM, lambda _, at: _raise(number, at))
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        return
    raise Interrupted if number == signal.SIGINT else Terminated


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False
