"""Train what a comparison lacks: one `study train` for each optimizer, a process of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import IO

from study import cli, interrupts
from study.compare.groups import Group
from study.compare.plan import Plan

_SECONDS = 5  # for a process that was interrupted to end by itself


def experiment_of(optimizer: str) -> str:
    """Return the MLflow experiment in which an optimizer is tuned for comparisons.

    >>> experiment_of("scratch/adam")
    'compare-scratch-adam'
    """
    return f"compare-{optimizer.replace('/', '-')}"


def words_for(groups: Sequence[Group], plan: Plan, optimizer: str) -> list[str]:
    """Return the words of the `study train` that tunes an optimizer on some problems, and runs it at fresh seeds."""
    own = [] if plan.own is None else [f"--config-dir={plan.own}"]
    added = [groups[0].added] if groups[0].added else []
    return [
        *own, "-m", f"optimizer={optimizer}", f"problem={','.join(group.problem for group in groups)}",
        *plan.protocol.words, *added, f"tracking.experiment={experiment_of(optimizer)}",
        *plan.location.overrides, *plan.passed_on,
    ]  # fmt: skip


def train(words: Sequence[str], meanwhile: Callable[[], object] = lambda: None) -> int:
    """Run `study train` with some words, and return its exit status; what it says of its end is shown if it failed.

    Args:
        words: of it.
        meanwhile: is called while it trains.
    """
    with (
        interrupts.raised(),
        tempfile.TemporaryFile("w+") as told,
        _begun(words, told) as child,
    ):
        try:
            meanwhile()
            child.wait()
        except BaseException as stop:
            _end(child, at_once=not isinstance(stop, KeyboardInterrupt))  # Ctrl-C has reached it too
            told_there = child.returncode in (cli.INTERRUPTED, cli.TERMINATED)
            if isinstance(stop, Exception) or not told_there:
                raise
        finally:
            if child.returncode:
                told.seek(0)
                sys.stderr.write(told.read())
    return int(child.returncode)


def _begun(words: Sequence[str], told: IO[str]) -> "subprocess.Popen[bytes]":
    with interrupts.held():
        return subprocess.Popen([sys.executable, "-m", "study.train", *words], stdout=told)


def _end(child: "subprocess.Popen[bytes]", *, at_once: bool) -> None:
    """Let a process end, which says what it keeps."""
    if at_once:
        child.terminate()
    try:
        child.wait(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        child.terminate()
        child.wait()
