"""What the machine and the store allow: rows per second of raw SQLite, floating-point work at the matrix rate."""

import sqlite3
import time
import uuid
from pathlib import Path

import numpy as np
import torch

from study.record import Points
from study.tracking import names
from study.tracking.backend import StoredRun
from study.tracking.store import open_store

STEPS, EPOCHS, POINTS, WIDTH, BATCH = 384, 12, 1000, 20, 32


def flops_per_run() -> float:
    """Count the multiply-adds of one headline run: forward and twice that backward, and 13 evaluations."""
    forward = 2 * 2 * WIDTH  # two layers of WIDTH weights, a product and a sum each
    return forward * (3 * EPOCHS * POINTS + (EPOCHS + 1) * POINTS)


def matrix_rate() -> float:
    """Return float32 operations per second of one core in a large matrix product, the median of five."""
    torch.set_num_threads(1)
    size = 1024
    a, b = torch.randn(size, size), torch.randn(size, size)
    seconds = []
    for _ in range(6):
        began = time.perf_counter()
        torch.mm(a, b)
        seconds.append(time.perf_counter() - began)
    return float(2 * size**3 / np.median(seconds[1:]))


def writing(folder: Path, *, runs: int) -> dict[str, float]:
    """Write the same rows by our writer and by a bare `executemany`, each into a fresh store of MLflow's schema.

    Args:
        folder: for the stores.
        runs: how many runs of 384 losses.
    """
    stored = _runs(runs)
    ours = folder / "ours.db"
    store = open_store(f"sqlite:///{ours}")
    experiment = store.experiment_id("bench")
    began = time.perf_counter()
    store.backend.write(experiment, stored, lambda written: None)
    bulk = time.perf_counter() - began
    raw = _raw(ours, folder / "raw.db", stored)
    return {"runs": runs, "bulk_seconds": bulk, "raw_seconds": raw, "bulk_over_raw": bulk / raw}


def _raw(model: Path, path: Path, runs: list[StoredRun]) -> float:
    """Insert the runs' metrics into the schema of `model` in one transaction, with SQLite as it comes."""
    with sqlite3.connect(model) as source:
        schema = [row[0] for row in source.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    rows = [
        (key, float(value), int(at), int(step), False, run_id)
        for run in runs
        for run_id in [uuid.uuid4().hex]
        for key, points in run.metrics.items()
        for value, at, step in zip(points.values, points.times, points.steps, strict=True)
    ]
    with sqlite3.connect(path) as target:
        for statement in schema:
            if "sqlite_sequence" not in statement:
                target.execute(statement)
        target.commit()
        began = time.perf_counter()
        target.executemany(
            "INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
        target.commit()
        return time.perf_counter() - began


def _runs(count: int) -> list[StoredRun]:
    rng, steps = np.random.default_rng(0), np.arange(STEPS)
    times = 1_700_000_000_000 + steps
    params = {f"param.{index}": str(index) for index in range(13)}
    tags = {f"tag.{index}": "x" * 20 for index in range(15)} | {names.USER: "bench"}
    last = Points(steps[-1:], np.ones(1), times[-1:])
    summary = {f"summary/{index}": last for index in range(5)}
    return [
        StoredRun(
            f"run {i}", params, tags, summary | {"train/loss": Points(steps, rng.random(STEPS), times)}, 0, 1
        )
        for i in range(count)
    ]
