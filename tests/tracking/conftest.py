"""Stores to write to and to read from: PostgreSQL and MLflow servers of our own, and what is written."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from study.bench import servers
from study.config.location import Location
from study.job import Job, Run
from study.tracking.store import open_store
from study.training.result import Series, Trained

Serve = Callable[[str, Path], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Serve a store over HTTP as `make ui` does, in a `with` that gives the URL."""
    return servers.mlflow_server


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty SQLite store to copy, made with its folders: making one takes MLflow seconds."""
    file = tmp_path_factory.mktemp("empty") / "new" / "folder" / "mlflow.db"
    open_store(Location.of(f"sqlite:///{file}"))
    return file


@pytest.fixture
def uri(empty: Path, tmp_path: Path) -> str:
    """Return the URI of an empty store of the test's own."""
    shutil.copy(empty, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.fixture(scope="session")
def make_job() -> Callable[..., Job]:
    """Return what makes a job of four steps, `make_job("adam", 0.1, seeds=range(3))`."""
    return _job


@pytest.fixture(scope="session")
def train() -> Callable[..., Trained]:
    """Return what stands in for the trainer: losses by a formula, of which one run in a job of lr=100 breaks."""
    return _trained


def _job(optimizer: str, lr: float, *, seeds: range, note: str = "") -> Job:
    rule = {"_target_": "some.where", "name": optimizer, "lr": lr, "betas": [0.9, 0.99]}
    problem = {"name": "parabola", "_target_": "some.where", "noise": 0.1}
    return Job(problem, rule, 2, 2, seeds, f"{optimizer} lr={lr}{note}")


def _trained(jobs: Sequence[Job], *, began: float = 1_700_000_000.0, offset: float = 0.0) -> Trained:
    """Train for four steps: loss = offset + lr + seed / 10 + (4 - step), infinite from step 2 at lr = 100."""
    runs = tuple(Run(job, seed) for job in jobs for seed in job.seeds)
    lr = np.array([float(str(run.job.optimizer["lr"])) for run in runs])
    seed = np.array([run.seed for run in runs])
    level = (offset + lr + seed / 10)[:, None]
    train_loss = (level + 4 - np.arange(4)).astype(np.float32)
    train_loss[lr == 100, 2:] = np.inf
    evaluated = Series(np.array([0, 2, 4]), level + np.array([3.0, 2.0, 1.0]))
    x = np.array([[-1.0], [0.0], [1.0]])
    receipts = {name: [f"{name} {s}" for s in seed] for name in ("data_sha", "init_sha", "order_sha")}
    return Trained(
        runs=runs,
        cap=1e6,
        train_loss=train_loss,
        series={"eval/loss": evaluated},
        last_epoch=Series(np.array([3, 4]), level + np.array([1.5, 1.0])),
        floor=np.full(len(runs), 0.5),
        constant=np.full(len(runs), 1e6),
        train_floor=np.full(len(runs), 0.25),
        final={"weight": np.repeat(level, 2, axis=1)},
        curve=level * x[:, 0],
        curve_inputs=x,
        sample=np.array([[0.0, 0.5 + seed.min(), 0.25], [1.0, 1.5, 1.25]]),
        receipts=receipts,
        times=began + np.arange(5) / 100,
        batches=np.array([2, 2]),
    )
