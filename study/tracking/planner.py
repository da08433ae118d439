"""What SQLite plans by: how many rows MLflow's tables have, and how many of them a value of an index has.

Without these it takes every table for a small one. In a store of 100,000 runs MLflow's page, sorted by a metric, then
compares each run with each other one, and a run's chart reads every value of all runs: for minutes, and no sweep can
write meanwhile. ANALYZE would find the numbers by reading all indexes, most of the file; and where it looks at a few
hundred rows of each, it takes the first metric, which has few, for all of them. They are known without.

Reference: SQLite, The Query Planner's stat1 table, https://www.sqlite.org/fileformat2.html#stat1tab.
"""

import math
from collections.abc import Iterator

import sqlalchemy as sa

_KEYED = ("metrics", "latest_metrics", "params", "tags")  # tables with a row for each key of a run
_TOGETHER = 50  # stacks of a large store: runs of one have their times in common
_KEYS = """
WITH RECURSIVE each_key(key) AS (
  SELECT min(key) FROM {table}
  UNION ALL SELECT (SELECT min(key) FROM {table} WHERE key > each_key.key) FROM each_key WHERE key IS NOT NULL
) SELECT count(key) FROM each_key
"""  # from one to the next by the index: `count(DISTINCT key)` would read all rows

Statistic = tuple[str, str, str]
"""A table, an index of it, and in numbers: its rows, and how many of them are alike in the first column, in the
first two, and so on."""


def tell_sizes(connection: sa.Connection) -> None:
    """Tell a SQLite database of MLflow's how large it is, in the place of what was told before."""
    connection.exec_driver_sql("ANALYZE sqlite_master")  # makes the table
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", list(_statistics(connection)))


def _statistics(connection: sa.Connection) -> Iterator[Statistic]:
    runs = _rows(connection, "runs")
    yield "runs", "sqlite_autoindex_runs_1", _numbers(runs, 1)
    for table in _KEYED:
        rows = _rows(connection, table)
        keys = max(1, connection.exec_driver_sql(_KEYS.format(table=table)).scalar_one())
        own = rows / runs
        yield table, f"index_{table}_run_uuid", _numbers(rows, own)
        by_key = f"sqlite_autoindex_{table}_1"
        if table != "metrics":
            yield table, by_key, _numbers(rows, rows / keys, 1)
        else:  # key, timestamp, step, run, value, is_nan
            yield table, by_key, _numbers(rows, rows / keys, runs / _TOGETHER, runs / _TOGETHER, 1, 1, 1)
            yield table, "index_metrics_run_uuid_key_step", _numbers(rows, own, own / keys, 1)


def _rows(connection: sa.Connection, table: str) -> int:
    """Return the number of the last row, which is the count but where rows were deleted; 1 where there is none."""
    query = f"SELECT coalesce(max(rowid), 1) FROM {table}"
    return int(connection.exec_driver_sql(query).scalar_one())


def _numbers(*counts: int | float) -> str:
    return " ".join(str(max(1, math.ceil(count))) for count in counts)
