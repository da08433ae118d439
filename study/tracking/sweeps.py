"""Sweeps in the store: the parent run that says which jobs were asked for, and the runs that answer it."""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from operator import attrgetter

import numpy as np
import pandas as pd
from mlflow.entities import Metric, RunTag
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from study.config.location import without_password
from study.config.reach import reason
from study.errors import InvalidInput, NotKept
from study.job import Job, Role
from study.tracking import finals, names, spool, standing
from study.tracking.claim import claim_of
from study.tracking.machine import machine
from study.tracking.provenance import Request, sources
from study.tracking.records import Ended, Sources, records
from study.tracking.store import Store, is_away
from study.training.result import Trained

_TAGS = 100  # MLflow's limit of tags in one call
_METRICS = 1000  # likewise
_TAG_LENGTH = 8000
_WALL = "wall_seconds"
_AT_ONCE = 1000  # more seem to run in no store
_AWAY = "the store at %s is away (%s): training goes on, and what is trained waits in %s"

log = logging.getLogger(__name__)

Key = tuple[str, int]  # a run's job hash and seed


@dataclass(frozen=True, slots=True)
class JobRow:
    """What a sweep's parent says of one job."""

    position: int  # of the job in the sweep, from 0
    hash: str
    seeds: range  # those asked for
    label: str  # what the job is called in this sweep
    failed: str = ""  # what it crashed with, empty if it did not
    role: Role | None = None  # what it is for, in a sweep that tunes

    @property
    def place(self) -> str:
        """By what the parent's tags know it."""
        return f"{self.hash}.{self.seeds.start}"


def job_rows(tags: Mapping[str, str]) -> list[JobRow]:
    """Return the jobs that a parent's tags name, in the sweep's order."""
    rows = []
    for key, value in tags.items():
        if key.startswith(names.JOB):
            place = key.removeprefix(names.JOB)
            job_hash, first = place.split(".")
            role = None
            if value.startswith("{"):
                position, seeds, label, told = map(
                    json.loads(value).get, ("position", "seeds", "label", "role")
                )
                role = told and Role(**{**told, "budgets": tuple(told["budgets"])})
            else:  # of an older store
                position, seeds, label = value.split(" ", 2)
            asked, failed = range(int(first), int(first) + int(seeds)), tags.get(names.FAILED + place, "")
            rows.append(JobRow(int(position), job_hash, asked, label, failed, role))
    return sorted(rows, key=attrgetter("position", "hash"))


def at_least_resolved(excess: pd.Series, resolution: pd.Series) -> pd.Series:
    """Return each excess, but no less than its loss can tell from none: below it lies rounding alone.

    >>> at_least_resolved(pd.Series([-1e-17, 0.5, 0.5]), pd.Series([1e-15, 1e-15, float("nan")])).tolist()
    [1e-15, 0.5, 0.5]
    """
    return excess.where(~(excess < resolution), resolution)


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep in one store: the parent of the runs it trains."""

    store: Store
    experiment_id: str
    run_id: str  # of the parent
    id: str  # the sweep's own name
    tags: Mapping[str, str]  # provenance that each of its runs carries too

    def declare(self, jobs: Sequence[Job]) -> list[Job]:
        """Say on the parent which jobs are asked for, and return them as it calls them.

        Jobs that it names already keep their place, their label, and their role unless they have another now: it may
        know more of them than this process. Their seeds may become more.
        """
        rows = {row.place: row for row in job_rows(self.store.client.get_run(self.run_id).data.tags)}
        called = {row.hash: row.label for row in rows.values()}
        known = [rows.get(_place(job)) for job in jobs]
        jobs = [
            replace(
                job, label=row.label if row else job.label if job.role else called.get(job.hash, job.label)
            )
            for job, row in zip(jobs, known, strict=True)
        ]
        told = {
            names.JOB + _place(job): _told(row.position if row else index, job)
            for index, (job, row) in enumerate(zip(jobs, known, strict=True), len(rows))
            if row is None or job.role not in (None, row.role) or len(job.seeds) > len(row.seeds)
        }
        tags = [RunTag(key, value) for key, value in told.items()]
        for low in range(0, len(tags), _TAGS):
            self.store.client.log_batch(self.run_id, tags=tags[low : low + _TAGS])
        return jobs

    def endings(self, jobs: Iterable[Job], value: str) -> dict[Key, Ended]:
        """Return how every finished run of some jobs ended, and with which final loss, by (job hash, seed).

        The loss is infinite for a diverged run, NaN for another that lacks it. Of several runs of one job and seed
        the newest counts.
        """
        loss, hashes = names.SUMMARY + value, sorted({job.hash for job in jobs})
        limit = names.SUMMARY + names.RESOLUTION
        columns = [names.JOB_HASH, names.SEED, names.STATUS, loss, limit]
        frame = self.store.backend.runs(self.experiment_id, hashes, columns)
        frame = frame.reindex(columns=["run_id", *columns])
        if not self.store.location.is_sql:
            self._keep_newest(frame)
        found = frame[loss].astype(float)
        if value == names.EXCESS:
            found = at_least_resolved(found, frame[limit].astype(float))
        losses = found.where(frame[names.STATUS] != names.DIVERGED, np.inf)
        keys = zip(frame[names.JOB_HASH], frame[names.SEED].astype(int), strict=True)
        return dict(zip(keys, map(Ended, frame[names.STATUS], losses), strict=True))

    def _keep_newest(self, runs: pd.DataFrame) -> None:
        """Delete, as MLflow does, all but the newest run of each job and seed, which come oldest first.

        A tracking server has no lock: two machines may have trained the same. Whichever looks, it is the same ones.
        """
        older = runs.duplicated([names.JOB_HASH, names.SEED], keep="last")
        for run_id in runs.loc[older, "run_id"]:
            self.store.client.delete_run(run_id)

    def keep(
        self,
        trained: Trained,
        written: Callable[[int], None],
        *,
        replace: bool = False,
        told: Sources = sources,
    ) -> list[Ended]:
        """Write a stack's runs below the parent, as a backend does, and what they ended with; return how they ended.

        Where a server is away, they wait on this machine's disk, and so does all that is trained after them.
        `told` is as in `records`.
        """
        runs, left = list(records(trained, self.shared, told)), len(trained.runs)

        def tell(more: int) -> None:
            nonlocal left
            left -= more
            written(more)

        if not spool.waiting(*self.place):
            try:
                run_ids = self.store.backend.write(self.experiment_id, runs, tell, replace=replace)
                finals.keep(self.store.client, self.run_id, trained, run_ids)
            except Exception as error:
                if self.store.location.database is not None or not is_away(error):
                    raise
                log.warning(_AWAY, without_password(self.store.location.uri), reason(error), spool.FOLDER)
            else:
                return [Ended(run.status, run.criterion) for run in runs]
        spool.put(self._whose(trained, told, replace=replace), trained)
        written(left)
        return [Ended(run.status, run.criterion) for run in runs]

    @property
    def shared(self) -> dict[str, str]:
        """Tags that its runs carry."""
        return {**self.tags, names.SWEEP: self.id, names.PARENT: self.run_id}

    @property
    def place(self) -> tuple[str, str]:
        """By what a stack that waits is known to be of its store and its experiment."""
        return without_password(self.store.location.uri), self.experiment_id

    def _whose(self, trained: Trained, told: Sources, *, replace: bool) -> spool.Whose:
        sources_of = {run.job.hash: dict(told(run.job)) for run in trained.runs}
        return spool.Whose(*self.place, self.run_id, self.id, self.tags, sources_of, replace)

    def require(self) -> None:
        """Do nothing: a store that fails says so where it is written to."""

    def fail(self, job: Job, why: str) -> None:
        """Say on the parent that a job crashed, and why."""
        self.store.client.set_tag(self.run_id, names.FAILED + _place(job), why[:_TAG_LENGTH])

    def finish(self, status: str, summary: Mapping[str, float]) -> None:
        """End the parent run with MLflow's status FINISHED, FAILED or KILLED.

        It began when it was first asked for, which MLflow lets nobody change. So that it lasts as long as it was
        worked on, it ends `wall_seconds` of `summary` later.
        """
        self._log({names.SUMMARY + key: value for key, value in summary.items()})
        end = None
        if _WALL in summary:
            start = self.store.client.get_run(self.run_id).info.start_time
            end = start + round(1000 * summary[_WALL])
        self.store.client.set_terminated(self.run_id, status, end)

    def stand(self, rows: standing.Rows, value: str) -> None:
        """Say on the parent which settings came first, by `value`: as metrics, and in its description."""
        self._log(standing.metrics(rows))
        tags = self.store.client.get_run(self.run_id).data.tags
        table = standing.table(rows, names.SUMMARIES[value].words)
        note = f"`{tags[names.COMMAND]}`\n\n{table}"
        if not tags[names.NOTE].startswith(note):  # else it may have a report's part, which is still true
            self.store.client.set_tag(self.run_id, names.NOTE, note[:_TAG_LENGTH])

    def _log(self, metrics: Mapping[str, float]) -> None:
        now = int(time.time() * 1000)
        each = [Metric(key, value, now, 0) for key, value in metrics.items()]
        for low in range(0, len(each), _METRICS):
            self.store.client.log_batch(self.run_id, metrics=each[low : low + _METRICS])


def begin(store: Store, experiment: str, jobs: Sequence[Job] | None, request: Request) -> Sweep:
    """Return the sweep of this experiment that has just these jobs, or a new one.

    Args:
        store: where.
        experiment: the MLflow experiment's name.
        jobs: all of its jobs, or None where the sweeper decides them on the way.
        request: how it is asked for now.
    """
    client, command, tags = store.client, without_password(request.command), request.tags
    experiment_id = store.experiment_id(experiment)
    plan = request.id if jobs is None else _plan(jobs, request.looks)
    sweep = _find(store, experiment_id, names.PLAN, plan, tags)
    if sweep is None:
        note = _note(jobs or (), command)
        about = {names.KIND: "sweep", names.SWEEP: request.id, names.PLAN: plan, names.NOTE: note}
        day, _, clock = request.id.partition("_")  # 2024-01-31_23-59-59-123456
        name = f"{experiment} {day} {clock[:5].replace('-', ':')}".rstrip()
        run = client.create_run(experiment_id, tags={**tags, **about}, run_name=name)
        sweep = Sweep(store, experiment_id, run.info.run_id, request.id, tags)
        client.log_text(sweep.run_id, without_password(request.config), names.CONFIG)
    else:  # it goes on; what crashed before is tried again, and no longer the truth
        client.update_run(sweep.run_id, status="RUNNING")
        asked = {names.JOB + _place(job) for job in jobs or ()}
        for key in client.get_run(sweep.run_id).data.tags:
            # what its trials decided, they decide again
            if key.startswith(names.FAILED) or (key.startswith(names.JOB) and key not in asked):
                client.delete_tag(sweep.run_id, key)
    now = {names.ASKED: request.id, names.COMMAND: command, names.OVERRIDES: _json(request.overrides)}
    now |= machine()
    if request.looks:
        now[names.LOOKS] = json.dumps(list(request.looks))
    client.log_batch(sweep.run_id, tags=[RunTag(key, value) for key, value in {**tags, **now}.items()])
    sweep.declare(jobs or ())
    return sweep


def find(store: Store, experiment: str, asked: str, tags: Mapping[str, str]) -> Sweep:
    """Return the sweep that was begun under the id `asked`, perhaps by another process.

    Raises:
        NotKept: it was asked for again meanwhile, and is that command's now.
    """
    sweep = _find(store, store.experiment_id(experiment), names.ASKED, asked, tags)
    if sweep is None:
        raise NotKept(
            f"this sweep of {experiment} is another command's by now, which keeps what this one lacks"
        )
    return sweep


def parent(store: Store, experiment: str, sweep: str) -> Sweep:
    """Return a sweep by its own name."""
    found = _find(store, store.experiment_id(experiment), names.SWEEP, sweep, {})
    if found is None:
        raise InvalidInput(f"sweep must be one of {experiment}, got {sweep}")
    return found


def end_abandoned(store: Store, experiment_id: str, holder: str) -> None:
    """Say of sweeps of an experiment that still seem to run that they were killed, and delete what is half written.

    Whoever calls it has the experiment's claim, so that no living process is at them.

    Args:
        store: where.
        experiment_id: of the experiment.
        holder: among whose sweeps the claim is one at a time, all of the store where it is empty.
    """
    client = store.client
    whose = f" and tags.`{names.HOLDER}` = '{holder}'" if holder else ""
    query = f"attributes.status = 'RUNNING' and tags.`{names.KIND}` = 'sweep'{whose}"
    for parent in client.search_runs([experiment_id], query, max_results=_AT_ONCE):
        drop_half_written(store, experiment_id, parent.info.run_id, holder)
        client.set_terminated(parent.info.run_id, "KILLED")


def drop_half_written(store: Store, experiment_id: str, parent: str, holder: str) -> None:
    """Delete the runs of a sweep that nobody writes any more, and that are not there as a whole.

    A holder's own alone, if one is said: another machine may be at work on the same sweep.
    """
    client = store.client
    below = f"attributes.status = 'RUNNING' and tags.`{names.KIND}` = 'run' and tags.`{names.PARENT}` = '{parent}'"
    below += f" and tags.`{names.HOLDER}` = '{holder}'" * bool(holder)
    for run in client.search_runs([experiment_id], below, max_results=_AT_ONCE):
        client.set_terminated(run.info.run_id, "KILLED")
        client.delete_run(run.info.run_id)


def settle(store: Store, experiment_id: str, parent: str) -> None:
    """Say on a parent that is not at work how it stands, now that runs of it came later."""
    run = store.client.get_run(parent)
    wanted = {(row.hash, seed) for row in job_rows(run.data.tags) for seed in row.seeds}
    hashes = sorted({job_hash for job_hash, _ in wanted})
    missing = wanted - run_ids(store, experiment_id, hashes).keys()
    store.client.set_terminated(parent, "KILLED" if missing else "FINISHED", run.info.end_time)


def run_ids(store: Store, experiment_id: str, hashes: Sequence[str]) -> dict[Key, str]:
    """Return the ids of the finished runs of some jobs, of several of one job and seed the newest."""
    columns = [names.JOB_HASH, names.SEED]
    frame = store.backend.runs(experiment_id, hashes, columns).reindex(columns=["run_id", *columns])
    keys = zip(frame[names.JOB_HASH], frame[names.SEED].astype(int), strict=True)
    return dict(zip(keys, frame["run_id"], strict=True))


def tidy(store: Store) -> None:
    """Do so for each experiment of the study's whose claim nobody has; what cannot be written is left as it is."""
    store.backend.analyse()
    for experiment in store.experiments():
        with suppress(MlflowException, SQLAlchemyError, OSError):
            claim = claim_of(store.location, experiment.name)
            if claim.taken():
                end_abandoned(store, experiment.experiment_id, claim.holder)
                _end_orphans(store, experiment.experiment_id)
            claim.release()


def _end_orphans(store: Store, experiment_id: str) -> None:
    """Likewise of runs whose sweep has ended, as where a server was gone while one was half written."""
    client, query = store.client, f"attributes.status = 'RUNNING' and tags.`{names.KIND}` = 'run'"
    for run in client.search_runs([experiment_id], query, max_results=_AT_ONCE):
        if client.get_run(run.data.tags[names.PARENT]).info.status != "RUNNING":
            client.set_terminated(run.info.run_id, "KILLED")
            client.delete_run(run.info.run_id)


def _find(store: Store, experiment_id: str, tag: str, value: str, tags: Mapping[str, str]) -> Sweep | None:
    query = f"tags.`{names.KIND}` = 'sweep' and tags.`{tag}` = '{value}'"
    for run in store.client.search_runs([experiment_id], query, max_results=1):
        return Sweep(store, experiment_id, run.info.run_id, run.data.tags[names.SWEEP], tags)
    return None


def _place(job: Job) -> str:
    return f"{job.hash}.{job.seeds.start}"


def _told(position: int, job: Job) -> str:
    """Return what a job's tag says of it."""
    told: dict[str, object] = {"position": position, "seeds": len(job.seeds), "label": job.label}
    if job.role is not None:
        told["role"] = asdict(job.role)
    return json.dumps(told, ensure_ascii=False)


def _plan(jobs: Iterable[Job], looks: Sequence[int]) -> str:
    """Return a digest of the jobs whatever their order: by it a sweep that is asked for again is recognised."""
    rows = sorted((names.JOB + _place(job), len(job.seeds), job.label) for job in jobs)
    decided = (rows, list(looks)) if looks else rows
    return hashlib.sha256(repr(decided).encode()).hexdigest()[:16]


def _note(jobs: Iterable[Job], command: str) -> str:
    """Return the parent's description, which the UI shows as markdown."""
    rows = [f"| {job.label} | {job.seeds.start} to {job.seeds.stop - 1} |" for job in jobs]
    table = ["| job | seeds |", "|---|---|", *rows] if rows else []
    return "\n".join([f"`{command}`", "", *table])[:_TAG_LENGTH]


def _json(overrides: Sequence[str]) -> str:
    """Return a tag's value, which MLflow would else cut where it is no longer JSON."""
    most = _TAG_LENGTH // (2 * max(len(overrides), 1))
    return json.dumps([word if len(word) <= most else f"{word[: most - 4]} ..." for word in overrides])
