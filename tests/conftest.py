"""Shapes named in signatures (jaxtyping) are checked while the tests run; commands run in a folder of their own."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import cache_from_source
from pathlib import Path
from types import ModuleType

import pytest
from beartype._check.code import codemain
from jaxtyping import _import_hook, config, install_import_hook

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # small matrices: threads only wait for one another

# beartype checks one item of a list, picked by the process's stream, which is watched here for what a rule draws
setattr(codemain, "getrandbits", random.Random(0).getrandbits)  # noqa: B010  # it is private, and untyped

STUDY = Path(__file__).parents[1] / "study"


def keep_bytecode_of_others(hook: ModuleType) -> None:
    """Make jaxtyping mark the bytecode of the study's modules alone as its own.

    It marks whatever is imported while one of its modules is, which compiles torch, MLflow and SciPy from source a
    second time, in every process whose bytecode is not kept: some 6 s in each. Without a hook of the private name
    that does so in 0.3, the tests are as slow as that, and as right.
    """
    marked = getattr(hook, _MARKED, None)
    if marked is None:
        return

    def bytecode(*arguments: str) -> str:
        """Return where the bytecode lies of the module whose path is the last argument."""
        path = arguments[-1]
        return str(marked(*arguments)) if Path(path).is_relative_to(STUDY) else cache_from_source(path)

    setattr(hook, _MARKED, bytecode)


_MARKED = "_optimized_cache_from_source"

keep_bytecode_of_others(_import_hook)
install_import_hook("study", "beartype.beartype")


@pytest.fixture(autouse=True)
def _no_sweep_is_left() -> Iterator[None]:
    """Forget after each test what a sweep of it keeps for its process: the next one is of another command."""
    from study.sweep import current  # once the shapes of what it imports are checked

    yield
    current.COMPOSER.set(None)
    current.CURRENT.set(None)
    current.SEARCH.set(None)
    current.LOOKS.set(None)


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


@pytest.fixture
def untyped() -> Iterator[None]:
    """Check no types, as outside of the tests: what a person writes comes to the study's own checks as it is."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Call the `main` of a command in this process, with some words, and return its exit status.

    It is quicker than `command` by what a process needs to import; what `main` leaves in the process stays there.
    """

    def call(main: Callable[[], None], *words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["study", *words])
        try:
            main()
        except SystemExit as end:
            return int(str(end.code))
        return 0

    return call


@pytest.fixture
def heeds_interrupts() -> Iterator[None]:
    """Heed an interrupt from the keyboard, which a shell has what it starts in the background ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], str]]:
    """Start a PostgreSQL of our own; yield what makes a fresh database in it and returns its URI."""
    from study.bench import servers  # once the shapes of what it imports are checked

    try:
        with servers.postgresql("fsync=off") as fresh:
            yield fresh
    except servers.Absent as absent:
        pytest.skip(str(absent))


@pytest.fixture
def make_read_only() -> Iterator[Callable[[Path], None]]:
    """Return what takes the right to write to a folder and all in it, until the test ends; root keeps it."""
    modes: dict[Path, int] = {}

    def take(folder: Path) -> None:
        modes.update({path: path.stat().st_mode for path in (*folder.rglob("*"), folder)})
        for path, mode in modes.items():
            path.chmod(mode & ~0o222)
        if os.access(folder, os.W_OK):
            pytest.skip("root may write everywhere")

    yield take
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Return what finds a port that nobody listens on."""
    from study.bench import servers

    return servers.free_port
