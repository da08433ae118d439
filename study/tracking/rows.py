"""Rows into a database, by the fastest means of its own driver: most of what it costs to keep a stack."""

import io
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any  # rows hold whatever their columns take

import numpy as np
import sqlalchemy as sa

from study.tracking.records import Points

_COPIED = 50_000  # rows handed to PostgreSQL at once: bounds their memory
_VALUES = 12_000  # values in one statement of SQLite, whose own limit is 32,766
_PIECE = 2_000  # points of a curve in one statement: its driver keeps 128 statements in memory
_POINT = ("run_uuid", "key", "value", "timestamp", "step", "is_nan")
_SHAPES = 8  # of curves, remembered: those of a stack, and some that end early

Row = tuple[Any, ...]
Curve = tuple[str, str, Points]
"""A run's id, a metric, and what the run recorded of it."""


def insert(connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows, within the connection's transaction."""
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns, ("\t".join(map(_escaped, row)) for row in rows))
        return
    rows = iter(rows)
    while chunk := list(islice(rows, _VALUES // len(columns))):
        marks = [f"({', '.join('?' * len(columns))})"] * len(chunk)
        connection.exec_driver_sql(_insert(table, columns, marks), tuple(chain.from_iterable(chunk)))


def insert_points(connection: sa.Connection, table: sa.Table, curves: Iterable[Curve]) -> None:
    """Insert the points of curves into `metrics` or `latest_metrics`, likewise.

    The curves of a stack have their steps and times in common: these are text that is made once, so that of a point
    its value alone goes through the driver, in two thirds of the time.
    """
    if connection.dialect.name == "postgresql":
        _copy(connection, table, _POINT, _lines(curves))
        return
    single: list[Row] = []
    for run_id, key, points in curves:
        values = points.values.tolist()
        if len(values) == 1:
            single.append((run_id, key, *values, *points.times.tolist(), *points.steps.tolist(), False))
            continue
        for low in range(0, len(values), _PIECE):
            part = slice(low, low + _PIECE)
            statement = _insert_of_curve(table, *_shape(points, part))
            connection.exec_driver_sql(statement, (run_id, key, *values[part]))
    insert(connection, table, _POINT, single)


def _insert(table: sa.Table, columns: Sequence[str], rows: Iterable[str]) -> str:
    """Return SQLite's statement for some rows: one of many takes two thirds of the time of `executemany`.

    OR ROLLBACK: what cannot be inserted ends the whole transaction. To undo the statement alone, as is the default,
    SQLite would note in a file of its own what each row changes, which takes as long as inserting it.
    """
    return f"INSERT OR ROLLBACK INTO {table.name} ({', '.join(columns)}) VALUES {', '.join(rows)}"


@lru_cache(_SHAPES)
def _insert_of_curve(table: sa.Table, times: bytes, steps: bytes) -> str:
    """Return SQLite's statement for a curve of these times and steps, which lacks its run, its key and its values."""
    points = enumerate(_numbers(times, steps), 3)
    return _insert(
        table, _POINT, (f"(?1, ?2, ?{place}, {time}, {step}, 0)" for place, (time, step) in points)
    )


def _copy(connection: sa.Connection, table: sa.Table, columns: Sequence[str], lines: Iterable[str]) -> None:
    """Load rows by PostgreSQL's COPY, in its text format: tabs between, backslashes before what means something."""
    cursor: Any = connection.connection.cursor()  # the driver's own: `copy_expert` is psycopg2's
    copy, driver = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN", connection.dialect.loaded_dbapi
    lines = iter(lines)
    try:
        while chunk := "\n".join(islice(lines, _COPIED)):
            cursor.copy_expert(copy, io.StringIO(chunk))
    except driver.Error as error:  # in SQLAlchemy's words, as of every other statement
        raise sa.exc.DBAPIError.instance(copy, None, error, driver.Error) from error


def _escaped(value: object) -> str:
    return str(value).translate(_ESCAPES)


def _lines(curves: Iterable[Curve]) -> Iterator[str]:
    """Yield the lines of COPY for all points of some curves."""
    for run_id, key, points in curves:
        begins, ends = f"{_escaped(run_id)}\t{_escaped(key)}\t", _ends(*_shape(points))
        yield from (f"{begins}{value}{end}" for value, end in zip(points.values.tolist(), ends, strict=True))


@lru_cache(_SHAPES)
def _ends(times: bytes, steps: bytes) -> list[str]:
    """Return the end of each line of a curve that has these times and steps."""
    return [f"\t{time}\t{step}\tf" for time, step in _numbers(times, steps)]


def _shape(points: Points, part: slice = slice(None)) -> tuple[bytes, bytes]:
    """Return times and steps, of a part of a curve, by which its text is remembered."""
    times, steps = (column[part].astype(np.int64).tobytes() for column in (points.times, points.steps))
    return times, steps


def _numbers(*columns: bytes) -> Iterator[tuple[int, ...]]:
    """Yield the rows of columns of 64-bit integers."""
    return zip(*(np.frombuffer(column, np.int64).tolist() for column in columns), strict=True)


_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
