"""First words of a command: what it is busy with, told before anything large is imported."""

import sys


def busy(what: str = "") -> None:
    """Show in one line of a terminal what is done now, in the place of what was shown before; with nothing, clear it.

    Where standard error is no terminal, nothing is written.
    """
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what and f'{what} ...'}")
        sys.stderr.flush()
