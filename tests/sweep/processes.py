"""Processes of a test: those that serve another one, and one that writes to a terminal."""

import os
import pty
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def serving(module: str, parent: int) -> list[int]:
    """Return the processes that serve another one with what a module of the study does."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            status = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if f"{module} import serve".encode() in command and int(status[1]) == parent:
            found.append(int(folder.name))
    return found


def heed_interrupts() -> None:
    """Undo what a shell does to what it starts in the background, and with it to these tests: ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def on_a_terminal(
    words: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
) -> tuple[str, int]:
    """Run a program with a pseudo-terminal as its standard error; return what it wrote there, and its exit status."""
    ours, theirs = pty.openpty()
    terminal = {"TERM": "xterm-256color", **environment}
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, **terminal}
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    return shown.decode(), process.wait(timeout=60)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""
