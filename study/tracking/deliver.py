"""Delivery of stacks that wait on this machine's disk for a store: each run once, however often it is tried."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock
from mlflow.exceptions import MlflowException

from study.config.location import without_password
from study.config.reach import reason
from study.errors import NotKept
from study.tracking import finals, names, spool, sweeps
from study.tracking.claim import claim_of
from study.tracking.records import records
from study.tracking.store import Store, is_away

_AGAIN = 0.1  # seconds between two looks whether a sweep has ended

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of stacks that waited."""

    runs: int = 0  # of theirs
    there: int = 0  # of them that the store had already
    refused: int = 0  # stacks that it would not take


def deliver(store: Store, experiment_id: str, *, but: str = "") -> Delivered:
    """Write what waits for an experiment of a store, and forget it; what the store refuses is put aside, and said.

    Whoever calls it has the experiment's claim. A run of a job and a seed that are there already is not written, and
    a stack is forgotten once all of it is there.

    Args:
        store: it answers, or what it raises is raised.
        experiment_id: of the experiment.
        but: the parent that is at work, and says itself how it stands.
    """
    where = without_password(store.location.uri), experiment_id
    if not spool.waiting(*where):
        return Delivered()
    runs = there = refused = 0
    parents = set()
    with FileLock(spool.FOLDER / "lock"):
        for file, whose in spool.waiting(*where):
            try:
                wrote, had = _write(store, file, whose)
            except Exception as error:
                if is_away(error):
                    raise
                aside = file.replace(file.with_suffix(".refused"))
                log.error("what waited cannot be delivered, and is now in %s: %s", aside, reason(error))
                refused += 1
            else:
                runs, there = runs + wrote, there + had
                parents.add(whose.parent)
                spool.drop(file)
    for parent in parents - {but}:
        sweeps.settle(store, experiment_id, parent)
    return Delivered(runs, there, refused)


def _write(store: Store, file: Path, whose: spool.Whose) -> tuple[int, int]:
    """Write a stack that waits; return how many runs it has, and how many of them were there."""
    store.client.get_run(whose.parent)  # there is one, or it is another store by now
    sweep = sweeps.Sweep(store, whose.experiment_id, whose.parent, whose.sweep, whose.tags)
    sweeps.drop_half_written(store, whose.experiment_id, whose.parent, whose.tags.get(names.HOLDER, ""))
    trained = spool.get(file)
    keys = [(run.job.hash, run.seed) for run in trained.runs]
    hashes = sorted({job_hash for job_hash, _ in keys})
    before = sweeps.run_ids(store, whose.experiment_id, hashes)
    runs = list(records(trained, sweep.shared, lambda job: whose.sources[job.hash]))
    store.backend.write(whose.experiment_id, runs, lambda _: None, replace=whose.replace)
    ids = sweeps.run_ids(store, whose.experiment_id, hashes)
    finals.keep(store.client, whose.parent, trained, [ids[key] for key in keys])
    return len(keys), 0 if whose.replace else sum(key in before for key in keys)


def deliver_all(store: Store, waits: Callable[[str], None]) -> dict[str, Delivered]:
    """Deliver what waits for a store, an experiment after the other, and return what became of it by their names.

    Args:
        store: where.
        waits: is told an experiment whose sweep is at work: its end is waited for.

    Raises:
        NotKept: the store fails.
    """
    uri = without_password(store.location.uri)
    done = {}
    try:
        for experiment_id in dict.fromkeys(whose.experiment_id for _, whose in spool.waiting(uri)):
            name = _name(store, experiment_id)
            claim = claim_of(store.location, name)
            if not claim.taken():
                waits(name)
                while not claim.taken():
                    time.sleep(_AGAIN)
            try:
                done[name] = deliver(store, experiment_id)
            finally:
                claim.release()
    except (MlflowException, sa.exc.SQLAlchemyError, OSError) as error:
        raise NotKept(f"the store at {uri} failed: {reason(error)}; what it lacks still waits") from error
    return done


def _name(store: Store, experiment_id: str) -> str:
    """Return what an experiment is called, its id where the store has none such."""
    try:
        return str(store.client.get_experiment(experiment_id).name)
    except MlflowException as error:
        if is_away(error):
            raise
        return experiment_id
