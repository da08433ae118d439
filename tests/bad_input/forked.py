"""A process that has imported what commands import, and has a child of its own call each: a command in a moment.

Each child begins as a new process would, with its own words, folder and environment, and what it does to itself (an
exit, another folder, another grad mode) is gone with it.
"""

import contextlib
import gc
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

_MOST = 5 * 2**30  # bytes of memory that a call may take, so that one which is not refused harms nobody
_SECONDS = 30  # likewise

_MODULES = (
    "torch._dynamo",  # the first step of an optimizer imports it
    "torch._functorch.vmap",
    "study.train",
    "study.report.__main__",
    "study.report.plan",
    "study.compare.__main__",
    "study.certify.__main__",
    "study.certify.optimizer",
    "study.certify.problem",
    "study.certify.figure",
    "study.certify.calibrate.__main__",
    "study.phase.__main__",
    "study.bench.__main__",
    "study.ui",
    "study.cli",
    "study.sweep.remembered",
    "study.training.trial",
    "study.sweep.stacks",
    "hydra_plugins.stacked_launcher",
)


def main() -> None:
    """Answer each line of the input, a call, with a line: its exit status."""
    for name in _MODULES:
        import_module(name)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        call = json.loads(line)
        child = os.fork()
        if not child:
            _call(**call)
        _, ended = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(ended)}\n")
        sys.stdout.flush()


def _call(words: list[str], folder: str, environment: dict[str, str], said: str) -> None:
    """Be a process that was started with some words in a folder: its output goes to files there."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST, _MOST))
    signal.alarm(int(os.environ.get("PROBE_S", _SECONDS)))
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(said) / name, os.O_CREAT | os.O_WRONLY), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)
    os.environ.update(environment)
    sys.argv = ["study", *words]
    with _as_python_ends() as status:
        import_module("study.cli").main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status[0])


@contextlib.contextmanager
def _as_python_ends() -> Iterator[list[int]]:
    status = [0]
    try:
        yield status
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        status[0] = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status[0] = 1


if __name__ == "__main__":
    main()
