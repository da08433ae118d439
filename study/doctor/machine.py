"""What a machine offers: a port, room on its disk, cores, a GPU, data; and what was left on it."""

import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha1
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

from filelock import FileLock, Timeout

from study.config.location import Location
from study.config.paths import MLRUNS, ROOT
from study.doctor.finding import Finding, Level
from study.orphans import orphans
from study.problems.airfoil_file import DIGESTS, FILE
from study.ui import HOST

_LITTLE, _NONE = 2e9, 2e8  # bytes free: a thousand runs of 384 losses take about 0.1e9
_DAY = 86_400  # seconds after which no command is still at what it left


def findings(port: int, location: Location) -> Iterator[Finding]:
    """Yield what there is to say of this machine.

    Args:
        port: of 127.0.0.1, at which MLflow's UI would be served.
        location: of the store: what lies beside it counts.
    """
    yield of_port(port)
    folder = location.database.parent if location.database else ROOT
    there = next(place for place in (folder, *folder.parents) if place.exists())
    yield of_disk(shutil.disk_usage(there).free, there)
    places = [Path(tempfile.gettempdir()), *([folder] if location.database else [])]
    yield of_leftovers(left(places, before=time.time() - _DAY))
    yield of_airfoil(ROOT / FILE)
    yield of_orphans(MLRUNS / "server")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield of_threads(os.environ.get("OMP_NUM_THREADS", ""), usable)
    yield of_gpu(sum(1 for _ in Path("/dev").glob("nvidia[0-9]*")), _cuda())


def of_port(port: int) -> Finding:
    """Return who holds a port of 127.0.0.1: nobody, an MLflow server, or another program."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            return Finding(f"port {port}", "ok", "free for make ui")
    with suppress(OSError, HTTPException, ValueError):
        with urlopen(f"http://{HOST}:{port}/version", timeout=1) as answer:
            version = answer.read(100).decode()
        if re.fullmatch(r"\d+(\.\w+)+", version):
            return Finding(f"port {port}", "ok", f"an MLflow {version} answers there already")
    other = f"write make ui PORT={port % 65535 + 1}"
    return Finding(f"port {port}", "warning", "another program holds it, which is no MLflow", other)


def of_orphans(folder: Path) -> Finding:
    """Return whether processes of a server go on that was killed."""
    lock = FileLock(folder / "lock")
    try:
        if not folder.is_dir() or not (pids := [str(noted.pid) for noted in orphans(folder)]):
            return Finding("server", "ok", "none was killed and left its processes")
        lock.acquire(timeout=0)
        lock.release()
    except (Timeout, OSError):
        return Finding("server", "ok", f"one is served from {folder}")
    told = f"one of {folder} was killed, and its processes go on: {', '.join(pids)}"
    return Finding("server", "warning", told, f"write make server, which ends them, or kill {' '.join(pids)}")


def of_disk(free: int, folder: Path) -> Finding:
    """Return whether there is room for runs.

    >>> of_disk(3_000_000_000, Path("mlruns")).line
    'ok       disk          3.0 GB free at mlruns'
    """
    level: Level = "ok" if free >= _LITTLE else "warning" if free >= _NONE else "problem"
    remedy = "" if level == "ok" else "make room, as by study prune"
    return Finding("disk", level, f"{free / 1e9:.1f} GB free at {folder}", remedy)


def left(folders: Iterable[Path], *, before: float) -> list[Path]:
    """Return what commands that were killed left behind: temporary folders of the study's, and files half placed.

    What a living one has is younger than `before`, in seconds since 1970. Locks stay: they are as good as none.
    """
    own = f"study-{os.getuid()}"  # locks
    found = [
        path
        for folder in folders
        for pattern in ("study-*", "*.fresh")
        for path in folder.glob(pattern)
        if path.name != own and path.suffix != ".lock"
    ]
    return sorted(path for path in found if path.lstat().st_mtime < before)


def of_leftovers(found: list[Path]) -> Finding:
    """Return what there is to say of what was left."""
    if not found:
        return Finding("leftovers", "ok", "no temporary file of the study's is left")
    named = " ".join(map(str, found[:3])) + (" ..." if len(found) > 3 else "")
    return Finding(
        "leftovers", "warning", f"{len(found)} temporary files of killed commands", f"rm -r {named}"
    )


def of_airfoil(file: Path) -> Finding:
    """Return whether the airfoil data are what they should be, where they are there."""
    if not file.exists():
        return Finding("airfoil data", "ok", "not here yet: problem=airfoil downloads them")
    if sha1(file.read_bytes(), usedforsecurity=False).hexdigest() in DIGESTS:
        return Finding("airfoil data", "ok", "their SHA-1 is right")
    return Finding(
        "airfoil data", "problem", "their SHA-1 is wrong", f"remove {file}; the next sweep loads them"
    )


def of_threads(asked: str, usable: int) -> Finding:
    """Return how many threads torch will have at most.

    >>> of_threads("8", 2).line
    'warning  threads       OMP_NUM_THREADS=8, of 2 cores, which slows each step; unset it'
    """
    if asked.isdigit() and int(asked) > usable:
        told = f"OMP_NUM_THREADS={asked}, of {usable} cores, which slows each step"
        return Finding("threads", "warning", told, "unset it")
    said = f" (OMP_NUM_THREADS={asked})" if asked else ""
    return Finding("threads", "ok", f"{usable} cores for torch{said}")


def of_gpu(devices: int, cuda: str | None) -> Finding:
    """Return whether torch can use the GPUs that there are.

    Args:
        devices: how many NVIDIA GPUs the system shows.
        cuda: the version that torch was built for, None for none.

    Example:
        >>> of_gpu(1, None).line
        'warning  GPU           1 here, which this build of torch cannot use; install a CUDA build for device=cuda'
    """
    if not devices:
        return Finding("GPU", "ok", "none here: device=cpu")
    if cuda is None:
        told = f"{devices} here, which this build of torch cannot use"
        return Finding("GPU", "warning", told, "install a CUDA build for device=cuda")
    return Finding("GPU", "ok", f"{devices} here, torch is built for CUDA {cuda}")


def _cuda() -> str | None:
    """Return which CUDA torch was built for, out of its own file: to import it takes a second."""
    torch = find_spec("torch")
    if torch is None or torch.origin is None:
        return None
    text = Path(torch.origin).with_name("version.py").read_text(encoding="utf-8")
    found = re.search(r"^cuda\b[^=]*= '([\d.]+)'", text, flags=re.M)
    return found and found[1]
