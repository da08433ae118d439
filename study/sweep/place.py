"""Place in what somebody brought: where an error passed, or where this process is at work now."""

import logging
import sys
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from traceback import FrameSummary

_PACKAGE = Path(__file__).parents[1]
_PYTHON = Path(logging.__file__).parents[1]


def place_of(error: Exception) -> str:
    """Return the last place that an error passed in what somebody brought, nothing where there is none."""
    return _last(traceback.extract_tb(error.__traceback__))


def place_now() -> str:
    """Return where the main thread is in what somebody brought, nothing where it is elsewhere."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    return _last(traceback.extract_stack(frame)) if frame else ""


def _last(frames: Iterable[FrameSummary]) -> str:
    torch = getattr(sys.modules.get("torch"), "__file__", None)
    ours = (_PACKAGE, *([Path(torch).parent] if torch else []))
    for frame in reversed(list(frames)):
        file = Path(frame.filename)
        of_python = file.is_relative_to(_PYTHON) and "site-packages" not in file.parts
        of_python = of_python or frame.filename.startswith("<")
        if not of_python and not any(file.is_relative_to(folder) for folder in ours):
            return f" ({file.name}, line {frame.lineno})"
    return ""
