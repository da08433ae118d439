"""A process beside this one: how it is started, and how arrays go through the pipe to it."""

import pickle
import subprocess
import sys
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any  # whatever the other end sent

_CODE = (
    "import gc, sys; sys.path[:] = {path!r}; gc.disable()\n"  # nothing that an import makes is garbage
    "from {module} import serve; gc.freeze(); gc.enable(); serve({pipe}, *{arguments})"
)


def start(module: str, *arguments: object) -> tuple["subprocess.Popen[bytes]", Connection]:
    """Start a process that does what a module's `serve` does, and return it with this end of a pipe to it.

    It has a session of its own, so that an interrupt from the keyboard ends it by way of this process alone: it is to
    end where the pipe does. No other process is given that pipe.

    Args:
        module: its `serve` takes the number of the other end's file, and the arguments.
        arguments: numbers or text.
    """
    ours, theirs = Pipe()
    with theirs:
        code = _CODE.format(path=sys.path, module=module, pipe=theirs.fileno(), arguments=arguments)
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return process, ours


def ended(process: "subprocess.Popen[bytes]") -> str:
    """Wait for the end of a process, and return in words how it ended."""
    status = process.wait()
    return f"was ended by signal {-status}, as where memory is full" if status < 0 else f"ended with {status}"


def send(pipe: Connection, message: object) -> None:
    """Send what can be pickled; the memory of arrays goes through the pipe as it is, with no copy before."""
    arrays: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(message, protocol=5, buffer_callback=arrays.append)
    pipe.send((pickled, len(arrays)))
    for array in arrays:
        pipe.send_bytes(array.raw())


def receive(pipe: Connection) -> Any:
    """Return what the other end sent; arrays in it may be read only.

    Raises:
        EOFError: it is closed.
    """
    pickled, arrays = pipe.recv()
    return pickle.loads(pickled, buffers=[pipe.recv_bytes() for _ in range(arrays)])
