"""Memory of a trainer: how much there is, and freed pieces stay with the process: the next step asks for the same."""

import ctypes
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

POINTS_AT_ONCE = {"cpu": 2**16, "cuda": 2**25}
"""Points evaluated in one call: on a CPU so few that a hidden layer's values stay in its cache, on a GPU so few
that they fit into its memory."""

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


def available() -> int | None:
    """Return the bytes of memory that this process may still take, None on a system that does not tell."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
        return min(free, _of_container(free))
    return None


def _of_container(free: int) -> int:
    """Return what is left to a container that may not take all memory there is."""
    with suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        most, taken = (int((group / f"memory.{name}").read_text()) for name in ("max", "current"))
        cached = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return most - taken + int(cached.get("inactive_file", 0))
    return free


@contextmanager
def bounded() -> Iterator[None]:
    """Have what asks for more memory than there is fail inside, by an error of its own; else the system ends it all.

    Reference: getrlimit(2), RLIMIT_DATA.
    """
    before, free = resource.getrlimit(resource.RLIMIT_DATA), available()
    with suppress(OSError, ValueError, StopIteration):
        if free is not None and before[0] == resource.RLIM_INFINITY:
            lines = Path("/proc/self/status").read_text().splitlines()
            taken = 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmData:"))
            resource.setrlimit(resource.RLIMIT_DATA, (taken + free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
