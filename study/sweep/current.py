"""Current sweep of this process, known to Hydra's callback, to its launcher and to the command.

Light to import: torch and MLflow come in only when a sweep begins.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from study import interrupts
from study.errors import Terminated

if TYPE_CHECKING:
    from study.config.compose import Composer
    from study.sweep.looks import Looks
    from study.sweep.open import OpenSweep
    from study.sweep.tuning import Search
    from study.tracking.tracker import Tracker

COMPOSER: ContextVar["Composer | None"] = ContextVar("composer", default=None)
"""What composes the jobs of a multirun; Hydra's callback makes it, its sweeper and its launcher use it again."""

CURRENT: ContextVar["OpenSweep | None"] = ContextVar("sweep", default=None)
"""None before a sweep begins, and in a process that a launcher started for one job of another's sweep."""

TRACKER: ContextVar["Tracker | None"] = ContextVar("tracker", default=None)
"""What is to keep the sweep, started before Hydra was imported."""

SEARCH: ContextVar["Search | None"] = ContextVar("search", default=None)
"""What a sweep that tunes is to try; Hydra's callback decides and checks it, its sweeper asks for it."""

LOOKS: ContextVar["Looks | None"] = ContextVar("looks", default=None)
"""How often the sweep is looked at, where it goes on until it is resolved."""

BEGAN = time.perf_counter()


@contextmanager
def ending(tracker: "Tracker | None" = None) -> Iterator[None]:
    """End the sweep that begins inside, whatever happens there, and with the truth about how it ended.

    A tracker that is given is to keep it. Before the sweep begins, a signal ends the process at once.
    """
    TRACKER.set(tracker)
    status = "FAILED"
    try:
        with interrupts.as_before():
            if tracker is None:
                interrupts.raise_them()
            else:
                interrupts.end_at_once(tracker.abandon)
            yield
            status = "FINISHED"
    except (KeyboardInterrupt, SystemExit) as stop:
        status = "KILLED"
        if CURRENT.get() is None and (isinstance(stop, (KeyboardInterrupt, Terminated))):
            sys.stderr.write(f"{interrupts.KEPT}\n")
        raise
    finally:
        TRACKER.set(None)
        sweep = CURRENT.get()
        if sweep is not None:
            sweep.end(status, seconds=time.perf_counter() - BEGAN)


def told(error: Exception) -> bool:
    """Return whether an error is that of a job of the sweep, which has told of it at its end."""
    sweep = CURRENT.get()
    outcomes = sweep.outcomes if sweep else []
    return any(error is failure for outcome in outcomes for failure in outcome.failures.values())
