"""A store with a tiny sweep, and the page that stands on it."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from study.config.check import Settings, job_from_config
from study.config.compose import compose
from study.config.location import Location
from study.sweep.execute import execute
from study.sweep.progress import Watch
from study.tracking import sweeps
from study.tracking.provenance import Request, provenance
from study.tracking.store import open_store
from study.training.ways import Ways

ASKED = (
    ("problem=bowl", "optimizer=sgd"),
    ("problem=bowl", "optimizer=adam", "schedule=cosine"),
    (
        "problem=parabola",
        "optimizer=scratch/nag",
        "batch_size=500",
    ),  # its stack is of one shape, and two runs
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store of six runs, and a page with a figure of all and one of two of them."""
    folder = tmp_path_factory.mktemp("reproduce")
    location = Location.of(f"sqlite:///{folder}/mlflow.db")
    jobs = [job_from_config(compose("config", [*words, "seeds=2", "epochs=2"]), words) for words in ASKED]
    request = Request(id="now", tags=provenance(None, "cpu"))
    sweep = sweeps.begin(open_store(location), "tiny", jobs, request)
    settings = Settings("now", location, "tiny", "cpu", max_runs=100, threads=1, workers=1, force=False)
    execute(jobs, settings, sweep, Watch(), Ways())
    rows = _runs(folder)
    (folder / "tiny" / "figures").mkdir(parents=True)
    runs = [{"run_id": i, "label": label, "job": job, "seed": int(seed)} for i, label, job, seed in rows]
    figures = {"loss_curves": None, "two": [0, 3]}
    page = {"experiment": "tiny", "sweep": "now", "runs": runs, "figures": figures}
    (folder / "tiny" / "runs.json").write_text(json.dumps(page))
    return folder


@pytest.fixture
def changed(made: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return what copies the store, changes what one statement of SQL does, and returns the folder of the copy."""

    def change(statement: str, *values: str) -> Path:
        for name in ("mlflow.db", "tiny/runs.json"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes((made / name).read_bytes())
        with sqlite3.connect(tmp_path / "mlflow.db") as connection:
            # SQLite's own word for how many rows a statement changed
            assert connection.execute(statement, values).rowcount == 1
        connection.close()
        return tmp_path

    return change


def _runs(folder: Path) -> list[tuple[str, str, str, str]]:
    query = (
        "SELECT run_uuid, label.value, job.value, seed.value FROM tags AS label "
        "JOIN tags AS job USING (run_uuid) JOIN params AS seed USING (run_uuid) "
        "WHERE label.key = 'study.label' AND job.key = 'study.job_hash' AND seed.key = 'seed' "
        "ORDER BY label.value, seed.value"
    )
    connection = sqlite3.connect(folder / "mlflow.db")
    found = connection.execute(query).fetchall()
    connection.close()
    return found
