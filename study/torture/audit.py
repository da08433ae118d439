"""What a store holds, read by SQL alone, beside what it should hold: the judge knows nothing of who wrote it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

Key = tuple[str, str]  # a run's job hash and seed
Values = Mapping[tuple[str, int], float]  # of a run, by metric and step

_RUNS = """
SELECT r.run_uuid, h.value, p.value FROM runs r
JOIN experiments e ON e.experiment_id = r.experiment_id AND e.name = :experiment
JOIN tags h ON h.run_uuid = r.run_uuid AND h.key = 'study.job_hash'
JOIN params p ON p.run_uuid = r.run_uuid AND p.key = 'seed'
WHERE r.status = 'FINISHED' AND r.lifecycle_stage = 'active'
"""
_POINTS = """
SELECT m.run_uuid, m.key, m.step, m.value FROM metrics m
JOIN runs r ON r.run_uuid = m.run_uuid
JOIN experiments e ON e.experiment_id = r.experiment_id AND e.name = :experiment
JOIN tags k ON k.run_uuid = r.run_uuid AND k.key = 'study.kind' AND k.value = 'run'
"""
_RUNNING = "SELECT count(*) FROM runs WHERE status = 'RUNNING' AND lifecycle_stage = 'active'"


@dataclass(frozen=True, slots=True)
class Held:
    """What a store holds of an experiment.

    Attributes:
        runs: how often each job and seed is there, finished.
        values: every recorded number of each; of one that is there twice, of either.
        running: how many runs and sweeps of the whole store seem to run.
    """

    runs: Mapping[Key, int]
    values: Mapping[Key, Values]
    running: int


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong in a store.

    Attributes:
        lost: runs that are not there, or not with the numbers that they should have.
        doubled: runs beyond one of each job and seed, and runs that nobody asked for.
        running: runs and sweeps that seem to run, after all have ended.
    """

    lost: int
    doubled: int
    running: int


def read(uri: str, experiment: str) -> Held:
    """Return what a database holds of an experiment, MLflow's tables read as they are."""
    engine = sa.create_engine(uri, poolclass=sa.NullPool)
    own = {"experiment": experiment}
    with engine.connect() as connection:
        keys = {run_id: (job, seed) for run_id, job, seed in connection.execute(sa.text(_RUNS), own)}
        points: dict[str, dict[tuple[str, int], float]] = defaultdict(dict)
        for run_id, key, step, value in connection.execute(sa.text(_POINTS), own):
            points[run_id][key, step] = value
        running = int(connection.execute(sa.text(_RUNNING)).scalar_one())
    return Held(Counter(keys.values()), {key: points[run_id] for run_id, key in keys.items()}, running)


def judged(held: Held, wanted: Held) -> Found:
    """Return what is wrong with what a store holds, beside what an uninterrupted sweep left: equal to the last bit.

    Example:
        >>> once, twice = {("adam", "0"): 1}, {("adam", "0"): 2}
        >>> losses = {("adam", "0"): {("train/loss", 0): 0.5}}
        >>> judged(Held(twice, losses, 1), Held(once, losses, 0))
        Found(lost=0, doubled=1, running=1)
        >>> judged(Held({}, {}, 0), Held(once, losses, 0)).lost
        1
    """
    lost = sum(held.values.get(key) != values for key, values in wanted.values.items())
    doubled = sum(count - (key in wanted.runs) for key, count in held.runs.items())
    return Found(lost, doubled, held.running)
