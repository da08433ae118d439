"""A process that has imported what commands import, and has a child of its own call each: a command in a moment.

Each child begins as a new process would, with its own words, folder and environment, and what it does to itself (an
exit, another folder, another grad mode) is gone with it.
"""

import gc
import json
import os
import resource
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path

_MOST = (
    8 * 2**30
)  # bytes of memory that a call may take: one that should be refused, and is not, harms nobody
_SECONDS = 60  # likewise

_MODULES = (
    "torch._functorch.vmap",
    "study.bench.__main__",
    "study.certify.__main__",
    "study.certify.calibrate.__main__",
    "study.certify.figure",
    "study.certify.optimizer",
    "study.compare.__main__",
    "study.phase.__main__",
    "study.doctor.__main__",
    "study.prune",
    "study.reproduce.__main__",
    "study.report.__main__",
    "study.report.plan",
    "study.sweep.remembered",
    "study.sweep.stacks",
    "study.train",
    "study.training.trial",
    "study.tracking.kept",
    "study.ui",
)


def main() -> None:
    """Answer each line of the input, a call, with a line: its exit status."""
    for name in _MODULES:
        import_module(name)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _call(**json.loads(line))
        _, ended = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(ended)}\n")
        sys.stdout.flush()


def _call(words: list[str], folder: str, environment: dict[str, str], said: str) -> None:
    """Be a process that was started with some words in a folder; what it says goes to the files out and err."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST, _MOST))
    signal.alarm(_SECONDS)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(said) / name, os.O_CREAT | os.O_WRONLY), number)
    os.chdir(folder)
    os.environ.update(environment)
    sys.argv = ["study", *words]
    status = _status()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _status() -> int:
    """Run the command line, and return the exit status as Python has it."""
    try:
        import_module("study.cli").main()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
