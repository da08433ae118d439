"""Memory of a trainer: freed pieces stay with the process, for the next step asks for the same ones."""

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_PIECE, _LEFT = 2**25, 2**29  # bytes: the largest piece that is kept, and how much of them


def keep_freed() -> None:
    """Have the C library keep what is freed, where it is glibc.

    It would hand the values of a hidden layer, some MB for a stack, back to the system after each operation, and have
    every page of the next ones made anew: a fifth of the time of a large stack.

    Reference: mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD.
    """
    with suppress(OSError, TypeError, AttributeError):  # another system, or another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _PIECE)
        mallopt(_TRIM_THRESHOLD, _LEFT)
