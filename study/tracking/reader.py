"""Reading a sweep from the store into frames: every run that answers it, every point."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from mlflow.entities import Run as MlflowRun

from study.config.commands import again_commands, sweep_command
from study.config.location import Location
from study.config.reach import require_runs
from study.errors import InvalidInput, one_of
from study.frames import PLACE, Recorded, SweepFrames
from study.job import CONSTANT
from study.tracking import finals, names
from study.tracking.store import Store, open_store
from study.tracking.sweeps import JobRow, at_least_resolved, job_rows

_RENAMED = {
    "optimizer.name": "optimizer",
    "problem.name": "problem",
    names.JOB_HASH: "job",
    names.STATUS: "status",
    **{f"study.{key}": key for key in names.RECEIPTS},
}
_HELD = 10_000_000
"""Values that are read at once, which takes most of a GB: a sweep with more is not held, but read in parts."""

_SCALARS = ("epochs", "batch_size", "eval_moments")
_SOURCES = [names.OPTIMIZER_SOURCE, names.PROBLEM_SOURCE, names.SCHEDULE_SOURCE]
_FIXED = ["run_id", "job", "label", "optimizer", "problem", "seed", "status", *names.RECEIPTS]


def read_sweep(
    experiment: str, *, sweep: str | None = None, store: Location | str | None = None
) -> SweepFrames:
    """Return one sweep of an experiment: the runs of every job it asked for, whichever sweep trained them.

    Args:
        experiment: the MLflow experiment's name.
        sweep: its id; None is the one asked for last.
        store: where it is kept, as a location or a tracking URI; None is the default store.

    Raises:
        InvalidInput: there is no such store, experiment or sweep, or no finished run in it.
    """
    location = store if isinstance(store, Location) else Location.of(store)
    opened, parent, all_ = _opened(location, experiment, sweep)
    tags, jobs = parent.data.tags, job_rows(parent.data.tags)
    wanted = _wanted(jobs)
    stored = _stored(opened, parent.info.experiment_id, wanted)
    shown = _shown(stored)
    if not shown.any():
        raise InvalidInput(_without_runs(experiment, tags, jobs))
    every, roles = _tidy(stored), stored["role"]
    stored, runs = (_only(frame, shown) for frame in (stored, every))
    fits, data, clocks = finals.read(opened.client, runs.assign(parent=stored[names.PARENT]))
    sources = {source for key in _SOURCES if key in stored for source in stored[key].dropna()}
    return SweepFrames(
        experiment=experiment,
        info=_info(parent, location)
        | _looked(parent, all_)
        | {"sources": ", ".join(sorted(sources)), "sweeps": f"{len(all_)}"}
        | {"config": finals.text(opened.client, parent.info.run_id, names.CONFIG)},
        overrides=tuple(json.loads(tags.get(names.OVERRIDES, "[]"))),
        asked=_asked(jobs, wanted, every),
        runs=runs,
        recorded=_recorded(opened, runs),
        fits=fits,
        data=data,
        trials=_trials(every, roles),
        clocks=clocks,
    )


def read_runs(
    experiment: str, *, sweep: str | None = None, store: Location | str | None = None
) -> pd.DataFrame:
    """Return the `runs` of `read_sweep` alone, which is quick: no point of any curve is read.

    Args and Raises as there, but that a sweep without a run has no rows.
    """
    location = store if isinstance(store, Location) else Location.of(store)
    opened, parent, _ = _opened(location, experiment, sweep)
    stored = _stored(opened, parent.info.experiment_id, _wanted(job_rows(parent.data.tags)))
    return _only(_tidy(stored), _shown(stored))


def _opened(
    location: Location, experiment: str, sweep: str | None
) -> tuple[Store, MlflowRun, list[MlflowRun]]:
    require_runs(location, experiment)
    opened = open_store(location)
    return opened, *_parent(opened, experiment, sweep)


def _wanted(jobs: Iterable[JobRow]) -> pd.DataFrame:
    asked = [(job.hash, seed, job.label, job.role) for job in jobs for seed in job.seeds]
    return pd.DataFrame(asked, columns=["job", "seed", "label", "role"]).drop_duplicates(["job", "seed"])


def _shown(stored: pd.DataFrame) -> pd.Series:
    """Return which runs reports show: not the trials of a sweep that tunes."""
    return stored["role"].map(lambda role: role is None or role.compared).astype(bool)


def _only(frame: pd.DataFrame, shown: pd.Series) -> pd.DataFrame:
    kept = frame[shown].reset_index(drop=True)
    kept["label"] = kept["label"].cat.remove_unused_categories()
    return kept


def _parent(store: Store, experiment: str, sweep: str | None) -> tuple[MlflowRun, list[MlflowRun]]:
    """Return the sweep that is asked for, and all of its experiment."""
    remedy = f"run {sweep_command(experiment, store.location)} first"
    found = store.client.get_experiment_by_name(experiment)
    if found is None:
        held = ", ".join(sorted(other.name for other in store.experiments())) or "none"
        raise InvalidInput(f"experiment {experiment} must be in the store, which holds {held}; {remedy}")
    query = f"tags.`{names.KIND}` = 'sweep'"
    parents = store.client.search_runs([found.experiment_id], query, max_results=1000)
    by_id = {run.data.tags[names.SWEEP]: run for run in parents}
    if not by_id:
        raise InvalidInput(f"experiment {experiment} must hold a sweep, got none; {remedy}")
    if sweep is None:
        sweep = max(by_id, key=lambda each: str(by_id[each].data.tags.get(names.ASKED, "")))
    if sweep not in by_id:
        raise InvalidInput(one_of("sweep", sweep, by_id))
    return by_id[sweep], parents


def _without_runs(experiment: str, tags: Mapping[str, str], jobs: Iterable[JobRow]) -> str:
    """Return what to say of a sweep that trained nothing: why, and the command that asks for it again."""
    why = next((f" ({job.label}: {job.failed})" for job in jobs if job.failed), "")
    again = f"run {again_commands(tags[names.COMMAND], experiment)[0]} again"
    return f"sweep {tags[names.SWEEP]} of {experiment} must hold finished runs, got none{why}; {again}"


def _info(parent: MlflowRun, location: Location) -> dict[str, str]:
    tags = parent.data.tags
    versions = json.loads(tags.get(names.VERSIONS, "{}"))
    started = pd.Timestamp(parent.info.start_time, unit="ms", tz="UTC")
    return {
        "sweep": tags[names.SWEEP],
        "experiment_id": parent.info.experiment_id,
        "command": tags.get(names.COMMAND, ""),
        "status": parent.info.status,
        "git_commit": tags.get(names.GIT_COMMIT, "unknown"),
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "started": started.strftime("%Y-%m-%d %H:%M UTC"),
        "device": tags.get(names.DEVICE, ""),
        "store": location.shown,
    }


def _looked(parent: MlflowRun, all_: Iterable[MlflowRun]) -> dict[str, str]:
    """Return how often these settings are looked at: at the sizes of `until=resolved`, or before with fewer seeds."""
    jobs, seeds = _settings(parent)
    if names.LOOKS in parent.data.tags:
        sizes = json.loads(parent.data.tags[names.LOOKS])
        return {"look": f"{sizes.index(seeds) + 1} of {len(sizes)}", "looks": f"{len(sizes)}"}
    alike = [_settings(other) for other in all_ if names.LOOKS not in other.data.tags]
    fewer = {size for others, size in alike if others == jobs and size < seeds}
    return {"looked_before": ", ".join(map(str, sorted(fewer)))} if fewer else {}


def _settings(parent: MlflowRun) -> tuple[set[str], int]:
    """Return the jobs of a sweep by their hash, and how many seeds of one it asked for at most."""
    jobs = job_rows(parent.data.tags)
    return {job.hash for job in jobs}, max((len(job.seeds) for job in jobs), default=0)


def _stored(store: Store, experiment_id: str, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return the newest run of each job and seed that was asked for, with all its params, tags and summaries."""
    stored = store.backend.runs(experiment_id, sorted(set(wanted["job"])))
    if stored.empty:
        return wanted.iloc[:0]
    stored = stored.rename(columns=_RENAMED).astype({"seed": int})
    frame = stored.drop_duplicates(["job", "seed"], keep="last").merge(wanted, on=["job", "seed"])
    frame["label"] = pd.Categorical(frame["label"], wanted["label"].unique())
    return frame.sort_values(["label", "job", "seed"], ignore_index=True)


def _recorded(store: Store, runs: pd.DataFrame) -> Recorded:
    """Return every recorded value of runs, read now where they are few enough."""
    run_ids, backend = list(runs["run_id"]), store.backend
    lengths = backend.lengths(run_ids)
    if lengths is None or lengths["values"].sum() <= _HELD:
        return Recorded.of(backend.points(run_ids))
    each = runs["run_id"].map(lengths.groupby("run_id")["values"].sum()).fillna(0)
    before = each.groupby(runs["label"], observed=True, sort=False).sum().cumsum()
    part = runs["label"].map((before - 1) // _HELD).astype(int)  # of a setting, by where its last value comes
    parts = [list(ids) for _, ids in runs["run_id"].groupby(part.to_numpy())]
    metrics = sorted(lengths["metric"].unique())
    return Recorded(
        metrics, parts, lambda some, metric: backend.points(run_ids if some is None else some, metric)
    )


def _trials(runs: pd.DataFrame, roles: pd.Series) -> pd.DataFrame:
    """Return the `trials` frame of `SweepFrames`."""
    kept = roles[roles.notna()]
    if kept.empty:
        return pd.DataFrame()
    found = pd.DataFrame([(role.group, role.trial, role.budgets) for role in kept], index=kept.index)
    found.columns = pd.Index(["group", "trial", "budgets"])
    places = pd.DataFrame([role.places for role in kept], index=kept.index).add_prefix(PLACE)
    return pd.concat([runs.loc[kept.index], found, places], axis=1).reset_index(drop=True)


def _asked(jobs: Iterable[JobRow], wanted: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Return the `asked` frame of `SweepFrames`."""
    asked = wanted.groupby("label", sort=False).size().reset_index(name="asked")
    crashed = defaultdict(str, {job.label: job.failed for job in jobs if job.failed})
    labels = asked["label"]
    return asked.assign(present=labels.map(Counter(runs["label"])), failed=labels.map(crashed))


def _tidy(stored: pd.DataFrame) -> pd.DataFrame:
    """Choose and type the columns: numbers as numbers, a diverged run's losses infinite."""
    groups = ("optimizer.", "problem.", "schedule.")
    params = [key for key in map(str, stored) if key.startswith(groups) or key in _SCALARS]
    if "schedule.name" in params:  # that of a constant rate is not among a run's params
        stored = stored.fillna({"schedule.name": CONSTANT})
    summaries = stored.reindex(columns=[names.SUMMARY + key for key in names.SUMMARIES]).astype(float)
    summaries.columns = pd.Index(names.SUMMARIES)
    summaries[names.EXCESS] = at_least_resolved(summaries[names.EXCESS], summaries[names.RESOLUTION])
    summaries.loc[stored["status"] == names.DIVERGED, list(names.FINAL_LOSSES)] = np.inf
    return pd.concat([stored[_FIXED], stored[params].apply(_numbers), summaries], axis=1)


def _numbers(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if (numbers.notna() == column.notna()).all() else column
