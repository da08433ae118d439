"""Scale of one store: what a sweep of very many runs costs, and all that one does with its store afterwards."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from study.bench import servers
from study.bench.programs import Numbers, run
from study.bench.steps import JOBS
from study.tracking import names

EXPERIMENT = "lr_sensitivity"
_SHOWN = 100  # runs that the UI asks for at first
_POINTS = 320  # of a curve, likewise
_METRIC = names.SUMMARY + names.EVAL_LAST_EPOCH
_PATIENCE = 600.0  # seconds
_LOOK = 0.1  # seconds between two looks at the database

Growth = Sequence[tuple[float, int]]
"""When a database had how many bytes: seconds since it was first looked at, ascending."""


def measure_scale(sizes: Sequence[int], write: Callable[[str], object]) -> list[Numbers]:
    """Return what a sweep of `sizes` seeds of the 52 jobs takes, each into a store of its own, which is deleted."""
    found = []
    for seeds in sorted(sizes):
        write(f"{len(JOBS) * seeds:,} runs\n")
        with TemporaryDirectory() as folder:
            found.append(_size(Path(folder), seeds, write))
    return found


def _size(folder: Path, seeds: int, write: Callable[[str], object]) -> Numbers:
    database, runs = folder / "mlflow.db", len(JOBS) * seeds
    store = f"tracking.uri=sqlite:///{database}"
    sweep = [f"experiment={EXPERIMENT}", f"seeds={seeds}", store]
    with growing(database) as growth:
        first = run("study.train", sweep, folder)
    size = database.stat().st_size
    write(f"  trained and written in {first.seconds:.0f} s, {size / 1e6:,.0f} MB\n")
    again = run("study.train", sweep, folder)
    report = run("study.report", [*sweep[::2], f"report.out={folder / 'report'}"], folder)
    write(f"  again {again.seconds:.1f} s, report {report.seconds:.1f} s\n")
    headline = run("study.train", ["experiment=headline", store], folder)
    pruning = run("study.prune", [store], folder)
    doctor = run("study.doctor", [store], folder, status=None)
    return {
        "runs": runs,
        "bytes_per_run": size / runs,
        "seconds": first.seconds,
        "seconds_per_run": first.seconds / runs,
        "last_over_first": last_over_first(growth),
        "trainer_bytes": first.own_bytes,
        "tracker_bytes": first.peak_bytes - first.own_bytes,
        "again_seconds": again.seconds,
        "again_bytes": again.peak_bytes,
        "report_seconds": report.seconds,
        "report_bytes": report.peak_bytes,
        "page_bytes": (folder / "report" / "index.html").stat().st_size,
        "headline_seconds": headline.seconds,
        "prune_seconds": pruning.seconds,
        "doctor_seconds": doctor.seconds,
        **_ui(database),
    }


@contextmanager
def growing(database: Path) -> Iterator[Growth]:
    """Look at a database, also before it is there, until the block ends."""
    growth, over, began = list[tuple[float, int]](), Event(), time.perf_counter()

    def look() -> None:
        while not over.wait(_LOOK):
            size = database.stat().st_size if database.exists() else 0
            if not growth or size > growth[-1][1]:
                growth.append((time.perf_counter() - began, size))

    looking = Thread(target=look)
    looking.start()
    try:
        yield growth
    finally:
        over.set()
        looking.join()


def last_over_first(growth: Growth) -> float:
    """Return how many times as long the last tenth of a database took to be written as the first.

    The first begins with the first stack, after the empty database was put in its place.

    Example:
        The empty database has 5 bytes; its first 10 take 2 seconds, its last 10 take 3.

        >>> growth = [(0.0, 0), (1.0, 5), (4.0, 6), (6.0, 15), (20.0, 95), (23.0, 105)]
        >>> last_over_first(growth)
        1.5
    """
    sizes = [size for _, size in growth]
    empty = next(size for size in sizes if size)
    start = next((at for at, size in growth if size > empty), growth[-1][0])
    whole = sizes[-1] - empty

    def reached(share: float) -> float:
        return next(at for at, size in growth if size - empty >= share * whole)

    first = reached(0.1) - start
    return (reached(1.0) - reached(0.9)) / first if first > 0 else float("nan")


def _ui(database: Path) -> Numbers:
    """Return how long MLflow's server takes to answer, and then to what its page of the experiment asks.

    First the newest runs, then those that are lowest by a metric, then the chart of those.
    """
    began, answer = time.perf_counter(), partial(servers.answer, seconds=_PATIENCE)
    with servers.mlflow_server(f"sqlite:///{database}", database.parent / "artifacts") as url:
        ready = time.perf_counter() - began
        found = answer(f"{url}/api/2.0/mlflow/experiments/get-by-name?experiment_name={EXPERIMENT}")
        asked = {"experiment_ids": [found["experiment"]["experiment_id"]], "max_results": _SHOWN}
        seconds = {}
        for name, order in (("first", "attributes.start_time DESC"), ("sorted", f"metrics.`{_METRIC}` ASC")):
            since = time.perf_counter()
            runs = answer(f"{url}/api/2.0/mlflow/runs/search", {**asked, "order_by": [order]})["runs"]
            seconds[f"ui_{name}_seconds"] = time.perf_counter() - since
        since = time.perf_counter()
        drawn = "&".join(f"run_ids={run['info']['run_id']}" for run in runs)
        chart = f"metric_key={names.TRAIN_LOSS}&max_results={_POINTS}&{drawn}"
        answer(f"{url}/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?{chart}")
        seconds["ui_chart_seconds"] = time.perf_counter() - since
    return {"ui_ready_seconds": ready, "ui_runs": len(runs), **seconds}
