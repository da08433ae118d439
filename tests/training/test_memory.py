"""What is freed stays with a trainer, as its process's own memory shows; elsewhere nothing is done."""

import ctypes
import platform
import subprocess
import sys

import pytest

from study.training.memory import keep_freed

FREES = """
import sys
import numpy as np
from study.training.memory import keep_freed

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

if sys.argv[1] == "kept":
    keep_freed()
before = resident()
values = np.ones(2**21)  # 16 MiB
del values
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
@pytest.mark.parametrize(("way", "kept"), [("kept", True), ("as it is", False)])
def test_what_is_freed_is_kept(way: str, kept: bool) -> None:
    left = int(subprocess.run([sys.executable, "-c", FREES, way], capture_output=True, check=True).stdout)
    assert (left > 2**23) is kept


@pytest.mark.parametrize("error", [OSError, TypeError, AttributeError])
def test_where_there_is_no_such_library_nothing_is_done(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: object) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", none)
    keep_freed()
