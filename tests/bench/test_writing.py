"""Who is compared writes the same: the rows are counted and read with plain SQL, and by hand it is known how many."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any  # rows of a driver

import pytest

from study.bench import servers, writing
from study.bench.programs import Numbers

RUNS = 3
METRICS = RUNS * (384 + 5)  # losses, and summaries of one value
PARAMS = RUNS * 13

ROWS = """
SELECT runs.name, metrics.key, metrics.step, metrics.timestamp, metrics.value, metrics.is_nan
FROM metrics JOIN runs ON runs.run_uuid = metrics.run_uuid ORDER BY 1, 2, 3
"""

pytestmark = pytest.mark.slow

Ask = Callable[[str], list[tuple[Any, ...]]]


def test_sqlite_holds_the_same_rows_by_both_ways(tmp_path: Path) -> None:
    numbers = writing.into_sqlite(tmp_path, runs=RUNS)
    _are_consistent(numbers, {"raw"})
    ours, raw = (_sqlite(tmp_path / name) for name in ("ours.db", "raw.db"))
    assert ours(ROWS) == raw(ROWS)
    _is_complete(ours)
    assert raw("SELECT count(*) FROM latest_metrics") == [(0,)]


@pytest.mark.parametrize("raw", [True, False])
def test_postgresql_holds_the_same_rows_by_each_way(postgresql: Callable[[], str], raw: bool) -> None:
    uris: list[str] = []

    def fresh() -> str:
        uris.append(postgresql())
        return uris[-1]

    numbers = writing.into_postgresql(fresh, runs=RUNS, raw=raw)
    _are_consistent(numbers, {"raw", "batched"} if raw else {"batched"})
    ours, *others = (_postgresql(uri) for uri in uris)
    assert len(others) == (2 if raw else 1)
    for ask in others:
        assert ask(ROWS) == ours(ROWS)
        assert ask("SELECT count(*) FROM latest_metrics") == [(0,)]
    _is_complete(ours)


def test_a_server_holds_the_same_runs_by_both_ways(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "mlflow.db"
    with servers.mlflow_server(f"sqlite:///{database}", tmp_path / "artifacts") as url:
        numbers = writing.to_server(url, runs=RUNS)
    assert capsys.readouterr().out == ""  # MLflow would print two lines per run
    _are_consistent(numbers, {"sequential"})
    ask = _sqlite(database)
    ours, sequential, warm_up = (
        ask(f"SELECT experiment_id FROM experiments WHERE name = '{name}'")[0][0]
        for name in ("ours", "sequential", "warm-up")
    )
    of = "JOIN experiments USING (experiment_id) WHERE experiment_id ="
    for table in ("metrics", "latest_metrics", "params", "tags"):
        columns = "key, value" + (", step, timestamp" if "metrics" in table else "")
        query = f"SELECT runs.name, {columns} FROM {table} JOIN runs USING (run_uuid) {of}"
        assert sorted(ask(f"{query} {ours}")) == sorted(ask(f"{query} {sequential}"))
    count = f"SELECT count(*) FROM metrics JOIN runs USING (run_uuid) {of}"
    assert ask(f"{count} {ours}") == [(METRICS,)]
    started, ended = 1_700_000_000_000, 1_700_000_000_384
    status = (
        f"SELECT count(*) FROM runs {of} {{}} AND status = 'FINISHED' "
        f"AND start_time = {started} AND end_time = {ended}"
    )
    assert [ask(status.format(experiment))[0][0] for experiment in (ours, sequential, warm_up)] == [
        *(RUNS, RUNS),
        2,  # one by each way
    ]


def _are_consistent(numbers: Numbers, others: set[str]) -> None:
    """Check that the ratios are of the seconds."""
    assert numbers["runs"] == RUNS
    assert {key.removesuffix("_seconds") for key in numbers if key.endswith("_seconds")} == {"bulk", *others}
    for other in others:
        ratio = numbers["bulk_seconds"] / numbers[f"{other}_seconds"]
        assert numbers[f"bulk_over_{other}"] == ratio > 0


def _is_complete(ask: Ask) -> None:
    """Check the counts, and that the losses of a run are its own: no two runs have the same."""
    counts = {"metrics": METRICS, "latest_metrics": RUNS * 6, "params": PARAMS, "runs": RUNS}
    assert {table: ask(f"SELECT count(*) FROM {table}")[0][0] for table in counts} == counts
    losses = {run.name: run.metrics["train/loss"].values.tolist() for run in writing.made_up(RUNS)}
    rows = ask(ROWS)
    for name, values in losses.items():
        assert [row[4] for row in rows if row[:2] == (name, "train/loss")] == values
    assert len({tuple(values) for values in losses.values()}) == RUNS


def _sqlite(file: Path) -> Ask:
    def ask(query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute(query).fetchall()

    return ask


def _postgresql(uri: str) -> Ask:
    psycopg2 = pytest.importorskip("psycopg2")

    def ask(query: str) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(uri)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    return ask
