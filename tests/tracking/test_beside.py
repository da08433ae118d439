"""A process beside this one: what is sent arrives as it was, and it ends where the pipe does."""

import signal
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest

from study.tracking.beside import ended, receive, send, start

ECHO = """
from multiprocessing.connection import Connection
from study.tracking.beside import receive, send
def serve(pipe, word, number):
    with Connection(pipe) as asker:
        send(asker, (word, number))
        try:
            while True:
                send(asker, receive(asker))
        except EOFError:
            pass
"""


@pytest.fixture
def echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a module whose `serve` sends back what it is sent, after its arguments."""
    (tmp_path / "echo.py").write_text(ECHO)
    monkeypatch.syspath_prepend(tmp_path)
    return "echo"


def test_what_is_sent_comes_back_bit_by_bit(echo: str) -> None:
    """Arrays of several types and shapes: contiguous, by columns, strided, empty, larger than a pipe's buffer."""
    square = np.arange(12.0).reshape(3, 4)
    large = np.random.default_rng(0).normal(size=(300, 400)).astype(np.float32)
    arrays = [
        square,
        square.T,
        square[::2, 1:],
        np.empty((0, 3)),
        large,
        np.array(["a", "bc"]),
        np.array([np.nan, np.inf]),
    ]
    process, pipe = start(echo, "it's", 7)
    assert receive(pipe) == ("it's", 7)
    send(pipe, {"a": arrays, "b": arrays[0]})
    send(pipe, "text")
    back = receive(pipe)
    assert back["b"] is back["a"][0]
    for one, other in zip(arrays, back["a"], strict=True):
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    assert receive(pipe) == "text"
    pipe.close()
    assert ended(process) == "ended with 0"


def test_the_end_of_a_process_is_told(echo: str) -> None:
    process, pipe = start(echo, "", 0)
    process.send_signal(signal.SIGKILL)
    assert ended(process) == "was ended by signal 9, as where memory is full"
    if pipe.poll():  # it may have said a first word
        with suppress(EOFError):
            receive(pipe)
    with pytest.raises(EOFError):
        receive(pipe)
    pipe.close()


def test_the_memory_of_an_array_is_not_pickled() -> None:
    ours, theirs = Pipe()
    send(ours, np.zeros(4))
    header, count = theirs.recv()
    assert count == 1
    assert theirs.recv_bytes() == bytes(32)
    assert len(header) < 200
