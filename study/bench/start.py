"""Print, as JSON, the seconds of each step that comes before the first run is trained, and what composing costs.

`study.bench` runs it in a process of its own: what is imported once is imported for good.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

JOBS = [
    ["experiment=lr_sensitivity", f"optimizer={name}", f"optimizer.lr={10 ** (-4 + index / 3):.3g}"]
    for name in ("sgd", "momentum", "rmsprop", "adam")
    for index in range(13)
]
_HYDRA_JOBS = 8  # of those, composed by Hydra itself: each costs the same


def main() -> None:
    """Take the steps of a sweep's start, with a fresh SQLite store at the path that the first argument names."""
    spent: dict[str, float] = {}
    with _timed(spent, "Hydra"):
        import_module("study.train")
    _composing(spent)
    with _timed(spent, "torch"):
        import_module("study.training.build")
    with _timed(spent, "MLflow, SciPy, pandas"):
        import_module("study.sweep.open")
    from study.config.location import Location
    from study.tracking.store import open_store

    with _timed(spent, "a fresh store"):
        open_store(Location.of(f"sqlite:///{sys.argv[1]}"))
    with _timed(spent, "torch's compiler, which the first optimizer imports"):
        import_module("torch._dynamo")
    sys.stdout.write(f"{json.dumps(spent)}\n")


def _composing(spent: dict[str, float]) -> None:
    """Compose the 52 jobs of lr_sensitivity as the study does, and some of them as Hydra does."""
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.types import RunMode

    from study.config.compose import Composer
    from study.config.paths import CONF

    with initialize_config_dir(str(CONF), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        master = hydra.compose_config("config", JOBS[0][:1], RunMode.MULTIRUN, with_log_configuration=False)
        with _timed(spent, "composing"):
            composer = Composer(hydra.config_loader, master)
            for job in JOBS:
                composer.compose(job)
        with _timed(spent, "hydra_composing"):
            for job in JOBS[:_HYDRA_JOBS]:
                hydra.config_loader.load_sweep_config(master, job)
    spent["composing_per_job"] = spent["composing"] / len(JOBS)
    spent["hydra_composing_per_job"] = spent.pop("hydra_composing") / _HYDRA_JOBS


@contextmanager
def _timed(spent: dict[str, float], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    spent[name] = time.perf_counter() - began


if __name__ == "__main__":
    main()
