"""The headline at three seeds comes out the same wherever it is trained, and whichever store keeps it.

Each number of each step is read by SQL alone, and is the same to the last bit: no stack here is of one run alone, of
which `tests/test_determinism.py` says how it differs. So each way ends with the same table. For all 25 seeds:

    study train experiment=headline hydra/launcher=stacked_ray tracking.uri=sqlite:////tmp/ray.db
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from study.bench.servers import mlflow_server
from study.config.location import Location
from study.torture.audit import Found, Held, judged, read

WAYS = {  # the words, and the package that they need
    "basic": ([], None),
    "stacked_joblib": (["hydra.launcher.tasks=2"], None),
    "stacked_submitit": (["hydra.launcher.tasks=2"], "hydra_plugins.hydra_submitit_launcher"),
    "stacked_ray": (["hydra.launcher.tasks=2"], "hydra_plugins.hydra_ray_launcher"),
}
RULES = {"sgd", "momentum", "rmsprop", "adam"}

Command = Callable[..., subprocess.CompletedProcess[str]]
Came = tuple[Held, list[str]]
"""What is in the store, and the table that was told."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stacked(tmp_path_factory: pytest.TempPathFactory, command: Command) -> Came:
    """In one stack, on SQLite."""
    return _trained(tmp_path_factory.mktemp("stacked"), command)


@pytest.mark.parametrize("launcher", WAYS)
def test_every_launcher_gives_the_same_table(
    launcher: str, stacked: Came, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray and submitit are real ones, of processes on this machine; of Dask, another test holds as much."""
    words, package = WAYS[launcher]
    if package:
        pytest.importorskip(package)
    monkeypatch.setenv("HOME", str(tmp_path))  # Ray keeps a token there
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    _are_same(_trained(tmp_path, command, f"hydra/launcher={launcher}", *words), stacked)


def test_a_server_over_postgresql_gives_the_same_table(
    stacked: Came, tmp_path: Path, command: Command, postgresql: Callable[[], str]
) -> None:
    database = Location.of(postgresql()).uri  # which names the driver
    with mlflow_server(database, tmp_path / "artifacts") as url:
        _are_same(_trained(tmp_path, command, f"tracking.uri={url}", database=database), stacked)


def _trained(folder: Path, command: Command, *words: str, database: str = "") -> Came:
    """Train into a store, SQLite's unless the words say where; read its database."""
    database = database or f"sqlite:///{folder}/runs.db"
    store = [] if any(word.startswith("tracking.uri=") for word in words) else [f"tracking.uri={database}"]
    done = command(folder, "study.train", "experiment=headline", "seeds=3", *store, *words)
    assert done.returncode == 0, done.stderr
    return read(database, "headline"), [line for line in done.stdout.splitlines() if RULES & {*line.split()}]


def _are_same(came: Came, stacked: Came) -> None:
    held, table = stacked
    assert len(held.runs) == 12
    assert len(held.values) == 12
    assert all(("train/loss", 383) in values for values in held.values.values())
    assert judged(came[0], held) == Found(0, 0, 0)
    assert came[1] == table
    assert len(table) >= len(RULES)
