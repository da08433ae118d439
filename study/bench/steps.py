"""Print, as JSON, the seconds of steps that only a process of its own can show: what is imported once stays imported.

python -m study.bench.steps start /tmp/fresh.db    # what comes before the first run is trained
python -m study.bench.steps read /tmp/runs.db      # a whole sweep, into frames and by `sqlite3` alone
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hydra._internal.hydra import Hydra
    from omegaconf import DictConfig

    from study.config.compose import Composer

JOBS = [
    ["experiment=lr_sensitivity", f"optimizer={name}", f"optimizer.lr={10 ** (-4 + index / 3):.3g}"]
    for name in ("sgd", "momentum", "rmsprop", "adam")
    for index in range(13)
]
ONCE = "the first store after an installation, by MLflow's migrations"
"""A step that no further start takes."""

_HYDRA_JOBS = 8  # of those, composed by Hydra itself: each costs the same


def main() -> None:
    """Take the steps that the first argument names, with the SQLite store at the path that the second is."""
    spent: dict[str, float] = {}
    {"start": _start, "read": _read}[sys.argv[1]](spent, sys.argv[2])
    sys.stdout.write(f"{json.dumps(spent)}\n")


def _start(spent: dict[str, float], store: str) -> None:
    with timed(spent, "Hydra"):
        import_module("study.train")
    _compose(spent)
    with timed(spent, "torch"):
        import_module("study.training.build")
    with timed(spent, "MLflow, SciPy, pandas, in a process beside"):
        import_module("study.tracking.process")
    from study.config.location import Location
    from study.tracking.fresh import kept_file
    from study.tracking.store import open_store

    with timed(spent, "a fresh store, by copying the one that is kept"):
        open_store(Location.of(f"sqlite:///{store}"))
    kept_file().unlink(missing_ok=True)
    with timed(spent, ONCE):
        open_store(Location.of(f"sqlite:///{store}.first"))


def _compose(spent: dict[str, float]) -> None:
    """Compose the 52 jobs of lr_sensitivity as the study does, and some of them as Hydra does."""
    with composing() as (hydra, master, composer):
        with timed(spent, "composing"):
            for job in JOBS:
                composer.compose(job)
        with timed(spent, "hydra_composing"):
            for job in JOBS[:_HYDRA_JOBS]:
                hydra.config_loader.load_sweep_config(master, job)
    spent["composing_per_job"] = spent["composing"] / len(JOBS)
    spent["hydra_composing_per_job"] = spent.pop("hydra_composing") / _HYDRA_JOBS


@contextmanager
def composing() -> Iterator[tuple["Hydra", "DictConfig", "Composer"]]:
    """Yield Hydra, the config of a multirun, and what composes its jobs."""
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.types import RunMode

    from study.config.compose import Composer
    from study.config.paths import CONF

    with initialize_config_dir(str(CONF), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        master = hydra.compose_config("config", JOBS[0][:1], RunMode.MULTIRUN, with_log_configuration=False)
        yield hydra, master, Composer(hydra.config_loader, master)


def _read(spent: dict[str, float], store: str) -> None:
    from study.tracking.reader import read_sweep

    with timed(spent, "raw_read_seconds"), closing(sqlite3.connect(store)) as connection:
        connection.execute("SELECT run_uuid, key, step, value FROM metrics").fetchall()
    with timed(spent, "read_seconds"):
        read_sweep("lr_sensitivity", store=f"sqlite:///{store}")


@contextmanager
def timed(spent: dict[str, float], name: str) -> Iterator[None]:
    """Put the seconds that the block takes under a name."""
    began = time.perf_counter()
    yield
    spent[name] = time.perf_counter() - began


if __name__ == "__main__":
    main()
