"""Processes that a killed server leaves: they go on, and are found by what it noted in its folder when they began."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FILE = "processes"
_SECONDS = 30  # for one to end


@dataclass(frozen=True, slots=True)
class Noted:
    """One of them, the first of its group.

    Attributes:
        pid: its number, which may be another's by now.
        stop: the signal that ends it in order.
        mark: what stands in its command line, and in no other's: a folder of its own.
    """

    pid: int
    stop: int
    mark: str

    @property
    def lives(self) -> bool:
        """Whether it goes on."""
        told = subprocess.run(
            ["ps", "-ww", "-o", "stat=,args=", "-p", str(self.pid)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        return self.mark in told and not told.lstrip().startswith("Z")

    def end(self) -> None:
        """End it, and wait until it has."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, self.stop)
        last = time.monotonic() + _SECONDS
        while self.lives:
            if time.monotonic() > last:
                os.killpg(self.pid, signal.SIGKILL)
            time.sleep(0.1)


def note(folder: Path, noted: Noted) -> None:
    """Take note of a process that was begun now."""
    with (folder / _FILE).open("a", encoding="utf-8") as file:
        file.write(f"{noted.pid} {int(noted.stop)} {noted.mark}\n")


def forget(folder: Path) -> None:
    """Take note that all of them have ended."""
    (folder / _FILE).unlink(missing_ok=True)


def orphans(folder: Path) -> Iterator[Noted]:
    """Yield those that go on, the last begun first, which needs the others; where a server goes on, none is one."""
    with suppress(OSError, ValueError):
        for line in reversed((folder / _FILE).read_text(encoding="utf-8").splitlines()):
            pid, stop, mark = line.split(" ", 2)
            noted = Noted(int(pid), int(stop), mark)
            if noted.lives:
                yield noted
