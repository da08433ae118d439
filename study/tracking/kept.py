"""Runs as a store keeps them, one by one: what was said of each, and all of its points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from mlflow import entities
from mlflow.entities import ViewType

from study.errors import InvalidInput
from study.tracking import names
from study.tracking.store import Store

_SCALARS = ("epochs", "batch_size", "eval_moments", names.SEED)
_GROUPS = ("problem.", "optimizer.", "schedule.")
_LISTED = 3  # ids, in a message


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric of one run."""

    steps: Int[np.ndarray, " step"]  # at which there is a value, ascending
    values: Float[np.ndarray, " step"]


@dataclass(frozen=True, slots=True)
class Found:
    """Where some runs of one experiment are.

    Attributes:
        experiment_id: MLflow's.
        runs: the job's hash of each, by the run's id.
    """

    experiment_id: str
    runs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeptRun:
    """One finished run.

    Attributes:
        run_id: MLflow's.
        params: its job's, flattened, and its seed, as text.
        tags: the study's own, and MLflow's.
        curves: every recorded value but the summaries, by metric.
        summaries: one value each, under `summary/`.
    """

    run_id: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    curves: Mapping[str, Curve]
    summaries: Mapping[str, float]

    @property
    def label(self) -> str:
        """What its setting was called in the sweep that trained it."""
        return self.tags.get(names.LABEL, self.params.get("optimizer.name", self.run_id))


def find_run(store: Store, beginning: str) -> Found:
    """Return the one run whose id begins so.

    Raises:
        InvalidInput: there is none, or several, or it is none that was trained to its end.
    """
    found, where = _beginning(store, beginning, ViewType.ACTIVE_ONLY), store.location.shown
    if not found:
        gone = _beginning(store, beginning, ViewType.DELETED_ONLY)
        why = "that was deleted, or trained again since" if gone else "none begins so"
        raise InvalidInput(
            f"a run's id must be that of a run in {where}, got {beginning!r}: {why}; `study ui` shows them, "
            "and tracking.uri=... names another store"
        )
    if len(found) > 1:
        listed = ", ".join([run.info.run_id for run in found[:_LISTED]] + ["..."] * (len(found) > _LISTED))
        raise InvalidInput(
            f"a run's id must be told from all others in {where}, got {beginning!r}, with which {len(found)} begin: "
            f"{listed}; write more of it"
        )
    (run,) = found
    job = run.data.tags.get(names.JOB_HASH)
    if job is None or run.info.status != "FINISHED":
        told = "the parent of a sweep" if run.data.tags.get(names.KIND) == "sweep" else "another"
        raise InvalidInput(
            f"a run must be one that the study trained to its end, got {run.info.run_id}, {told}"
        )
    return Found(str(run.info.experiment_id), {str(run.info.run_id): str(job)})


def find_runs(store: Store, experiment: str, runs: Mapping[str, str], *, shown: str) -> Found:
    """Return where the runs of a page are, which `read_kept` looks for.

    Args:
        store: in which.
        experiment: the MLflow experiment's name.
        runs: the job's hash of each, by the run's id.
        shown: what the page is called.

    Raises:
        InvalidInput: the store has no such experiment.
    """
    found = store.client.get_experiment_by_name(experiment)
    if found is None:
        raise _absent(store, len(runs), len(runs), shown)
    return Found(str(found.experiment_id), runs)


def read_kept(store: Store, found: Found, *, shown: str) -> list[KeptRun]:
    """Return some runs, each once, in the order in which they are named.

    Raises:
        InvalidInput: one is no longer in the store.
    """
    frame = store.backend.runs(found.experiment_id, sorted(set(found.runs.values())))
    there = set(frame["run_id"]) if len(frame) else set()
    if missing := [run_id for run_id in found.runs if run_id not in there]:
        raise _absent(store, len(missing), len(found.runs), shown)
    rows = frame.set_index("run_id").loc[list(found.runs)]
    points = _curves(store.backend.points(list(found.runs)))
    return [
        _kept(str(run_id), {str(key): value for key, value in row.items() if pd.notna(value)}, points)
        for run_id, row in rows.iterrows()
    ]


def _beginning(store: Store, beginning: str, view: int) -> Sequence[entities.Run]:
    places = [each.experiment_id for each in store.experiments()]
    query = f"attributes.run_id LIKE '{beginning}%'"
    return list(store.client.search_runs(places, query, run_view_type=view)) if places else []


def _absent(store: Store, missing: int, of: int, shown: str) -> InvalidInput:
    return InvalidInput(
        f"the runs of {shown} must be in {store.location.shown}, got {missing} of {of} that are not: the page is of "
        "another store (tracking.uri=...), or they were trained again since (make its report again)"
    )


def _curves(points: pd.DataFrame) -> dict[str, dict[str, Curve]]:
    """Return the curves of each run, by its id and by their metric."""
    curves: dict[str, dict[str, Curve]] = {}
    for (run_id, metric), part in points.groupby(["run_id", "metric"], observed=True, sort=False):
        curve = Curve(part["step"].to_numpy(), part["value"].to_numpy())
        curves.setdefault(str(run_id), {})[str(metric)] = curve
    return curves


def _kept(run_id: str, row: Mapping[str, object], points: Mapping[str, Mapping[str, Curve]]) -> KeptRun:
    """Sort the columns of a run into params, tags and summaries."""
    params = {key: str(value) for key, value in row.items() if key in _SCALARS or key.startswith(_GROUPS)}
    tags = {key: str(value) for key, value in row.items() if key.startswith(("study.", "mlflow."))}
    summaries = {key: float(str(value)) for key, value in row.items() if key.startswith(names.SUMMARY)}
    return KeptRun(run_id, params, tags, points.get(run_id, {}), summaries)
