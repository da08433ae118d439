"""Shapes named in signatures (jaxtyping) are checked while the tests run; commands run in a folder of their own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from jaxtyping import _import_hook, install_import_hook

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # small matrices: threads only wait for one another

_marked = _import_hook._optimized_cache_from_source


def _bytecode(typechecker: str, /, path: str, debug_override: bool | None = None) -> str:
    """Return where a module's bytecode lies: in a copy of jaxtyping's own for the study's modules alone.

    jaxtyping marks as its own whatever is imported while one of its modules is, which compiles torch, MLflow and
    SciPy from source a second time, in every process whose bytecode is not kept: some 6 s in each.
    """
    if "study" in Path(path).parts:
        return _marked(typechecker, path, debug_override)
    return cache_from_source(path, debug_override)


_import_hook._optimized_cache_from_source = _bytecode
install_import_hook("study", "beartype.beartype")


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a module of the study as a person would, from a folder where nothing else is.

    The module is called with `python -m`; its words and the folder are given. Hydra's own files and Python
    modules of the test lie in the folder; whoever trains says `tracking.uri`.
    """

    def run(folder: Path, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "STUDY_HYDRA_DIR": str(folder / "hydra"), "PYTHONPATH": str(folder)}
        return subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], str]]:
    """Start a PostgreSQL of our own; yield what makes a fresh database in it and returns its URI."""
    from study.bench import servers  # once the shapes of what it imports are checked

    try:
        with servers.postgresql("fsync=off") as fresh:
            yield fresh
    except servers.Absent as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Return what finds a port that nobody listens on."""
    from study.bench import servers

    return servers.free_port
