"""Whether there is a GPU, as far as it can be told without torch, whose import takes a second."""

import ctypes
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

from study.errors import InvalidInput

_DRIVER = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}


def check_device(device: str) -> None:
    """Refuse `cuda` where torch cannot find a GPU; that it finds one is for torch to say.

    Raises:
        InvalidInput: torch is built without GPUs, or there is no driver for one.
    """
    if device != "cuda":
        return
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return
    build = runpy.run_path(str(Path(spec.origin).with_name("version.py")))
    if not build.get("cuda") and not build.get("hip"):
        raise no_gpu(f"torch {build['__version__']} is built without GPUs")
    driver = _DRIVER.get(sys.platform)
    if build.get("cuda") and driver is not None and not _loads(driver):
        raise no_gpu(f"there is no driver ({driver})")


def no_gpu(reason: str) -> InvalidInput:
    """Return the refusal of `device=cuda`."""
    return InvalidInput(f"device must be one that is here, got 'cuda', but {reason}; write device=cpu")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
