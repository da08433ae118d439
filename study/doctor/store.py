"""What a store is like: does it answer, is it whole, may it be written, is anything there that should not be?

It is asked by SQL alone, without MLflow, whose import takes a second.
"""

import os
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import sqlalchemy as sa

from study.config.location import Location, without_password
from study.config.reach import require_answer
from study.doctor.finding import Finding
from study.errors import InvalidInput
from study.tracking.claim import claim_of
from study.tracking.series import waits

_REVISION = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*['\"](\w+)['\"]", flags=re.M)
_RUNNING = """
SELECT e.name, k.value FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
JOIN tags k ON k.run_uuid = r.run_uuid AND k.key = 'study.kind'
WHERE r.status = 'RUNNING' AND r.lifecycle_stage = 'active'
"""
_TWICE = """
SELECT count(*), sum(copies - 1) FROM (
  SELECT count(*) AS copies FROM runs r
  JOIN tags h ON h.run_uuid = r.run_uuid AND h.key = 'study.job_hash'
  JOIN params p ON p.run_uuid = r.run_uuid AND p.key = 'seed'
  WHERE r.status = 'FINISHED' AND r.lifecycle_stage = 'active'
  GROUP BY r.experiment_id, h.value, p.value HAVING count(*) > 1
) AS doubles
"""
_MAY = (
    "SELECT bool_and(has_table_privilege('runs', may)) FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) may"
)
_QUICK = 5e8  # bytes of a database that is checked unasked: 0.3 GB a second on a busy machine


def findings(location: Location, *, whole: bool | None = None) -> Iterator[Finding]:
    """Yield what there is to say of a store; what depends on a problem is left out.

    Args:
        location: where.
        whole: check every page of a SQLite database; None is where it is small.
    """
    where = without_password(location.uri)
    try:
        require_answer(location)
    except InvalidInput as error:
        yield Finding("store", "problem", str(error), "name another by tracking.uri, or start it")
        return
    if not location.is_sql:
        yield of_server(location, version("mlflow"))
        return
    if not location.exists:
        yield Finding("store", "ok", f"none yet at {where}: the first sweep makes it")
        return
    yield Finding("store", "ok", f"{where} answers")
    engine = sa.create_engine(location.uri, connect_args=waits(location.uri), poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            yield from _of_database(connection, location, whole=whole)
    except sa.exc.DatabaseError as error:
        why = str(error.orig).splitlines()[0]
        yield Finding("store", "problem", f"it cannot be read: {without_password(why)}", _damaged(location))


def of_server(location: Location, ours: str) -> Finding:
    """Return whether a tracking server is of the version that is installed here; what it holds, only it knows."""
    parts = urlsplit(location.uri)
    place = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=f"{parts.path.rstrip('/')}/version")
    try:
        with urlopen(place.geturl(), timeout=5) as answer:
            theirs = answer.read(100).decode(errors="replace")
    except OSError as error:
        return Finding("store", "warning", f"{location.shown} answers, but not which MLflow it is: {error}")
    if theirs != ours:
        told = f"{location.shown} is MLflow {theirs}, and {ours} is installed here"
        return Finding("store", "warning", told, "install the same on both")
    return Finding("store", "ok", f"MLflow {theirs} answers; what it holds is checked where its database is")


def of_schema(held: str, versions: Mapping[str, str], uri: str) -> Finding:
    """Return whether a database has the schema of the MLflow that is installed.

    Args:
        held: the database's revision.
        versions: the revision before each that the installed MLflow knows, "" before the first.
        uri: of the store.

    Example:
        >>> of_schema("a", {"a": "", "b": "a"}, "sqlite:///x.db").line
        "problem  schema        a is older than MLflow's b; copy the database, then run mlflow db upgrade sqlite:///x.db"
    """
    (newest,) = versions.keys() - set(versions.values())
    if held == newest:
        return Finding("schema", "ok", f"{held}, as MLflow {version('mlflow')} has it")
    if held in versions:
        upgrade = f"copy the database, then run mlflow db upgrade {without_password(uri)}"
        return Finding("schema", "problem", f"{held} is older than MLflow's {newest}", upgrade)
    told = f"{held} is not known to MLflow {version('mlflow')}: a newer one wrote it"
    return Finding("schema", "problem", told, "install that one, or name another store by tracking.uri")


def of_stale(stale: Mapping[str, int], living: Mapping[str, int]) -> Finding:
    """Return whether runs and sweeps only seem to run: those of experiments whose claim nobody has.

    >>> of_stale({}, {"headline": 1}).line
    'ok       running       1 of headline, whose sweep goes on'
    """
    if stale:
        told = f"{_counted(stale)} only seem to run: they were killed"
        remedy = "the next sweep of the experiment says so in the store, or write study doctor fix=true"
        return Finding("running", "warning", told, remedy)
    going = f"{_counted(living)}, whose sweep goes on" if living else "nothing"
    return Finding("running", "ok", going)


def of_twice(jobs: int, beyond: int) -> Finding:
    """Return whether a job is there twice at one seed: MLflow's own charts would count it so.

    Args:
        jobs: jobs and seeds that more than one finished run has.
        beyond: those runs beyond one of each.
    """
    if jobs:
        told = f"{beyond} run{'s' * (beyond != 1)} beyond one of each job and seed; reports show the newest"
        return Finding("doubles", "warning", told, "write study prune really=true")
    return Finding("doubles", "ok", "each job has one run at a seed")


def _of_database(connection: sa.Connection, location: Location, *, whole: bool | None) -> Iterator[Finding]:
    if not sa.inspect(connection).has_table("alembic_version"):
        yield Finding("schema", "problem", "no tables of MLflow's", "name another store by tracking.uri")
        return
    held = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    schema = of_schema(str(held), _versions(), location.uri)
    yield schema
    if location.database:
        yield _of_integrity(location.database, whole=whole)
    yield _of_writing(connection, location)
    if schema.level == "problem":
        return
    yield of_stale(*_running(connection, location))
    jobs, beyond = connection.execute(sa.text(_TWICE)).one()
    yield of_twice(jobs, beyond or 0)


def _of_integrity(database: Path, *, whole: bool | None) -> Finding:
    size = database.stat().st_size
    if whole is False or (whole is None and size > _QUICK):
        told = f"{size / 1e9:.1f} GB were not checked, which takes a while"
        return Finding("integrity", "ok", told, "" if whole is False else "write study doctor whole=true")
    with closing(sqlite3.connect(database)) as connection:
        try:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            found = str(error)
    if found == "ok":
        return Finding("integrity", "ok", f"every page of {size / 1e6:.0f} MB is sound")
    return Finding("integrity", "problem", str(found).replace("\n", " "), _damaged(None))


def _damaged(location: Location | None) -> str:
    if location and location.database is None:
        return "ask who keeps the server"
    return "put a copy in its place, or run sqlite3 <file> .recover into a new one"


def _of_writing(connection: sa.Connection, location: Location) -> Finding:
    """Return whether runs and artifacts may be written."""
    places = [Path(location.artifacts or "")]
    if location.database:
        places += [location.database, location.database.parent]
    elif not connection.scalar(sa.text(_MAY)) or connection.scalar(sa.text("SELECT pg_is_in_recovery()")):
        return Finding(
            "writing", "problem", "this user may not write the tables", "ask for GRANT ALL ON runs, ..."
        )
    near = [next(each for each in (path, *path.parents) if each.exists()) for path in places]
    closed = sorted({str(path) for path in near if not os.access(path, os.W_OK)})
    if closed:
        return Finding(
            "writing",
            "problem",
            f"read-only: {', '.join(closed)}",
            "chmod -R u+w them",
        )
    return Finding("writing", "ok", "runs and artifacts may be written")


def _running(connection: sa.Connection, location: Location) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return how many runs and sweeps seem to run and do not, and how many do, by experiment."""
    found = Counter(experiment for experiment, _ in connection.execute(sa.text(_RUNNING)))
    free = {experiment for experiment in found if _is_free(location, experiment)}
    return {name: n for name, n in found.items() if name in free}, {
        name: n for name, n in found.items() if name not in free
    }


def _is_free(location: Location, experiment: str) -> bool:
    try:
        claim = claim_of(location, experiment)
        free = claim.taken()
        claim.release()
    except OSError:  # a folder that may only be read: nobody can hold it
        return True
    return free


def _versions() -> dict[str, str]:
    """Return the schema revisions that the installed MLflow knows, and the one before each."""
    mlflow = find_spec("mlflow")
    assert mlflow is not None
    assert mlflow.origin is not None
    before = {}
    for file in Path(mlflow.origin).parent.glob("store/db_migrations/versions/*.py"):
        told = dict(_REVISION.findall(file.read_text(encoding="utf-8")))
        if "revision" in told:
            before[told["revision"]] = told.get("down_revision", "")
    return before


def _counted(by_experiment: Mapping[str, int]) -> str:
    return ", ".join(f"{count} of {name}" for name, count in sorted(by_experiment.items()))
