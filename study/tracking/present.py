"""What a database holds, asked in a tenth of a second: before torch is imported, and while MLflow is."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing

from study.config.location import Location
from study.job import Job
from study.tracking import names

_FINISHED = """
SELECT h.value, p.value FROM experiments e
JOIN runs r ON r.experiment_id = e.experiment_id AND r.status = 'FINISHED' AND r.lifecycle_stage = 'active'
JOIN tags h ON h.run_uuid = r.run_uuid AND h.key = ?
JOIN params p ON p.run_uuid = r.run_uuid AND p.key = ?
WHERE e.name = ?
"""


def all_present(location: Location, experiment: str, jobs: Iterable[Job]) -> bool:
    """Return whether an experiment has a finished run of each job at each of its seeds.

    Only a SQLite database is asked, without its lock: of another store, or where MLflow's tables are not as here,
    it is False, which says nothing. What is trained is decided by `Sweep.endings`.
    """
    there = present(location, experiment)
    return all((job.hash, str(seed)) in there for job in jobs for seed in job.seeds)


def present(location: Location, experiment: str) -> set[tuple[str, str]]:
    """Return job's hash and seed of each finished run of an experiment, of none where `all_present` knows of none."""
    if location.database is None or not location.database.exists():
        return set()
    try:
        with closing(sqlite3.connect(f"{location.database.as_uri()}?mode=ro", uri=True)) as connection:
            return set(connection.execute(_FINISHED, (names.JOB_HASH, names.SEED, experiment)))
    except sqlite3.Error:
        return set()
