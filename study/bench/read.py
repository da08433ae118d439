"""Print, as JSON, the seconds of reading a whole sweep into frames, and of fetching its points by `sqlite3` alone.

`study.bench` runs it in a process of its own.
"""

import json
import sqlite3
import sys
import time
from contextlib import closing

from study.tracking.reader import read_sweep


def main() -> None:
    """Read the experiment lr_sensitivity of the SQLite store that the first argument names."""
    began = time.perf_counter()
    with closing(sqlite3.connect(sys.argv[1])) as connection:
        connection.execute("SELECT run_uuid, key, step, value FROM metrics").fetchall()
    fetched = time.perf_counter()
    read_sweep("lr_sensitivity", store=f"sqlite:///{sys.argv[1]}")
    read = time.perf_counter()
    spent = {"read_seconds": read - fetched, "raw_read_seconds": fetched - began}
    sys.stdout.write(f"{json.dumps(spent)}\n")


if __name__ == "__main__":
    main()
