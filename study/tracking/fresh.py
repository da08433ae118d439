"""Fresh SQLite database of MLflow's: what its migrations make in a second is kept beside what Python compiles."""

import os
import sqlite3
import sys
import time
from contextlib import closing, suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

_DIGEST = 32  # bytes at the beginning of the file: what is damaged is made again
_BORN = "UPDATE experiments SET creation_time = :now, last_update_time = :now, artifact_location = :here"


def kept_fresh() -> bytes | None:
    """Return what a database without a run holds, as if it were made now; None where none is kept."""
    with suppress(OSError):
        kept = kept_file().read_bytes()
        digest, database = kept[:_DIGEST], kept[_DIGEST:]
        if sha256(database).digest() == digest:
            return _made_now(database)
    return None


def keep_fresh(database: Path) -> None:
    """Keep a database that was made now, where Python keeps what it compiles; nowhere if it does not."""
    if sys.dont_write_bytecode:
        return
    file = kept_file()
    aside = file.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        made = database.read_bytes()
        aside.write_bytes(sha256(made).digest() + made)
        aside.replace(file)


def kept_file() -> Path:
    """Return its place; another MLflow or another SQLite has another one."""
    name = f"fresh.mlflow-{version('mlflow')}.sqlite-{sqlite3.sqlite_version}.db"
    return Path(__file__).parent / "__pycache__" / name


def _made_now(database: bytes) -> bytes:
    """Return it with the moment and the folder of its one experiment, as MLflow gives them to it: Default."""
    words = {"now": time.time_ns() // 1_000_000, "here": str(Path.cwd() / "mlruns" / "0")}
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(database)
        with connection:
            connection.execute(_BORN, words)
        return connection.serialize()
