"""Runs as rows of MLflow's tables: blocks of values by column name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any  # rows hold whatever their columns take

from study.tracking import names
from study.tracking.records import Points, StoredRun

Columns = Mapping[str, Iterable[Any]]
"""A block of rows of one table. A value that repeats without an end is that of every row."""


def of_runs(pairs: Sequence[tuple[str, StoredRun]], experiment_id: int, location: str) -> Columns:
    """Return the rows of `runs` as MLflow's client would write them: the source of a run is in its tags.

    Args:
        pairs: ids and runs.
        experiment_id: of all of them.
        location: of the experiment's artifacts.
    """
    ids, runs = [run_id for run_id, _ in pairs], [run for _, run in pairs]
    return {
        "run_uuid": ids,
        "name": [run.name for run in runs],
        "source_type": repeat("UNKNOWN"),
        "source_name": repeat(""),
        "source_version": repeat(""),
        "entry_point_name": repeat(""),
        "user_id": [run.tags[names.USER] for run in runs],
        "status": repeat("FINISHED"),
        "start_time": [run.start for run in runs],
        "end_time": [run.end for run in runs],
        "deleted_time": repeat(None),
        "lifecycle_stage": repeat("active"),
        "artifact_uri": [f"{location}/{run_id}/artifacts" for run_id in ids],
        "experiment_id": repeat(experiment_id),
    }


def of_pairs(run_id: str, pairs: Mapping[str, str]) -> Columns:
    """Return the rows of `params` or of `tags`."""
    return {"run_uuid": repeat(run_id), "key": pairs.keys(), "value": pairs.values()}


def of_points(run_id: str, run: StoredRun) -> Iterator[Columns]:
    """Yield the rows of `metrics`."""
    for key, points in run.metrics.items():
        yield _of(run_id, key, points)


def of_latest(run_id: str, run: StoredRun) -> Iterator[Columns]:
    """Yield the rows of `latest_metrics`: MLflow calls the value of the highest step the latest."""
    for key, points in run.metrics.items():
        if len(points.steps):
            last = [points.steps.argmax()]
            yield _of(run_id, key, Points(points.steps[last], points.values[last], points.times[last]))


def _of(run_id: str, key: str, points: Points) -> Columns:
    return {
        "run_uuid": repeat(run_id),
        "key": repeat(key),
        "value": points.values.tolist(),
        "timestamp": points.times.tolist(),
        "step": points.steps.tolist(),
        "is_nan": repeat(False),
    }
