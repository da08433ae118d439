"""What is freed stays with a trainer, as its process's own memory shows; elsewhere nothing is done."""

import ctypes
import os
import platform
import resource
import subprocess
import sys

import pytest
import torch

from study.training import memory
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


def test_what_asks_for_more_memory_than_there_is_fails_alone() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    free = memory.available()
    if free is None:
        pytest.skip("the system does not say how much memory there is")
    with memory.bounded():
        with pytest.raises(RuntimeError, match="allocate"):
            torch.empty(free + 2**30, dtype=torch.uint8)
        assert torch.empty(2**20).nbytes == 2**22
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_the_memory_that_is_left_is_less_than_all_there_is() -> None:
    free = memory.available()
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert free is None or 0 < free < whole
