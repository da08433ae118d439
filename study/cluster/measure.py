"""Measure what a simulated cluster is made of, on this machine: real sweeps by 1 and 2 workers, and real stores.

Each sweep is a command of its own, from its start to its exit on a fresh store. When its workers began to train and
when they ended is read from the runs that they wrote.
"""

import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from study.bench import servers
from study.bench.programs import run
from study.bench.writing import made_up
from study.config.location import Location
from study.tracking.store import open_store

CHEAP, COSTLY = "parabola", "digits_conv"
"""Problems whose runs are trained: the one of the headline, and a small network of convolutions on images."""

_SWEEPS = {
    CHEAP: ("experiment=lr_sensitivity", "tracking.experiment=measured"),  # 52 settings
    COSTLY: ("-m", f"problem={COSTLY}", "optimizer=sgd,adam", "tracking.experiment=measured"),
}
_SETTINGS = {CHEAP: 52, COSTLY: 2}
_STACKS = """
SELECT count(*), min(r.start_time), max(r.end_time) FROM runs r
JOIN tags k ON k.run_uuid = r.run_uuid AND k.key = 'study.kind' AND k.value = 'run'
GROUP BY r.start_time
"""  # the runs of a stack begin at one moment


@dataclass(frozen=True, slots=True)
class Sweep:
    """A real sweep.

    Attributes:
        workers: processes of `hydra/launcher=stacked_joblib`, one stack each.
        runs: of all of them.
        seconds: from the command's start to its exit.
        start: until the workers train, the mean.
        training: of the stack that took longest.
        end: from the last step of all until the exit: writing, and what the command says.
    """

    problem: str
    workers: int
    runs: int
    seconds: float
    start: float
    training: float
    end: float

    @property
    def stack(self) -> float:
        """Runs of a worker's stack."""
        return self.runs / self.workers


def sweeps(seeds: Sequence[int]) -> Iterator[Sweep]:
    """Yield sweeps of few and of many seeds by one worker, of both problems; before the costly one's, many by two."""
    few, many = seeds
    for problem, workers, count in (
        (CHEAP, 1, few),
        (CHEAP, 1, many),
        (CHEAP, 2, many),
        (COSTLY, 1, few),
        (COSTLY, 1, many),
    ):
        yield sweep(problem, workers=workers, seeds=count)


def middle(same: Sequence[Sweep]) -> Sweep:
    """Return the medians of one sweep's repetitions."""
    return replace(
        same[0],
        seconds=median(each.seconds for each in same),
        start=median(each.start for each in same),
        training=median(each.training for each in same),
        end=median(each.end for each in same),
    )


def sweep(problem: str, *, workers: int, seeds: int) -> Sweep:
    """Return what a sweep takes in processes of joblib's."""
    # of one process joblib makes none: it is this one, which is spared an import of everything
    launcher = [f"hydra.launcher.tasks={workers}", f"hydra.launcher.by.n_jobs={max(workers, 2)}"]
    with tempfile.TemporaryDirectory(prefix="study-cluster-") as name:
        database = Path(name) / "runs.db"
        words = [*_SWEEPS[problem], f"seeds={seeds}", f"tracking.uri=sqlite:///{database}"]
        began = time.time()
        seconds = run("study.train", [*words, "hydra/launcher=stacked_joblib", *launcher], Path(name)).seconds
        with closing(sqlite3.connect(database)) as connection:
            stacks = connection.execute(_STACKS).fetchall()
    counts, starts, ends = zip(*stacks, strict=True)
    if sum(counts) != _SETTINGS[problem] * seeds:
        raise RuntimeError(f"of {_SETTINGS[problem] * seeds} runs the sweep kept {sum(counts)}")
    training = max(end - start for start, end in zip(starts, ends, strict=True)) / 1000
    start = sum(starts) / len(starts) / 1000 - began
    return Sweep(problem, workers, sum(counts), seconds, start, training, began + seconds - max(ends) / 1000)


def writing() -> Iterator[tuple[str, float]]:
    """Yield the seconds of writing a run of 384 losses into each kind of store; what is not to be had is left out."""
    with tempfile.TemporaryDirectory(prefix="study-cluster-") as name:
        yield "SQLite", _per_run(f"sqlite:///{name}/mlflow.db", 520)
    for store, measure in (("PostgreSQL", _postgresql), ("tracking server", _server)):
        try:
            yield store, measure()
        except servers.NotServed:
            continue


def _postgresql() -> float:
    with servers.postgresql() as fresh:
        return _per_run(fresh(), 260)


def _server() -> float:
    """Return it over http, with a server over SQLite."""
    with tempfile.TemporaryDirectory(prefix="study-cluster-") as name:
        place = Path(name)
        with servers.mlflow_server(f"sqlite:///{place / 'mlflow.db'}", place / "artifacts") as url:
            return _per_run(url, 26)


def _per_run(uri: str, count: int) -> float:
    """Return the median of three times; what is written first of all does not count."""
    store, runs, seconds = open_store(Location.of(uri)), made_up(count), list[float]()
    store.backend.write(store.experiment_id("warm-up"), runs[:1], _nobody)
    for number in range(3):
        experiment, began = store.experiment_id(f"measured {number}"), time.perf_counter()
        store.backend.write(experiment, runs, _nobody)
        seconds.append(time.perf_counter() - began)
    return median(seconds) / count


def _nobody(_: int) -> None:
    """Is told how far it is."""
