"""Series of points out of a database, by two processes at once: of each row Python makes objects, on one core.

This file is the second one's program too, so it imports nothing of the study: it takes the database's address and run
ids, pickled, and gives what `_own` returns.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any  # rows hold whatever their columns take

import numpy as np
import sqlalchemy as sa

Part = tuple[list[tuple[str, str, int]], np.ndarray]
"""Series, each a run's id, a metric and how many points it has, and step and value of all their points in a row."""

_METRICS = sa.table("metrics", *(sa.column(name) for name in ("run_uuid", "key", "step", "value")))
_RUNS_READ = 500  # runs in one select: databases bound a statement's parameters
_ALONE = 1000  # with fewer runs the second process, which needs half a second to begin, is none
_SECOND = 0.45  # its share of the runs


def waits(uri: str) -> dict[str, int]:
    """Return for how many seconds a connection waits: in SQLite for a writer, elsewhere for an answer."""
    return {"timeout": 60} if uri.startswith("sqlite") else {"connect_timeout": 10}


def read(uri: str, run_ids: Sequence[str], metric: str | None = None) -> list[Part]:
    """Return every point of some runs, or those of one metric, in parts."""
    first = len(run_ids) if len(run_ids) < _ALONE else round((1 - _SECOND) * len(run_ids))
    if first == len(run_ids):
        return list(_own(uri, run_ids, metric))
    asked = pickle.dumps((uri, run_ids[first:], metric))
    with ThreadPoolExecutor(1) as waiting:
        program = [sys.executable, "-P", __file__]  # -P: none of this folder's files is an import of its
        other = waiting.submit(_answer, program, asked)
        own = list(_own(uri, run_ids[:first], metric))
        rest: list[Part] = pickle.loads(other.result())
    return own + rest


def _answer(program: Sequence[str], asked: bytes) -> bytes:
    """Return what a program answers; an interrupt from the keyboard comes to this process alone."""
    return subprocess.run(
        program, input=asked, stdout=subprocess.PIPE, check=True, start_new_session=True
    ).stdout


def _own(uri: str, run_ids: Sequence[str], metric: str | None) -> Iterator[Part]:
    """Yield the parts that one process reads, by a connection of its own, which closes at the end."""
    engine = sa.create_engine(uri, connect_args=waits(uri), poolclass=sa.NullPool)
    with engine.connect() as connection:
        for low in range(0, max(len(run_ids), 1), _RUNS_READ):
            yield _part(connection, run_ids[low : low + _RUNS_READ], metric)


def _part(connection: sa.Connection, run_ids: Sequence[str], metric: str | None) -> Part:
    """Return the points of some runs.

    Of a point two numbers pass through Python: its run and its metric, as text, would cost as much again. How many
    there are is asked first; should others add some meanwhile, the numbers do not fit.
    """
    m = _METRICS.c
    order = m.run_uuid, m.key  # as MLflow's index has them
    of_runs = sa.and_(m.run_uuid.in_(run_ids), sa.true() if metric is None else m.key == metric)
    counted = sa.select(*order, sa.func.count()).where(of_runs).group_by(*order).order_by(*order)
    points = sa.select(m.step, m.value).where(of_runs).order_by(*order, m.step)
    with connection.execute(counted) as result:
        cursor: Any = result.cursor
        series = cursor.fetchall()
    with connection.execute(points) as result:
        rows: Iterable[tuple[int, float]] = result.cursor  # type: ignore[assignment]  # its stub has no rows
        numbers = np.fromiter(chain.from_iterable(rows), np.float64)  # steps are exact up to 2^53
    return series, numbers.reshape(-1, 2)


def _main() -> None:
    """Be the second process; where the first is no more, nobody is told."""
    read = list(_own(*pickle.load(sys.stdin.buffer)))
    try:
        pickle.dump(read, sys.stdout.buffer, protocol=5)
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(1)


if __name__ == "__main__":
    _main()
